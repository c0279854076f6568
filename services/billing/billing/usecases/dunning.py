"""Invoices that are overdue: what each refusal comes to, and how it ends (domain: Card refused). Under the lock of their account."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from billing import errors, events, models, repository
from billing.domain.dunning import DUNNED, SCHEDULE, Dunning, DunningOutcome, DunningState, reached
from billing.domain.invoice import Purpose
from billing.domain.standing import Standing
from billing.usecases.invoices import take_back
from chassis.unit_of_work import UnitOfWork

PREPAID = "prepaid"
NEW_CHANCES = frozenset({"card", "is_default"})
"""What of a profile has to change for another try to be worth it."""
GIVEN_UP = frozenset({DunningState.EXHAUSTED, DunningState.DROPPED})
"""How the dunning of an invoice ends that it takes back."""


@dataclass(frozen=True, kw_only=True)
class Refused:
    """What a refusal comes to: whether nothing is tried again by itself, and the step of the dunning to be told, if it is one."""

    is_final: bool
    step: models.Dunning | None = None


def note_refusal(uow: UnitOfWork, *, invoice: models.Invoice, payment: models.Payment, code: str, reason: str, is_hard: bool) -> Refused:
    """Note that an attempt to collect an invoice was refused, by a card that may pay later or by one that will not (`is_hard`)."""
    row = repository.dunning(uow.session, invoice_id=invoice.id)
    if row is not None and row.ended_at is None:
        before = replace(dunning_of(row), is_hard=is_hard)
        after = reached(before, at=payment.created_at)
        is_step = after != before
    elif row is None and invoice.account_id is not None and _is_dunned(uow, invoice):
        now = uow.now_of(invoice.agency_id)
        row = models.Dunning(invoice_id=invoice.id, agency_id=invoice.agency_id, account_id=invoice.account_id, began_at=now)
        uow.session.add(row)
        after, is_step = Dunning(began_at=now, is_hard=is_hard), True
    else:
        return Refused(is_final=True)
    row.code, row.reason = code, reason
    _keep(row, after)
    return Refused(is_final=after.next_attempt_at is None, step=row if is_step else None)


def tell_step(uow: UnitOfWork, invoice: models.Invoice, row: models.Dunning) -> None:
    """Tell the step that the dunning has reached."""
    _tell(uow, invoice, row, SCHEDULE[row.step].outcome, next_attempt_at=dunning_of(row).next_attempt_at)


def take_step(uow: UnitOfWork, invoice: models.Invoice, row: models.Dunning) -> None:
    """Take the step that is due without an attempt, for the card is not worth asking."""
    _keep(row, reached(dunning_of(row), at=uow.now_of(row.agency_id)))
    tell_step(uow, invoice, row)


def exhaust(uow: UnitOfWork, invoice: models.Invoice, row: models.Dunning) -> None:
    """Give up: the invoice is taken back, and with it whatever else is overdue of the account, which ends."""
    row.step += 1
    for other in repository.open_dunnings(uow.session, account_id=row.account_id, agency_id=row.agency_id):
        _end(uow, other, DunningState.EXHAUSTED)
        take_back(uow, invoice=repository.invoice(uow.session, invoice_id=other.invoice_id))
    _tell(uow, invoice, row, DunningOutcome.EXHAUSTED)


def recover(uow: UnitOfWork, *, invoice: models.Invoice) -> None:
    """Note that the invoice was paid, at whatever step, if it was overdue."""
    row = repository.dunning(uow.session, invoice_id=invoice.id)
    if row is not None and row.ended_at is None:
        _end(uow, row, DunningState.RECOVERED)
        _tell_if_nothing_is_overdue(uow, invoice, row)


def drop(uow: UnitOfWork, *, invoice: models.Invoice) -> None:
    """Take an invoice back that is not owed any more; if it was overdue, that is over."""
    row = repository.dunning(uow.session, invoice_id=invoice.id)
    if row is not None and row.ended_at is None:
        _end(uow, row, DunningState.DROPPED)
        take_back(uow, invoice=invoice)
        _tell_if_nothing_is_overdue(uow, invoice, row)
    else:
        take_back(uow, invoice=invoice)


def drop_all(uow: UnitOfWork, *, account_id: str, agency_id: str) -> None:
    """Take back whatever is overdue of an account that has ended: nothing is owed for what is over."""
    for row in repository.open_dunnings(uow.session, account_id=account_id, agency_id=agency_id):
        drop(uow, invoice=repository.invoice(uow.session, invoice_id=row.invoice_id))


# --- a new chance -----------------------------------------------------------------------------------------------------------------------


def retry_for_profile(uow: UnitOfWork, *, agency_id: str, billing_profile_id: str, changes: Sequence[str] = ("card",)) -> None:
    """Try at once what is overdue and would be paid by this profile, which has a new card or became the default."""
    if NEW_CHANCES.isdisjoint(changes):
        return
    rows = repository.dunnings_paid_by_for_update(uow.session, agency_id=agency_id, billing_profile_id=billing_profile_id)
    _want(rows, at=uow.now_of(agency_id))


def retry_for_account(uow: UnitOfWork, *, agency_id: str, account_id: str) -> None:
    """Try at once what is overdue of an account that is paid by another profile from now on."""
    rows = repository.dunnings_of_agency_for_update(uow.session, agency_id=agency_id, account_id=account_id)
    _want(rows, at=uow.now_of(agency_id))


def retry_for_credit(uow: UnitOfWork, *, agency_id: str, account_id: str | None, kind: str) -> None:
    """Try at once what is overdue, of the account or of the whole agency, since prepaid was bought for it."""
    if kind == PREPAID:
        rows = repository.dunnings_of_agency_for_update(uow.session, agency_id=agency_id, account_id=account_id)
        _want(rows, at=uow.now_of(agency_id))


# --- steps ------------------------------------------------------------------------------------------------------------------------------


def dunning_of(row: models.Dunning) -> Dunning:
    """Give what the rules decide by of a dunning."""
    return Dunning(began_at=row.began_at, step=row.step, is_hard=row.is_hard, wanted_at=row.wanted_at)


def _is_dunned(uow: UnitOfWork, invoice: models.Invoice) -> bool:
    """Tell whether the invoice is tried again: it is for an account in use, whose subscription has not ended."""
    if Purpose(invoice.purpose) not in DUNNED or invoice.account_id is None:
        return False
    subscription = repository.subscription_of_account(uow.session, account_id=invoice.account_id)
    return subscription is None or subscription.agency_id != invoice.agency_id or subscription.standing != Standing.ENDED


def _want(rows: Sequence[models.Dunning], *, at: datetime) -> None:
    for row in rows:
        row.wanted_at = at
        row.next_at = dunning_of(row).due_at


def _keep(row: models.Dunning, after: Dunning) -> None:
    row.step, row.is_hard, row.wanted_at = after.step, after.is_hard, after.wanted_at
    row.state, row.next_at = after.state, after.due_at


def _end(uow: UnitOfWork, row: models.Dunning, state: DunningState) -> None:
    row.state, row.ended_at = state, uow.now_of(row.agency_id)
    row.next_at = row.wanted_at = None
    uow.session.flush()


def _tell_if_nothing_is_overdue(uow: UnitOfWork, invoice: models.Invoice, row: models.Dunning) -> None:
    if not repository.open_dunnings(uow.session, account_id=row.account_id, agency_id=row.agency_id):
        _tell(uow, invoice, row, DunningOutcome.RECOVERED)


def _tell(
    uow: UnitOfWork, invoice: models.Invoice, row: models.Dunning, outcome: DunningOutcome, *, next_attempt_at: datetime | None = None
) -> None:
    account = repository.account_known_for_update(uow.session, account_id=row.account_id)
    if account is None:
        raise errors.AccountNotFound(account_id=row.account_id)
    account.dunning_facts += 1
    uow.emit(
        events.DunningStep(
            subject=invoice.id,
            agency_id=invoice.agency_id,
            invoice_id=invoice.id,
            number=invoice.number,
            account_id=row.account_id,
            step=row.step,
            outcome=outcome,
            code=row.code,
            reason=row.reason,
            amount_minor=invoice.total_minor,
            currency=invoice.currency,
            next_attempt_at=next_attempt_at,
            sequence=account.dunning_facts,
        )
    )
