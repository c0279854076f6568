"""An agency's ledger as the others use it: each method is one call or one event, with sensible values for what a test does not say."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from chassis.context import activated, new_context
from chassis.idempotency import Call, calling
from chassis.ids import new_id
from chassis.money import Money
from chassis.unit_of_work import Units
from credits import schemas, usecases
from credits.domain import Kind


def eur(amount_minor: int) -> Money:
    return Money(amount_minor=amount_minor, currency="EUR")


class Ledger:
    """One agency, over the use cases."""

    def __init__(self, units: Units) -> None:
        self.units = units
        self.agency_id = new_id("agy")

    def buy(
        self,
        units: int,
        *,
        account_id: str | None = None,
        invoice_id: str | None = None,
        kind: Kind = Kind.PREPAID,
        currency: str = "EUR",
        paid_at: datetime | None = None,
        expires_at: datetime | None = None,
    ) -> str:
        """Pay an invoice for credit; give its id."""
        invoice_id = invoice_id or new_id("inv")
        with self.units.begin() as uow:
            usecases.record_payment(
                uow,
                paid_at=paid_at or uow.now,
                agency_id=self.agency_id,
                invoice_id=invoice_id,
                payment_id=new_id("pay"),
                account_id=None,
                prepaid_minor=0,
                currency=currency,
                credit={"kind": kind, "units": units, "account_id": account_id, "expires_at": expires_at},
            )
        return invoice_id

    def reserve(
        self, payment_id: str, invoice_id: str, up_to: Money, *, account_id: str | None = None, previous_payment_id: str | None = None
    ) -> int:
        """Ask for prepaid; give the minor units reserved."""
        with self.units.begin() as uow:
            answer = usecases.reserve_prepaid(
                uow,
                agency_id=self.agency_id,
                account_id=account_id,
                payment_id=payment_id,
                invoice_id=invoice_id,
                up_to=up_to,
                previous_payment_id=previous_payment_id,
            )
        return answer["reserved"].amount_minor

    def paid(self, payment_id: str, invoice_id: str, prepaid_minor: int, *, account_id: str | None = None) -> None:
        """Tell that an invoice was paid, so much of it from prepaid."""
        with self.units.begin() as uow:
            usecases.record_payment(
                uow,
                paid_at=uow.now,
                agency_id=self.agency_id,
                invoice_id=invoice_id,
                payment_id=payment_id,
                account_id=account_id,
                prepaid_minor=prepaid_minor,
                currency="EUR",
                credit=None,
            )

    def failed(self, payment_id: str, invoice_id: str) -> None:
        """Tell that a payment failed."""
        with self.units.begin() as uow:
            usecases.release_reservation(uow, agency_id=self.agency_id, invoice_id=invoice_id, payment_id=payment_id, currency="EUR")

    def credited(self, credit_note_id: str, invoice_id: str, prepaid_minor: int) -> None:
        """Tell that a credit note gives so much prepaid back."""
        self.noted(credit_note_id, invoice_id, prepaid_minor=prepaid_minor)

    def grant(self, credit_note_id: str, account_id: str, granted_minor: int) -> None:
        """Tell that a credit note turns so much unused value into prepaid of an account."""
        self.noted(credit_note_id, new_id("inv"), granted_minor=granted_minor, account_id=account_id)

    def noted(
        self, credit_note_id: str, invoice_id: str, *, prepaid_minor: int = 0, granted_minor: int = 0, account_id: str | None = None
    ) -> None:
        """Tell of a credit note."""
        with self.units.begin() as uow:
            usecases.record_credit_note(
                uow,
                agency_id=self.agency_id,
                credit_note_id=credit_note_id,
                invoice_id=invoice_id,
                prepaid_minor=prepaid_minor,
                currency="EUR",
                account_id=account_id,
                granted_minor=granted_minor,
            )

    def open(self, account_id: str | None = None, *, plan: str = "Plus", add_ons: Sequence[str] = ("sms",)) -> str:
        """Tell that an account of the agency was activated; give its id."""
        account_id = account_id or new_id("acc")
        with self.units.begin() as uow:
            usecases.note_opened(
                uow, agency_id=self.agency_id, account_id=account_id, plan=plan, add_ons=add_ons, as_of=uow.now - timedelta(days=1)
            )
        return account_id

    def told(self, account_id: str, fact: str) -> None:
        """Tell a fact of this name of the account."""
        with self.units.begin() as uow:
            usecases.note_status(uow, agency_id=self.agency_id, account_id=account_id, fact=fact, as_of=uow.now)

    def transfer(self, account_id: str, agency_id: str, *, as_of: datetime | None = None) -> None:
        """Tell that an account belongs to another agency now."""
        with self.units.begin() as uow:
            usecases.note_transfer(uow, agency_id=agency_id, account_id=account_id, as_of=as_of or uow.now)

    def allocate(self, account_id: str, units: int, *, kind: Kind = Kind.PREPAID, currency: str | None = None) -> dict[str, Any]:
        """Hand credit to an account, or take it back."""
        with self.units.begin() as uow:
            return usecases.allocate_credits(
                uow, agency_id=self.agency_id, account_id=account_id, kind=kind, units=units, currency=currency
            )

    def spend(self, account_id: str, units: int, *, reference: str | None = None, kind: Kind = Kind.SMS) -> dict[str, Any]:
        """Spend pieces that an account has."""
        request: dict[str, Any] = {"agency_id": self.agency_id, "account_id": account_id, "kind": kind, "units": units}
        request["reference"] = reference or new_id("ref")
        with self.units.begin() as uow:
            return usecases.spend_credits(uow, usecases.lock_pot(uow, [request]), **request)

    def spend_with_others(self, account_id: str, units: int, *, reference: str, kind: Kind = Kind.SMS) -> dict[str, Any]:
        """Spend as the door does it: together with what comes for the same pot meanwhile."""
        request: dict[str, Any] = {
            "agency_id": self.agency_id,
            "account_id": account_id,
            "kind": kind,
            "units": units,
            "reference": reference,
        }
        context = new_context(agency_id=self.agency_id, idempotency_key=new_id("idk"))
        with activated(context), calling(Call(method="spend_credits", payload=request, answer=schemas.Spend())):
            return self.units.once_together(usecases.spend_credits, prepare=usecases.lock_pot, of=account_id, **request)

    def expire(self, *, limit: int = 50) -> int:
        """Take expired lots off the books; give how many there were."""
        with self.units.begin() as uow:
            lot_ids = usecases.expired_lots(uow, limit=limit)
        for lot_id in lot_ids:
            with self.units.begin() as uow:
                usecases.expire_lot(uow, lot_id=lot_id)
        return len(lot_ids)

    def watch(self, threshold: int | None, *, kind: Kind = Kind.PREPAID, top_up_units: int | None = None) -> dict[str, Any]:
        """Set when the agency wants to hear that its pot is low."""
        top_up = None if top_up_units is None else {"units": top_up_units}
        with self.units.begin() as uow:
            return usecases.change_settings(uow, agency_id=self.agency_id, kind=kind, currency="EUR", threshold=threshold, top_up=top_up)

    def balance(self, account_id: str | None = None, *, kind: Kind = Kind.PREPAID, currency: str | None = None) -> dict[str, Any]:
        """Ask for a pot's balance."""
        with self.units.reading() as session:
            return usecases.balance(session, agency_id=self.agency_id, account_id=account_id, kind=kind, currency=currency)

    def held(self, account_id: str | None = None, *, kind: Kind = Kind.PREPAID) -> tuple[int, int]:
        """What a pot has available, and reserved."""
        answer = self.balance(account_id, kind=kind)
        return answer["units"], answer["reserved"]

    def lots(self, account_id: str | None = None, *, kind: Kind = Kind.PREPAID) -> list[int]:
        """What is left of each lot of a pot that is not used up, in the order they are spent."""
        return [lot.units_left for lot in self.balance(account_id, kind=kind)["lots"]]

    def pots(self, account_id: str | None = None, *, kind: Kind = Kind.PREPAID, currency: str | None = None) -> dict[str, Any]:
        """Ask for every pot that has something in it, or for the agency's and one account's."""
        with self.units.reading() as session:
            return usecases.pots(session, agency_id=self.agency_id, account_id=account_id, kind=kind, currency=currency)
