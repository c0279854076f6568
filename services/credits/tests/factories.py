"""An agency's ledger as the others use it: each method is one call or one event, with sensible values for what a test does not say."""

from datetime import datetime
from typing import Any

from chassis.ids import new_id
from chassis.money import Money
from chassis.unit_of_work import Units
from credits import usecases
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
                credit={"kind": kind, "units": units, "account_id": account_id},
            )
        return invoice_id

    def reserve(self, payment_id: str, invoice_id: str, up_to: Money, *, account_id: str | None = None) -> int:
        """Ask for prepaid; give the minor units reserved."""
        with self.units.begin() as uow:
            answer = usecases.reserve_prepaid(
                uow, agency_id=self.agency_id, account_id=account_id, payment_id=payment_id, invoice_id=invoice_id, up_to=up_to
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
        with self.units.begin() as uow:
            usecases.return_prepaid(
                uow,
                agency_id=self.agency_id,
                credit_note_id=credit_note_id,
                invoice_id=invoice_id,
                prepaid_minor=prepaid_minor,
                currency="EUR",
            )

    def balance(self, account_id: str | None = None, *, kind: Kind = Kind.PREPAID, currency: str | None = None) -> dict[str, Any]:
        """Ask for a pot's balance."""
        with self.units.reading() as session:
            return usecases.balance(session, agency_id=self.agency_id, account_id=account_id, kind=kind, currency=currency)

    def held(self, account_id: str | None = None) -> tuple[int, int]:
        """What a pot has available, and reserved."""
        answer = self.balance(account_id)
        return answer["units"], answer["reserved"]

    def lots(self, account_id: str | None = None) -> list[int]:
        """What is left of each lot of a pot that is not used up, in the order they are spent."""
        return [lot.units_left for lot in self.balance(account_id)["lots"]]

    def pots(self, account_id: str | None = None, *, kind: Kind = Kind.PREPAID, currency: str | None = None) -> dict[str, Any]:
        """Ask for every pot that has something in it, or for the agency's and one account's."""
        with self.units.reading() as session:
            return usecases.pots(session, agency_id=self.agency_id, account_id=account_id, kind=kind, currency=currency)
