"""Credits, for prepaid."""

from billing.clients.provider import TIMEOUT_SECONDS
from chassis.money import Money
from chassis.schemas import Reading, fields
from chassis.wiring import Wiring


class Reserved(Reading):
    """Of credits' answer to reserve_prepaid."""

    reserved = fields.MoneyField(required=True)


class Credits:
    """What billing asks credits."""

    def __init__(self, wiring: Wiring) -> None:
        self._call = wiring.call

    def reserve_prepaid(self, *, agency_id: str, account_id: str | None, payment_id: str, invoice_id: str, up_to: Money) -> Money:
        """Have prepaid set aside for a payment: the account's own first, then the agency's. The same payment gets the same answer."""
        request = {
            "agency_id": agency_id,
            "account_id": account_id,
            "payment_id": payment_id,
            "invoice_id": invoice_id,
            "up_to": {"amount": up_to.amount_minor, "currency": up_to.currency},
        }
        answer = self._call("credits", "reserve_prepaid", request, timeout_seconds=TIMEOUT_SECONDS, idempotency_key=payment_id)
        reserved: Money = Reserved().load(answer)["reserved"]
        return reserved
