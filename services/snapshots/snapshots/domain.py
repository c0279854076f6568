"""The rules of workspaces: what they hold, what they begin as (domain: Snapshots), and how templates are shared (R0.99)."""

import hashlib
import json
import math
import re
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from chassis.errors import VersionMismatch
from chassis.ids import new_id
from snapshots import errors

LONGEST_KEY = 200
MOST_ASSETS = 10_000
"""Of one workspace, all kinds together."""
MOST_CONTENT_BYTES = 256 * 1024
"""Of one asset's content, as compact JSON in UTF-8."""
MOST_CONTENT_LEVELS = 16
MOST_CONTENT_VALUES = 10_000
"""The content itself, and every value within it."""

SHARE_LINK_LIFETIME = timedelta(days=30)
LONGEST_SHARE_LINK_LIFETIME = timedelta(days=365)
MOST_SHARE_LINKS = 100
"""Open ones of one template."""
TOKEN_BYTES = 32  # 256 random bits: a plain digest of them is as good as any

UNREADABLE = "\N{REPLACEMENT CHARACTER}"
"""What an address has in place of bytes that are no UTF-8."""
UNSTORABLE = re.compile("[\x00\ud800-\udfff]")
"""NUL, which PostgreSQL keeps nowhere, and halves of surrogate pairs, which UTF-8 has no bytes for."""


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


def check_key(key: str) -> None:
    """Refuse (`AssetKeyInvalid`) a key that could not stand in an address, or that nobody could read."""
    fits = 0 < len(key) <= LONGEST_KEY and key.isprintable() and key == key.strip()
    if not fits or key in {".", ".."} or "/" in key or UNREADABLE in key:
        raise errors.AssetKeyInvalid(longest=LONGEST_KEY)


def check_content(content: Mapping[str, Any]) -> None:
    """Refuse content that is too deep, too much, or holds what cannot be kept; what it means is not ours to judge."""
    values = 1
    nested: list[Any] = [content]
    for _ in range(MOST_CONTENT_LEVELS):
        inner = [value for each in nested for value in (each.values() if isinstance(each, Mapping) else each)]
        names = [name for each in nested if isinstance(each, Mapping) for name in each]
        values += len(inner)
        if values > MOST_CONTENT_VALUES:
            raise errors.AssetContentTooManyValues(most_values=MOST_CONTENT_VALUES)
        if not all(_is_storable(value) for value in [*inner, *names]):
            raise errors.AssetContentUnstorable
        nested = [value for value in inner if isinstance(value, (Mapping, list))]
    if nested:
        raise errors.AssetContentTooDeep(most_levels=MOST_CONTENT_LEVELS)
    size_bytes = len(json.dumps(content, ensure_ascii=False, separators=(",", ":")).encode())
    if size_bytes > MOST_CONTENT_BYTES:
        raise errors.AssetContentTooLarge(size_bytes=size_bytes, most_bytes=MOST_CONTENT_BYTES)


def _is_storable(value: object) -> bool:
    if isinstance(value, str):
        return UNSTORABLE.search(value) is None
    return not isinstance(value, float) or math.isfinite(value)


def check_version(version: int | None, *, expected_version: int | None) -> None:
    """Refuse (`VersionMismatch`) where the asset is not at the version that the caller saw; `version` None: there is no asset."""
    if expected_version not in (None, version):
        raise VersionMismatch


def check_room(assets: int) -> None:
    """Refuse (`TooManyAssets`) one more where the workspace is full."""
    if assets >= MOST_ASSETS:
        raise errors.TooManyAssets(most=MOST_ASSETS)


@dataclass(frozen=True, kw_only=True)
class DraftShareLink:
    """A share link before it is kept: the token is for its holders alone, the rest is what we keep."""

    id: str
    token_digest: bytes
    token: str = field(repr=False)


def draft_share_link() -> DraftShareLink:
    """Draw a share link, its token of 256 random bits."""
    token = secrets.token_urlsafe(TOKEN_BYTES)
    return DraftShareLink(id=new_id("shl"), token_digest=digest_of(token), token=token)


def digest_of(token: str) -> bytes:
    """Give the SHA-256 of a token: all of it that is kept."""
    return hashlib.sha256(token.encode()).digest()


def share_link_ends(expires_at: datetime | None, *, now: datetime) -> datetime:
    """Say from when on a link made now opens nothing; raises `ShareLinkExpiryOutOfRange` for a wish that is past or after a year."""
    latest = now + LONGEST_SHARE_LINK_LIFETIME
    if expires_at is None:
        return now + SHARE_LINK_LIFETIME
    if not now < expires_at <= latest:
        raise errors.ShareLinkExpiryOutOfRange(now=now.isoformat(), latest=latest.isoformat())
    return expires_at


def share_link_opens(expires_at: datetime, *, now: datetime) -> bool:
    """Whether a link that ends then can be used now."""
    return now < expires_at


def check_room_for_link(share_links: int) -> None:
    """Refuse (`TooManyShareLinks`) one more where the template has as many as it can have."""
    if share_links >= MOST_SHARE_LINKS:
        raise errors.TooManyShareLinks(most=MOST_SHARE_LINKS)
