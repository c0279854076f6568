"""The list of accounts: what it can be filtered, searched and sorted by, and which columns and buttons its rows have."""

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime

from accounts import errors
from accounts.domain.selections import PLAN_NAMES
from accounts.domain.words import Kind, Status

ALL = "all"

STATUS_FILTER = (ALL, Status.ACTIVE, Status.EXPIRED, Status.CANCELLED, Status.ARCHIVED, Status.DISABLED)
"""The values of the status filter (R0.5): `creating` and `failed` show under all."""

PLAN_FILTER: Mapping[str, str] = {
    "trials": "Trial",
    "sandbox": "Sandbox",
    "starter": "Starter",
    "plus": "Plus",
    "professional": "Pro",
    "enterprise": "Enterprise",
}
"""The values of the plan filter beside «all» (R0.6), with the plans of the catalogue that they show; those names do as well."""

TEXTS = (
    "name",
    "client_name",
    "client_email",
    "notification_email",
    "status",
    "kind",
    "plan",
    "country",
    "region",
    "language",
    "time_zone",
    "billing_profile_id",
    "custom_domain",
    "snapshot_id",
)
"""Attributes that a filter compares as they are."""
NUMBERS = ("contacts",)
"""Attributes that a filter compares as they are, or from a number on and up to, but without, another."""
MOMENTS = ("created_at", "updated_at", "activated_at", "renews_at", "expires_at", "cancelled_at", "expired_at", "archived_at")
"""Attributes that a filter takes from a moment on, up to, but without, another."""
NULLABLE = frozenset({"billing_profile_id", "custom_domain", "snapshot_id", *MOMENTS}) - {"created_at", "updated_at"}
"""Attributes that an account may be without: the filter «» shows those accounts, and every sort shows them last."""

ATTRIBUTES = (*TEXTS, *NUMBERS, *MOMENTS)
"""What lists are filtered by (R0.4)."""
SORTS = ATTRIBUTES
"""What lists are sorted by (R0.10); with a hyphen in front, in descending order (R0.12: `contacts` is the plan size)."""
NEWEST_FIRST = "-created_at"

COLUMNS = (
    "id",
    "name",
    "host",
    "login_url",
    "kind",
    "status",
    "plan",
    "client_name",
    "client_email",
    "notification_email",
    "country",
    "region",
    "language",
    "time_zone",
    "billing_profile_id",
    "custom_domain",
    "snapshot_id",
    "quote_id",
    "failure",
    "created_at",
    "updated_at",
    "activated_at",
    "renews_at",
    "expires_at",
    "cancelled_at",
    "cancellation_reason",
    "expired_at",
    "archived_at",
    "button",
    "menu",
)
"""What a row of the list shows, each of which can be left out (R0.11)."""

LARGEST_NUMBER = 2**31 - 1
"""Of the column of contacts."""
BOUNDS = ("from", "to")
INDEXED_WORD = re.compile(r"[^\W_]{3}")
"""Three letters or digits side by side: the least that is found anywhere in a text without reading them all."""


@dataclass(frozen=True, kw_only=True)
class Between:
    """Values from `start` on, up to, but without, `end`; None: no bound."""

    start: int | datetime | None
    end: int | datetime | None


@dataclass(frozen=True, kw_only=True)
class Search:
    """A text to look for, whatever its accents and its case: anywhere, or only where a word begins."""

    text: str
    anywhere: bool


Condition = str | int | Between | None
"""What an attribute must be; None: the account is without it."""


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """Which accounts a list shows, and in which order."""

    conditions: Mapping[str, Condition] = field(default_factory=dict)
    search: Search | None = None
    sort: str = "created_at"
    descending: bool = True


def button_of(status: str) -> str:
    """Tell the button of an account's row: `renew` when it is archived, otherwise `login` (R0.13)."""
    return "renew" if status == Status.ARCHIVED else "login"


def check_list(
    *,
    status: str | None = None,
    plan: str | None = None,
    kind: str | None = None,
    sort: str = NEWEST_FIRST,
    q: str | None = None,
    filters: Mapping[str, object] | None = None,
) -> Wanted:
    """Tell what a list with these filters shows; refuse a filter, a search or a sort the list does not have.

    `filters` has a value by attribute, or `{"from": …, "to": …}`; `status`, `plan` and `kind` are given there or by themselves.
    """
    named = {name: value for name, value in (("status", status), ("plan", plan), ("kind", kind)) if value is not None}
    given = dict(filters or {})
    for name in named.keys() & given.keys():
        raise errors.FilterGivenTwice(attribute=name)
    conditions: dict[str, Condition] = {}
    for name, value in {**named, **given}.items():
        if name not in ATTRIBUTES:
            raise errors.FilterUnknown(given=name, allowed=ATTRIBUTES)
        if value != ALL or name not in {"status", "plan"}:
            conditions[name] = _condition(name, value)
    column = sort.removeprefix("-")
    if column not in SORTS:
        raise errors.SortUnknown(given=sort, allowed=SORTS)
    return Wanted(conditions=conditions, search=_search(q), sort=column, descending=sort.startswith("-"))


def check_columns(columns: list[str]) -> None:
    """Refuse a column that the list does not have, or has already."""
    for position, column in enumerate(columns):
        if column not in COLUMNS or column in columns[:position]:
            raise errors.ColumnUnknown(given=column, allowed=[each for each in COLUMNS if each not in columns[:position]])


def _condition(attribute: str, value: object) -> Condition:
    if isinstance(value, Mapping):
        return _between(attribute, value)
    if not isinstance(value, (str, int)) or isinstance(value, bool):
        raise errors.FilterValueInvalid(attribute=attribute, wanted="a text, a number, or from and to")
    text = str(value)
    if text == "" and attribute in NULLABLE:
        return None
    if attribute in NUMBERS:
        return _number(attribute, text)
    if attribute in MOMENTS:
        raise errors.FilterValueInvalid(attribute=attribute, wanted="from and to, which are moments")
    if attribute == "status" and text not in STATUS_FILTER:
        raise errors.StatusFilterUnknown(given=text, allowed=STATUS_FILTER)
    if attribute == "kind" and text not in set(Kind):
        raise errors.KindFilterUnknown(given=text, allowed=tuple(Kind))
    if attribute == "plan":
        plan = PLAN_FILTER.get(text, text)
        if plan not in PLAN_NAMES:
            raise errors.PlanFilterUnknown(given=text, allowed=(ALL, *PLAN_FILTER, *PLAN_NAMES))
        return plan
    return text


def _between(attribute: str, bounds: Mapping[str, object]) -> Between:
    if attribute in TEXTS:
        raise errors.FilterValueInvalid(attribute=attribute, wanted="one value, as it is")
    if not bounds or not bounds.keys() <= set(BOUNDS):
        raise errors.FilterValueInvalid(attribute=attribute, wanted="from, to, or both")
    start, end = (_bound(attribute, bounds.get(bound)) for bound in BOUNDS)
    return Between(start=start, end=end)


def _bound(attribute: str, value: object) -> int | datetime | None:
    if value is None:
        return None
    return _number(attribute, str(value)) if attribute in NUMBERS else _moment(attribute, str(value))


def _number(attribute: str, text: str) -> int:
    if not (text.isascii() and text.isdecimal()) or int(text) > LARGEST_NUMBER:
        raise errors.FilterValueInvalid(attribute=attribute, wanted="a whole number")
    return int(text)


def _moment(attribute: str, text: str) -> datetime:
    """Read a moment of RFC 3339, or a date, which begins at midnight UTC."""
    try:
        moment = datetime.fromisoformat(text)
        if moment.tzinfo is not None:
            return moment.astimezone(UTC)
        if len(text) == len("2026-01-31"):
            return moment.replace(tzinfo=UTC)
    except (ValueError, OverflowError):  # no moment, or one that UTC puts before the year 1 or after 9999
        pass
    raise errors.FilterValueInvalid(attribute=attribute, wanted="moments like 2026-01-31T10:00:00Z, or dates like 2026-01-31")


def _search(q: str | None) -> Search | None:
    """Decide how a text is searched: what the index of three letters side by side cannot find anywhere, begins a word."""
    if q is None:
        return None
    text = unicodedata.normalize("NFC", q)
    if not any(character.isalnum() for character in text):
        raise errors.SearchWithoutWord(given=q)
    return Search(text=text, anywhere=INDEXED_WORD.search(text) is not None or not text[0].isalnum())
