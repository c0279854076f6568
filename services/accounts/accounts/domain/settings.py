"""The settings of an account that exists: what a change of them is."""

from collections.abc import Mapping
from typing import Any

from accounts import errors
from accounts.domain.applications import faults_of_settings, refuse


def check_version(version: int, expected: int | None) -> None:
    """Refuse by `VersionMismatch` what was decided on another version than this one; None: on whatever it is."""
    if expected not in {None, version}:
        raise errors.VersionMismatch(version=version)


def check_settings(settings: Mapping[str, Any]) -> None:
    """Refuse what is wrong with settings by themselves (R0.17, R0.22 to R0.28)."""
    refuse(faults_of_settings(settings))


def changes_of(now: Mapping[str, Any], wanted: Mapping[str, Any]) -> dict[str, Any]:
    """Tell which of the wanted values are other than those of now."""
    return {name: value for name, value in wanted.items() if value != now[name]}
