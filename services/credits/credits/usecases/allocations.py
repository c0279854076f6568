"""Credit that agencies hand to their accounts and take back (R0.102, R0.111), and what accounts spend."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from chassis.unit_of_work import UnitOfWork
from credits import domain, errors, events, repository
from credits.domain import AccountStatus, HeldAccount, Kind, Movement, Part, Purpose
from credits.usecases.movements import Books, Cause, books_of, lock_books, move, open_pots, parts_of, tell_taken_back, unit_meant


def allocate_credits(uow: UnitOfWork, *, agency_id: str, account_id: str, kind: Kind, units: int, currency: str | None) -> dict[str, Any]:
    """Move so many units from the agency's own pot to that of its account; negative ones back, of what is unspent there.

    Credit is taken back whatever became of the account, as long as it is the agency's. Raises `AccountNotFound`, `AccountNotUsable`,
    `SmsNotOnPlan` (R0.108), `NotEnoughCredits`, and `CurrencyNeeded` where none is given and prepaid is not held in exactly one.
    """
    account = repository.account_to_use(uow.session, account_id)
    if units > 0:
        domain.check_may_use(kind, _held(account), account_id=account_id, agency_id=agency_id)
    elif account is None or account.agency_id != agency_id:
        raise errors.AccountNotFound(account_id=account_id)
    cause = Cause(agency_id=agency_id, kind=kind, unit=unit_meant(uow.session, agency_id=agency_id, kind=kind, currency=currency))
    open_pots(uow, [account_id, None], cause=cause)
    books = lock_books(uow, {account_id, None}, cause=cause)
    source = None if units > 0 else account_id
    parts = domain.take_exactly(books.available(source), units=abs(units), now=uow.now)
    if units > 0:
        transaction_id = move(uow, Movement.ALLOCATION, parts, cause=cause, books=books, into=account_id, is_last=True)
        uow.emit(
            events.CreditsAllocated(
                subject=transaction_id,
                agency_id=agency_id,
                transaction_id=transaction_id,
                kind=kind,
                units=units,
                currency=domain.currency_of(kind=kind, unit=cause.unit),
                account_id=account_id,
                lots=parts,
            )
        )
    else:
        transaction_id = move(uow, Movement.TAKE_BACK, parts, cause=cause, books=books, is_last=True)
        tell_taken_back(uow, transaction_id, parts, account_id=account_id, cause=cause)
    return {
        "id": transaction_id,
        "kind": kind,
        "account_id": account_id,
        "units": units,
        "currency": domain.currency_of(kind=kind, unit=cause.unit),
        "created_at": uow.now,
        "agency_units": _units(books, None) - units,
        "account_units": _units(books, account_id) + units,
    }


@dataclass(frozen=True, kw_only=True)
class LockedPot:
    """What an account can spend of one kind, locked; `known` are the keys of spends that were made before, `made` the spends made now."""

    account: HeldAccount | None
    books: Books
    known: Collection[str]
    made: dict[str, tuple[str, list[Part]]] = field(default_factory=dict)


def lock_pot(uow: UnitOfWork, requests: Sequence[Mapping[str, Any]]) -> LockedPot:
    """Lock the pot of the one account and kind that all these requests of `spend_credits` are about, and read what they need to know."""
    agency_id, account_id, kind = (requests[0][name] for name in ("agency_id", "account_id", "kind"))
    rows = repository.locked_to_spend(
        uow.connection,
        agency_id=agency_id,
        account_id=account_id,
        kind=kind.value,
        unit=kind.value,
        idempotency_keys=[_spend(agency_id=agency_id, kind=kind, reference=request["reference"])[1] for request in requests],
    )
    return LockedPot(account=_held(rows[0]), books=books_of(rows), known=rows[0].spent)


def spend_credits(
    uow: UnitOfWork, pot: LockedPot, *, agency_id: str, account_id: str, kind: Kind, units: int, reference: str
) -> dict[str, Any]:
    """Spend pieces that the account has, the earliest to expire first; a reference stands for one spend, however often it is told.

    Credit is spent by accounts, so the agency's own pot is left alone. Raises `AccountNotFound`, `AccountNotUsable`, `AccountDisabled`,
    `SmsNotOnPlan`, `NotEnoughCredits`, `ReferenceReused`.
    """
    cause, key = _spend(agency_id=agency_id, kind=kind, reference=reference)
    if key in pot.known or key in pot.made:
        transaction_id, parts = pot.made.get(key) or _made_before(uow, key)
        if (domain.units_in(parts), {part.account_id for part in parts}) != (units, {account_id}):
            raise errors.ReferenceReused(reference=reference)
        return {"id": transaction_id, "units": units, "lots": parts, "account_units": _units(pot.books, account_id)}
    domain.check_may_use(kind, pot.account, account_id=account_id, agency_id=agency_id, spends=True)
    parts = domain.take_exactly(pot.books.available(account_id), units=units, now=uow.now)
    transaction_id = move(uow, Movement.SPENDING, parts, cause=cause, books=pot.books, is_last=True)
    uow.emit(
        events.CreditsSpent(
            subject=transaction_id,
            agency_id=agency_id,
            transaction_id=transaction_id,
            payment_id=None,
            invoice_id=None,
            kind=kind,
            units=units,
            currency=None,
            account_id=account_id,
            lots=parts,
            reference=reference,
        )
    )
    pot.books.note_spent(parts)
    pot.made[key] = transaction_id, parts
    return {"id": transaction_id, "units": units, "lots": parts, "account_units": _units(pot.books, account_id)}


def _spend(*, agency_id: str, kind: Kind, reference: str) -> tuple[Cause, str]:
    """Give the cause of a spend, and the key of its transaction."""
    cause = Cause(agency_id=agency_id, kind=kind, unit=kind.value, reference=reference)
    return cause, cause.key_of(Movement.SPENDING, transaction_id="")


def _made_before(uow: UnitOfWork, key: str) -> tuple[str, list[Part]]:
    rows = repository.moved_by(uow.session, idempotency_key=key, purpose=Purpose.SPENT)
    return rows[0].transaction_id, parts_of(rows)


def _held(account: Any) -> HeldAccount | None:
    """Say what is known of an account; nothing while it has not been opened, as far as accounts has told."""
    if account is None or account.status is None or account.plan is None:
        return None
    return HeldAccount(agency_id=account.agency_id, status=AccountStatus(account.status), plan=account.plan, add_ons=account.add_ons or ())


def _units(books: Books, account_id: str | None) -> int:
    return sum(lot.units_left for lot in books.available(account_id))
