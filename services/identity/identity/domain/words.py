"""The words of identity: programmes, languages, entitlements, roles, scopes."""

from enum import StrEnum

ADMIN_USERNAME = "admin"  # R0.79: the first user of every account

MOST_BASIS_POINTS = 10_000


class Programme(StrEnum):
    """Who is billed: the agency (reseller) or its client (commission)."""

    RESELLER = "reseller"
    COMMISSION = "commission"


class Language(StrEnum):
    """The languages in which the platform writes."""

    ENGLISH = "en"
    FRENCH = "fr"
    PORTUGUESE = "pt"
    SPANISH = "es"


class Entitlement(StrEnum):
    """What the platform has granted to an agency beyond the ordinary (R1.2)."""

    SNAPSHOTS = "snapshots"


class Role(StrEnum):
    """What an account user may do inside the account."""

    ADMIN = "admin"
    EDITOR = "editor"
    VIEWER = "viewer"


class Scope(StrEnum):
    """What an API key may do; `admin` may do everything its agency may."""

    ACCOUNTS_READ = "accounts:read"
    ACCOUNTS_WRITE = "accounts:write"
    BILLING_READ = "billing:read"
    BILLING_WRITE = "billing:write"
    CREDITS_READ = "credits:read"
    CREDITS_WRITE = "credits:write"
    SNAPSHOTS_READ = "snapshots:read"
    SNAPSHOTS_WRITE = "snapshots:write"
    WEBHOOKS_READ = "webhooks:read"
    WEBHOOKS_WRITE = "webhooks:write"
    ADMIN = "admin"


def folded(name: str) -> str:
    """Give a username or an e-mail address as it is compared: in lower case, without blanks around it."""
    return name.strip().casefold()
