"""The calls of accounts to other services. Each has its timeout; the caller's idempotency key makes the commands repeatable."""

from typing import Any

from chassis import context
from chassis.schemas import Reading, fields
from chassis.wiring import Wiring

TIMEOUT_SECONDS = 3
OPTIONS = ("limits", "add_ons")


class QuotedSelection(Reading):
    """Of the selection of billing's quote."""

    pricing_version = fields.String(required=True)
    product = fields.String(required=True)
    plan = fields.String(required=True)
    contacts = fields.Integer(required=True, allow_none=True)
    frequency = fields.String(required=True, allow_none=True)
    limits = fields.Dict(load_default=dict)
    add_ons = fields.List(fields.String(), load_default=list)


class QuoteAnswer(Reading):
    """Of billing's quote."""

    id = fields.Id("quo", required=True)
    purpose = fields.String(required=True)
    account_id = fields.String(required=True, allow_none=True)
    selection = fields.Nested(QuotedSelection, required=True)
    state = fields.String(required=True)
    expires_at = fields.Instant(required=True)


class CatalogueAnswer(Reading):
    """Of billing's catalogue: country (ISO 3166-1) → region."""

    regions = fields.Dict(keys=fields.String(), values=fields.String(), required=True)


class Billing:
    """What accounts asks billing."""

    def __init__(self, wiring: Wiring) -> None:
        self._call = wiring.call

    def quote(self, *, agency_id: str, quote_id: str) -> dict[str, Any]:
        """Ask for a quote of the agency; refused as `quote_not_found` where there is none."""
        request = {"agency_id": agency_id, "quote_id": quote_id}
        answer: dict[str, Any] = QuoteAnswer().load(self._call("billing", "quote", request, timeout_seconds=TIMEOUT_SECONDS, is_read=True))
        return answer

    def create_quote(self, *, agency_id: str, account_id: str | None, selection: dict[str, Any], country: str | None) -> dict[str, Any]:
        """Have a selection priced: for a plan change of `account_id`, or for a new account where that is None.

        Limits and add-ons are said where any were chosen.
        """
        chosen = {name: value for name, value in selection.items() if value or name not in OPTIONS}
        request = {"agency_id": agency_id, "account_id": account_id, "selection": chosen, "country": country}
        callers_key = context.current().idempotency_key
        answer: dict[str, Any] = QuoteAnswer().load(
            self._call(
                "billing",
                "create_quote",
                request,
                timeout_seconds=TIMEOUT_SECONDS,
                idempotency_key=None if callers_key is None else f"accounts:{callers_key}",
            )
        )
        return answer

    def billing_profile(self, *, agency_id: str, billing_profile_id: str) -> None:
        """Ask whether the agency has this billing profile; refused as `billing_profile_not_found` where it has not."""
        request = {"agency_id": agency_id, "billing_profile_id": billing_profile_id}
        self._call("billing", "billing_profile", request, timeout_seconds=TIMEOUT_SECONDS, is_read=True)

    def region_of(self, country: str) -> str | None:
        """Ask which region hosts the accounts of clients in `country` (R0.26); None where none does."""
        catalogue = CatalogueAnswer().load(self._call("billing", "catalogue", {}, timeout_seconds=TIMEOUT_SECONDS, is_read=True))
        region: str | None = catalogue["regions"].get(country)
        return region


class Identity:
    """What accounts asks identity."""

    def __init__(self, wiring: Wiring) -> None:
        self._call = wiring.call

    def prepare_admin_user(self, *, agency_id: str, account_id: str) -> None:
        """Have the account's first user made; identity makes one per account, however often it is asked."""
        self._call("identity", "prepare_admin_user", {"agency_id": agency_id, "account_id": account_id}, timeout_seconds=TIMEOUT_SECONDS)

    def claim_credentials(self, *, agency_id: str, account_id: str) -> dict[str, Any]:
        """Have the first user's password made: its username and password, once; refused as `credentials_already_claimed` after that."""
        answer: dict[str, Any] = self._call(
            "identity", "claim_credentials", {"agency_id": agency_id, "account_id": account_id}, timeout_seconds=TIMEOUT_SECONDS
        )
        return answer
