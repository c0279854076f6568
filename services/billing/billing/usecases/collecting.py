"""Collecting by itself: what dunning has due, and payments whose outcome nobody knows. Nothing depends on a fact that comes again."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import timedelta

import structlog

from billing import clients, models, repository
from billing.domain.dunning import Deed, deed
from billing.domain.standing import Standing
from billing.usecases import dunning
from billing.usecases.payments import Attempt, new_attempt, pay, record_payment, resume
from billing.usecases.standing import note_standing
from chassis import context as contexts
from chassis.errors import Refusal
from chassis.unit_of_work import UnitOfWork, Units

UNHEARD_OF_AFTER = timedelta(minutes=1)
"""How long a payment is left to whoever asked about it last; longer than asking can take."""

log = structlog.get_logger()


@dataclass(frozen=True, kw_only=True)
class Taken:
    """What was taken of what is due: how many invoices, and the attempts that are to be made for them."""

    count: int
    attempts: Sequence[Attempt]


def take_due_steps(uow: UnitOfWork, *, limit: int) -> Taken:
    """Take the next step of at most `limit` overdue invoices, one step each: the attempts are left to be made, the rest is done."""
    due = repository.dunnings_due(uow.session, platform_now=uow.platform_now, limit=limit)
    attempts = []
    for row, invoice in due:
        match deed(dunning.dunning_of(row)):
            case Deed.TRY:
                attempts.append(_try_again(uow, invoice, row))
            case Deed.TELL:
                dunning.take_step(uow, invoice, row)
            case Deed.GIVE_UP:
                _give_up(uow, invoice, row)
    return Taken(count=len(due), attempts=attempts)


def take_unheard_of(uow: UnitOfWork, *, limit: int) -> Taken:
    """Take at most `limit` payments that were asked about a minute ago or longer and are pending still, to be asked about again."""
    found = repository.payments_unheard_of(uow.session, asked_before=uow.platform_now - UNHEARD_OF_AFTER, limit=limit)
    return Taken(count=len(found), attempts=[resume(uow, invoice, payment) for payment, invoice in found])


def collect(work: Units, attempts: Sequence[Attempt], *, credits_: clients.Credits, provider: clients.PaymentProvider) -> None:
    """Make these attempts, each as the agency's own business; one whose outcome stays unknown is asked about again in a minute."""
    for attempt in attempts:
        with contexts.activated(replace(contexts.current(), agency_id=attempt.agency_id)):
            try:
                outcome = pay(attempt, credits_=credits_, provider=provider)
            except Refusal as refusal:
                log.warning("the outcome of a payment is not known yet", payment_id=attempt.payment_id, reason=refusal.text)
                continue
            with work.begin() as uow:
                record_payment(uow, attempt=attempt, outcome=outcome)


def _try_again(uow: UnitOfWork, invoice: models.Invoice, row: models.Dunning) -> Attempt:
    row.wanted_at = None
    row.next_at = dunning.dunning_of(row).due_at
    last = repository.last_payment(uow.session, invoice_id=invoice.id)
    return new_attempt(uow, invoice, number=1 if last is None else last.attempt + 1)


def _give_up(uow: UnitOfWork, invoice: models.Invoice, row: models.Dunning) -> None:
    subscription = repository.subscription_of_account(uow.session, account_id=row.account_id)
    if subscription is not None and subscription.agency_id == row.agency_id:
        note_standing(subscription, Standing.ENDED, as_of=uow.platform_now)
    dunning.exhaust(uow, invoice, row)
