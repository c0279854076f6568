"""The run of renewals: every account on its own day, however many share a billing profile (R0.59, R0.61)."""

import collections
import json
import sys
from collections.abc import Mapping, Sequence
from datetime import timedelta
from functools import lru_cache
from typing import Any

import structlog
from prometheus_client import Counter, Gauge
from sqlalchemy import Row

from billing import events, models, repository
from billing.domain.catalogue import Selection
from billing.domain.invoice import LineReason, Purpose, document_number, renewal_lines
from billing.domain.period import Period, next_period
from billing.usecases.plan_changes import move_down
from chassis.config import ServiceConfig
from chassis.database import Database
from chassis.ids import first_id, new_id
from chassis.money import Money
from chassis.unit_of_work import UnitOfWork, Units

PROGRESS_OVER = timedelta(hours=1)
SELECTIONS = 1_000
"""How many different selections a run remembers having read: most accounts are on one of few."""

RENEWED = Counter("comptoir_renewals_total", "Periods begun by the run of renewals.")
DUE = Gauge("comptoir_renewals_due", "Subscriptions whose period was over when the run last began.", multiprocess_mode="max")

log = structlog.get_logger()


def run(work: Units, *, batch: int, batches: int) -> int:
    """Renew what is due, batch after batch, each in a transaction of its own: what is done stays done, and whoever comes next goes on."""
    with work.begin() as uow:
        due, _ = repository.how_many_are_due(uow.session, platform_now=uow.platform_now)
    DUE.set(due)
    done = 0
    for _ in range(batches if due else 0):
        with work.begin() as uow:
            renewed = renew_due_subscriptions(uow, limit=batch)
        if not renewed:  # only then: what was away for several periods is due again
            break
        done += renewed
        RENEWED.inc(renewed)
        log.info("subscriptions were renewed", renewed=renewed, done=done, due=due)
    return done


def renew_due_subscriptions(uow: UnitOfWork, *, limit: int) -> int:
    """Begin the next period of at most `limit` subscriptions whose period is over, and invoice it; tell of how many.

    Disabled accounts are renewed like others (R0.60), and so are those of agencies without a billing profile: prepaid may pay, or dunning
    begins. Cancelled and ended ones are not. One that was away for several periods is renewed for one after the other, by as many calls.
    """
    due = repository.renewals_due(uow.session, platform_now=uow.platform_now, limit=limit)
    if not due:
        return 0
    moved = _move_down(uow, due)
    default = repository.default_billing_profiles(uow.session, agency_ids={row.agency_id for row in due})
    counts = collections.Counter(row.agency_id for row in due)
    numbers = repository.take_numbers(uow.session, counts, series="INV")
    begun = []
    for row in due:
        begun.append(_next(row, moved.get(row.account_id), number=numbers[row.agency_id], default=default.get(row.agency_id)))
        numbers[row.agency_id] += 1
    uow.session.flush()
    repository.insert_renewals(uow.session, begun, purpose=Purpose.RENEWAL, line_reason=LineReason.NEW_PERIOD)
    for each in begun:
        uow.emit(_issued(each))
    return len(begun)


def progress(uow: UnitOfWork) -> dict[str, Any]:
    """Tell how far the run is: how many are due, since when the longest is, and how many were renewed in the last hour."""
    count, since = repository.how_many_are_due(uow.session, platform_now=uow.platform_now)
    renewed = repository.renewed_since(uow.session, invoice_id=first_id("inv", uow.platform_now - PROGRESS_OVER))
    return {"due": count, "due_since": since, "renewed": renewed}


def _move_down(uow: UnitOfWork, due: Sequence[Row[*tuple[Any, ...]]]) -> dict[str, tuple[models.Subscription, dict[str, Any]]]:
    """Apply the changes of plan that wait for the end of these periods: the subscriptions they changed, and what they were on before."""
    moved = {}
    ends = {row.account_id: row.period_end for row in due}
    for quote in repository.waiting_quotes(uow.session, account_ids=ends.keys()):
        subscription = repository.subscription_of_account(uow.session, account_id=str(quote.account_id))
        if subscription is None or quote.takes_effect_at is None or quote.takes_effect_at > ends[subscription.account_id]:
            continue
        replaced = {
            "quote_id": quote.id,
            "selection": subscription.selection,
            "catalogue_version": subscription.catalogue_version,
            "per_cycle_minor": subscription.per_cycle_minor,
        }
        move_down(uow, subscription, quote, at=ends[subscription.account_id])
        moved[subscription.account_id] = (subscription, replaced)
    return moved


def _next(
    row: Row[*tuple[Any, ...]], moved: tuple[models.Subscription, dict[str, Any]] | None, *, number: int, default: str | None
) -> Mapping[str, Any]:
    on, replaced = (row, None) if moved is None else moved
    selection = _read(row.selection) if moved is None else Selection.read(on.selection)
    if selection.frequency is None:
        raise LookupError(f"{row.account_id} is due without a frequency.")
    period = next_period(
        Period(start=row.period_start, end=row.period_end),
        anchor=row.anchored_at,
        frequency=selection.frequency,
        time_zone=row.time_zone,
    )
    [line] = renewal_lines(Money(amount_minor=on.per_cycle_minor, currency=on.currency), selection=selection, period=period)
    return {
        "account_id": row.account_id,
        "agency_id": row.agency_id,
        "invoice_id": new_id("inv"),
        "number": document_number("INV", number),
        "billing_profile_id": row.billing_profile_id or default,
        "currency": line.amount.currency,
        "per_cycle_minor": line.amount.amount_minor,
        "description": line.description,
        "previous_start": row.period_start,
        "period_start": period.start,
        "period_end": period.end,
        "replaced": replaced,
        "issued_at": row.now,
    }


@lru_cache(maxsize=SELECTIONS)
def _read(selection: str) -> Selection:
    return Selection.read(json.loads(selection))


def _issued(begun: Mapping[str, Any]) -> events.InvoiceIssued:
    return events.InvoiceIssued(
        subject=begun["invoice_id"],
        agency_id=begun["agency_id"],
        invoice_id=begun["invoice_id"],
        number=begun["number"],
        purpose=Purpose.RENEWAL,
        account_id=begun["account_id"],
        billing_profile_id=begun["billing_profile_id"],
        total_minor=begun["per_cycle_minor"],
        currency=begun["currency"],
    )


def show_progress(config: ServiceConfig) -> None:
    """Write how far the run of renewals is."""
    database = Database(config.database_url, pool_size=1, statement_timeout_seconds=60, application_name="comptoir-renewals")
    with Units(database).begin() as uow:
        told = progress(uow)
    database.close()
    since = "" if told["due_since"] is None else f", the longest since {told['due_since'].isoformat()}"
    sys.stdout.write(f"{told['due']} due{since}; {told['renewed']} renewed in the last hour\n")
