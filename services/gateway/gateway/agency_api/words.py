"""The words that programs use, and what they are called here."""

from collections.abc import Mapping

from babel.core import get_global

LANGUAGES: Mapping[str, str] = {
    "english": "en",
    "spanish": "es",
    "portuguese": "pt",
    "portuguese - brazil": "pt",
    "finnish": "fi",
    "german": "de",
    "french": "fr",
    "danish": "da",
    "dutch": "nl",
    "chinese": "zh",
    "italian": "it",
    "turkish": "tr",
}
STATUSES: Mapping[str, str] = {"active": "active", "disabled": "disabled", "creating": "creating"}
"""Of an account → as `account_status` says it; every other one is `cancelled` there."""
OVER = frozenset({"expired", "archived", "failed"})
MONTHS: Mapping[str | None, int] = {"monthly": 1, "annual": 12, None: 0}
"""Between two payments; 0: none is due."""


def language_of(given: str) -> str:
    """Give the code of a language by its name; whatever is no name is taken for a code."""
    return LANGUAGES.get(given.lower(), given.lower())


def country_of(time_zone: str) -> str | None:
    """Say in which country a time zone is (Unicode CLDR); None where that is open, as of UTC."""
    country: str | None = get_global("zone_territories").get(time_zone)
    return country if country and country.isalpha() and country != "ZZ" else None


def status_of(status: str) -> str:
    """Say the status as `account_status` does."""
    return STATUSES.get(status, "cancelled")
