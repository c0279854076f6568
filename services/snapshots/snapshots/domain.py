"""The rules of workspaces: what they hold, and what they begin as (domain: Snapshots)."""

from collections.abc import Mapping
from enum import StrEnum

from snapshots import errors


class AssetKind(StrEnum):
    """The kinds of things in a workspace (domain: asset; R1.7, R1.18)."""

    CAMPAIGN = "campaign"
    TEMPLATE = "template"
    AUTOMATION = "automation"
    FORM = "form"
    CUSTOM_FIELD = "custom_field"
    TAG = "tag"
    SEGMENT = "segment"
    SCORING_RULE = "scoring_rule"
    PIPELINE = "pipeline"
    CONTACT = "contact"
    DEAL = "deal"
    CAMPAIGN_REPORT = "campaign_report"
    AUTOMATION_REPORT = "automation_report"
    IMAGE = "image"


class WorkspaceState(StrEnum):
    """Ready to be used, failed to be prepared, or dropped for good because the account failed."""

    READY = "ready"
    FAILED = "failed"
    DROPPED = "dropped"


def check_source(snapshot_id: str | None) -> None:
    """Raise `SnapshotNotFound` where a workspace is to begin as a copy: no snapshot has ever been taken on this platform."""
    if snapshot_id is not None:
        raise errors.SnapshotNotFound(snapshot_id=snapshot_id)


def assets_by_kind(counts: Mapping[str, int]) -> dict[str, int]:
    """Give how many assets there are of every kind, also of those of which there are none."""
    return {kind.value: counts.get(kind, 0) for kind in AssetKind}
