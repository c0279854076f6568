"""What an agency gives to open an account: its fields, and which are refused."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from accounts import errors
from accounts.domain.words import COUNTRIES, LANGUAGES, RESERVED_NAMES, TIME_ZONES

HIGHEST_EMAIL_LENGTH = 254  # RFC 5321, 4.5.3.1.3: a path of 256 with its angle brackets
NAME = re.compile(r"[a-z0-9]([a-z0-9-]{1,61}[a-z0-9])")
HOST_LABEL = r"[a-zA-Z0-9](?:[a-zA-Z0-9-]{0,61}[a-zA-Z0-9])?"
HOST = re.compile(rf"(?=.{{1,253}}\Z){HOST_LABEL}(?:\.{HOST_LABEL})+")
EMAIL = re.compile(rf"[a-zA-Z0-9.!#$%&'*+/=?^_`{{|}}~-]{{1,64}}@{HOST_LABEL}(?:\.{HOST_LABEL})+")
"""The WHATWG's «valid e-mail address», with a dot in its domain."""


@dataclass(frozen=True, kw_only=True)
class Application:
    """What an agency gives to open an account, but for what is bought (R0.20 to R0.28, R0.40).

    No notification address: the agency's own. No billing profile: the agency's default one.
    """

    name: str
    client_name: str
    client_email: str
    notification_email: str | None
    country: str
    language: str
    time_zone: str
    billing_profile_id: str | None
    custom_domain: str | None
    snapshot_id: str | None


def fault_of_name(name: str) -> errors.Refusal | None:
    """Say why no account may ever have this name, or None (domain: account); whether it is taken is another question."""
    if NAME.fullmatch(name) is None:
        return errors.NameMalformed()
    if name.startswith("xn--"):
        return errors.NamePunycode()
    return errors.NameReserved(name=name) if name in RESERVED_NAMES else None


def check_application(application: Application) -> None:
    """Refuse what is wrong with an application: one fault by its own name, several together as `InvalidRequest`."""
    faults = list(_faults_of(application))
    if len(faults) == 1:
        raise faults[0]
    if faults:
        raise errors.InvalidRequest(errors=[{"field": str(fault.field), "code": fault.code, "message": fault.text} for fault in faults])


def _faults_of(application: Application) -> Iterator[errors.Refusal]:
    name_fault = fault_of_name(application.name)
    if name_fault is not None:
        yield name_fault
    if not application.client_name.strip():
        yield errors.ClientNameMissing()
    if not _is_email(application.client_email):
        yield errors.ClientEmailInvalid(given=application.client_email)
    if application.notification_email is not None and not _is_email(application.notification_email):
        yield errors.NotificationEmailInvalid(given=application.notification_email)
    if application.country not in COUNTRIES:
        yield errors.CountryUnknown(given=application.country)
    if application.language not in LANGUAGES:
        yield errors.LanguageUnknown(given=application.language, allowed=LANGUAGES)
    if application.time_zone not in TIME_ZONES:
        yield errors.TimeZoneUnknown(given=application.time_zone)
    if application.custom_domain is not None and HOST.fullmatch(application.custom_domain) is None:
        yield errors.CustomDomainInvalid(given=application.custom_domain)


def _is_email(address: str) -> bool:
    return len(address) <= HIGHEST_EMAIL_LENGTH and EMAIL.fullmatch(address) is not None
