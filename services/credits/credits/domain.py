"""The rules of credit: which lots pay, what goes back where, and which two sides every movement has (domain: Credits)."""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from enum import StrEnum

from credits import errors

PLAN_WITHOUT_SMS = "Starter"
SMS_ADD_ON = "sms"

FOR_EVER = datetime.max.replace(tzinfo=UTC)


class Kind(StrEnum):
    """The three kinds of credit (R0.101)."""

    PREPAID = "prepaid"
    SMS = "sms"
    INBOX_PREVIEW = "inbox_preview"


class Purpose(StrEnum):
    """What a ledger account of an owner is for. Only `issued`, the side credit comes from, is ever below zero."""

    AVAILABLE = "available"
    RESERVED = "reserved"
    SPENT = "spent"
    ISSUED = "issued"


class Movement(StrEnum):
    """What a transaction does, and so which ledger accounts it moves credit between (`SIDES`)."""

    PURCHASE = "purchase"
    RESERVATION = "reservation"
    RELEASE = "release"
    SPENDING = "spending"
    RETURN = "return"
    GRANT = "grant"
    ALLOCATION = "allocation"
    TAKE_BACK = "take_back"
    EXPIRY = "expiry"


SIDES = {
    Movement.PURCHASE: (Purpose.ISSUED, Purpose.AVAILABLE),
    Movement.GRANT: (Purpose.ISSUED, Purpose.AVAILABLE),
    Movement.ALLOCATION: (Purpose.AVAILABLE, Purpose.AVAILABLE),
    Movement.TAKE_BACK: (Purpose.AVAILABLE, Purpose.AVAILABLE),
    Movement.EXPIRY: (Purpose.AVAILABLE, Purpose.ISSUED),
    Movement.RESERVATION: (Purpose.AVAILABLE, Purpose.RESERVED),
    Movement.RELEASE: (Purpose.RESERVED, Purpose.AVAILABLE),
    Movement.SPENDING: (Purpose.RESERVED, Purpose.SPENT),
    Movement.RETURN: (Purpose.SPENT, Purpose.AVAILABLE),
}


class ReservationState(StrEnum):
    """A reservation is settled once: posted when its payment succeeded, released when it failed."""

    PENDING = "pending"
    POSTED = "posted"
    RELEASED = "released"


class CreditNoteState(StrEnum):
    """A credit note waits until what it gives back has been spent."""

    WAITING = "waiting"
    RETURNED = "returned"


@dataclass(frozen=True, kw_only=True, slots=True)
class OpenLot:
    """What a pot has left of one purchase. The pot is that of `account_id`, or the agency's own (None)."""

    lot_id: str
    account_id: str | None
    units_left: int
    purchased_at: datetime
    expires_at: datetime | None


class AccountStatus(StrEnum):
    """What of an account's life matters to its credit, as far as accounts has told.

    In the order in which facts of one moment follow one another: what happens by itself is done before a command is.
    """

    CANCELLED = "cancelled"
    FAILED = "failed"
    EXPIRED = "expired"
    ARCHIVED = "archived"
    DISABLED = "disabled"
    OPEN = "open"


ENDED = frozenset({AccountStatus.FAILED, AccountStatus.EXPIRED, AccountStatus.ARCHIVED})
TOLD = {"active": AccountStatus.OPEN, "disabled": AccountStatus.DISABLED, "cancelled": AccountStatus.CANCELLED}
"""What accounts calls it where a fact says the status."""

BY_FACT = {
    "account_activated": AccountStatus.OPEN,
    "account_converted": AccountStatus.OPEN,
    "account_renewed": AccountStatus.OPEN,
    "account_enabled": AccountStatus.OPEN,
    "cancellation_undone": AccountStatus.OPEN,
    "account_disabled": AccountStatus.DISABLED,
    "account_cancelled": AccountStatus.CANCELLED,
    "account_failed": AccountStatus.FAILED,
    "account_expired": AccountStatus.EXPIRED,
    "account_archived": AccountStatus.ARCHIVED,
}
"""And what follows from one that does not."""


@dataclass(frozen=True, kw_only=True, slots=True)
class HeldAccount:
    """An account that may have credit: whose it is now, and what it is on."""

    agency_id: str
    status: AccountStatus
    plan: str
    add_ons: Sequence[str]


@dataclass(frozen=True, kw_only=True, slots=True)
class Part:
    """Units of one lot in one pot; a movement moves one or more parts."""

    lot_id: str
    account_id: str | None
    units: int


@dataclass(frozen=True, kw_only=True, slots=True)
class Posting:
    """One side of a movement of a part: negative where units leave, positive where they arrive."""

    lot_id: str
    account_id: str | None
    purpose: Purpose
    units: int


def unit_of(*, kind: Kind, currency: str) -> str:
    """Give what the units of `kind` are counted in: prepaid in minor units of its currency, the others in pieces."""
    return currency if kind is Kind.PREPAID else kind.value


def currency_of(*, kind: Kind, unit: str) -> str | None:
    """Give the currency of a unit, None where credit is counted in pieces."""
    return unit if kind is Kind.PREPAID else None


def key_of(movement: Movement, cause_id: str) -> str:
    """Give the idempotency key of a movement that a payment, an invoice or a credit note causes: it happens once for its cause."""
    return f"{movement.value}:{cause_id}"


def sides_of(movement: Movement, kind: Kind) -> tuple[Purpose, Purpose]:
    """Say from where to where a movement goes: prepaid is reserved before it is spent, pieces are spent at once."""
    if movement is Movement.SPENDING and kind is not Kind.PREPAID:
        return (Purpose.AVAILABLE, Purpose.SPENT)
    return SIDES[movement]


def postings_of(movement: Movement, parts: Iterable[Part], *, kind: Kind = Kind.PREPAID, into: str | None = None) -> Iterator[Posting]:
    """Write both sides of every part, so the sum is zero whatever the parts are.

    An allocation goes into the pot of the account `into`, what is taken back into the agency's own; anything else stays in its pot.
    """
    source, target = sides_of(movement, kind)
    changes_pot = movement in (Movement.ALLOCATION, Movement.TAKE_BACK)
    for part in parts:
        yield Posting(lot_id=part.lot_id, account_id=part.account_id, purpose=source, units=-part.units)
        yield Posting(lot_id=part.lot_id, account_id=into if changes_pot else part.account_id, purpose=target, units=part.units)


def spending_order(lot: OpenLot) -> tuple[bool, datetime, datetime, str]:
    """Sort lots as they are spent: the account's before the agency's (R0.105), then the earliest to expire, then the oldest."""
    return (lot.account_id is None, lot.expires_at or FOR_EVER, lot.purchased_at, lot.lot_id)


def take(lots: Iterable[OpenLot], *, up_to_units: int, now: datetime) -> list[Part]:
    """Choose what of `lots` pays up to so many units, in `spending_order`.

    A lot that expired pays nothing, also before anybody has taken it off the books.
    """
    return _first(
        (
            Part(lot_id=lot.lot_id, account_id=lot.account_id, units=lot.units_left)
            for lot in sorted(lots, key=spending_order)
            if lot.expires_at is None or now < lot.expires_at
        ),
        units=up_to_units,
    )


def take_exactly(lots: Iterable[OpenLot], *, units: int, now: datetime) -> list[Part]:
    """Choose what of `lots` makes up exactly so many units, in `spending_order`; raises `NotEnoughCredits` where there is less."""
    parts = take(lots, up_to_units=units, now=now)
    if units_in(parts) < units:
        raise errors.NotEnoughCredits(wanted=units, available=units_in(parts))
    return parts


def without(lots: Iterable[OpenLot], parts: Iterable[Part]) -> list[OpenLot]:
    """Say what is left of `lots` once `parts` of them are gone; a lot of which nothing is left is none."""
    gone = Counter[tuple[str, str | None]]()
    for part in parts:
        gone[part.lot_id, part.account_id] += part.units
    left = (replace(lot, units_left=lot.units_left - gone[lot.lot_id, lot.account_id]) for lot in lots)
    return [lot for lot in left if lot.units_left > 0]


def give_back(spent: Sequence[Part], *, units: int) -> list[Part]:
    """Choose what of the parts spent goes back where it came from: the last to be taken first, as those are usable longest."""
    return _first(reversed(spent), units=units)


def units_in(parts: Iterable[Part]) -> int:
    """Count the units of all parts."""
    return sum(part.units for part in parts)


def settle(*, payment_id: str, state: ReservationState, wanted: ReservationState) -> bool:
    """Tell whether a reservation has yet to move to `wanted`.

    False: it is there. Raises `ReservationSettledOtherwise` where it was settled the other way.
    """
    if state is wanted:
        return False
    if state is not ReservationState.PENDING:
        raise errors.ReservationSettledOtherwise(payment_id=payment_id, state=state.value, wanted=wanted.value)
    return True


def check_paid(*, payment_id: str, paid_units: int, reserved: Sequence[Part]) -> None:
    """Raise `PrepaidDiffers` unless the payment used exactly what was reserved for it."""
    reserved_units = units_in(reserved)
    if paid_units != reserved_units:
        raise errors.PrepaidDiffers(payment_id=payment_id, paid_units=paid_units, reserved_units=reserved_units)


def status_after(fact: str, told: str | None) -> AccountStatus:
    """Say what an account is after a fact of this name, which may say the status: a cancelled one that is suspended stays cancelled."""
    return BY_FACT[fact] if told is None else TOLD[told]


def follows(told: AccountStatus, *, at: datetime, known: AccountStatus, since: datetime) -> bool:
    """Tell whether a status of the moment `at` is as new as what is known since another: facts come in any order."""
    order = list(AccountStatus)
    return (at, order.index(told)) >= (since, order.index(known))


def check_may_use(kind: Kind, account: HeldAccount | None, *, account_id: str, agency_id: str, spends: bool = False) -> None:
    """Raise what keeps the agency's account from having credit of this kind, or from spending it (`spends`).

    `AccountNotFound` for one that is unknown or another agency's, `AccountNotUsable` for one that has ended, `AccountDisabled` for one that
    is disabled and spends, `SmsNotOnPlan` for SMS without the add-on, and ever on Starter (R0.108). One that is cancelled is usable
    until it expires.
    """
    if account is None or account.agency_id != agency_id:
        raise errors.AccountNotFound(account_id=account_id)
    if account.status in ENDED:
        raise errors.AccountNotUsable(account_id=account_id, status=account.status.value)
    if spends and account.status is AccountStatus.DISABLED:
        raise errors.AccountDisabled(account_id=account_id)
    if kind is Kind.SMS and (account.plan == PLAN_WITHOUT_SMS or SMS_ADD_ON not in account.add_ons):
        raise errors.SmsNotOnPlan(plan=account.plan)


def is_low(units: int, *, threshold: int) -> bool:
    """Tell whether the agency asked to hear of a balance of so many units: it is at its threshold, or below."""
    return units <= threshold


def _first(parts: Iterable[Part], *, units: int) -> list[Part]:
    """Give the first parts that make up `units` together, the last of them cut to fit; all of them where there is less."""
    taken: list[Part] = []
    missing = units
    for part in parts:
        if missing <= 0:
            break
        taken.append(Part(lot_id=part.lot_id, account_id=part.account_id, units=min(part.units, missing)))
        missing -= part.units
    return taken
