"""Credits, for prepaid."""

from typing import Any

from billing.clients.provider import TIMEOUT_SECONDS
from chassis.money import Money
from chassis.schemas import Reading, fields
from chassis.wiring import Wiring


class Reserved(Reading):
    """Of credits' answer to reserve_prepaid."""

    reserved = fields.MoneyField(required=True)


class LotOfPot(Reading):
    """What is left of one purchase."""

    units = fields.Integer(required=True)
    expires_at = fields.Instant(required=True, allow_none=True)


class PotAnswer(Reading):
    """What the agency holds."""

    lots = fields.List(fields.Nested(LotOfPot), required=True)


class AccountPotAnswer(PotAnswer):
    """What one account holds for itself."""

    account_id = fields.Id("acc", required=True)


class PotsAnswer(Reading):
    """Of credits' answer to pots."""

    agency = fields.Nested(PotAnswer, required=True)
    accounts = fields.List(fields.Nested(AccountPotAnswer), required=True)


class Credits:
    """What billing asks credits."""

    def __init__(self, wiring: Wiring) -> None:
        self._call = wiring.call

    def reserve_prepaid(
        self, *, agency_id: str, account_id: str | None, payment_id: str, invoice_id: str, up_to: Money, previous_payment_id: str | None
    ) -> Money:
        """Have prepaid set aside for a payment: the account's own first, then the agency's. The same payment gets the same answer.

        What the attempt before it at the same invoice still has set aside is this one's to take.
        """
        request = {
            "agency_id": agency_id,
            "account_id": account_id,
            "payment_id": payment_id,
            "invoice_id": invoice_id,
            "up_to": {"amount": up_to.amount_minor, "currency": up_to.currency},
            "previous_payment_id": previous_payment_id,
        }
        answer = self._call("credits", "reserve_prepaid", request, timeout_seconds=TIMEOUT_SECONDS, idempotency_key=payment_id)
        reserved: Money = Reserved().load(answer)["reserved"]
        return reserved

    def prepaid_pots(self, *, agency_id: str, currency: str) -> dict[str, Any]:
        """Ask what the agency and each of its accounts hold of prepaid, lot by lot: the members of `PotsAnswer`."""
        request = {"agency_id": agency_id, "kind": "prepaid", "currency": currency, "account_id": None}
        answer: dict[str, Any] = PotsAnswer().load(self._call("credits", "pots", request, timeout_seconds=TIMEOUT_SECONDS, is_read=True))
        return answer
