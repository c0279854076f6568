"""The run of renewals: every account on its own day, however many share a billing profile (R0.59, R0.61)."""

from billing import models, repository
from billing.domain.catalogue import Selection
from billing.domain.invoice import Purpose, renewal_lines
from billing.domain.period import Period, next_period
from billing.usecases.billing_profiles import paying_profile
from billing.usecases.invoices import issue
from billing.usecases.plan_changes import move_down
from chassis.money import Money
from chassis.unit_of_work import UnitOfWork


def renew_due_subscriptions(uow: UnitOfWork, *, limit: int) -> int:
    """Begin the next period of at most `limit` subscriptions whose period is over, and invoice it; tell of how many.

    Disabled accounts are renewed like others (R0.60); cancelled and ended ones are not. One that was away for several periods is renewed
    for one after the other, by as many calls.
    """
    due = repository.subscriptions_due(uow.session, platform_now=uow.platform_now, limit=limit)
    for subscription in due:
        _renew(uow, subscription)
    return len(due)


def _renew(uow: UnitOfWork, subscription: models.Subscription) -> None:
    if subscription.period_start is None or subscription.period_end is None:
        raise LookupError(f"{subscription.account_id} is due without a period.")
    quote = repository.waiting_quote(uow.session, account_id=subscription.account_id, at=subscription.period_end)
    if quote is not None:
        move_down(uow, subscription, quote, at=subscription.period_end)
    selection = Selection.read(subscription.selection)
    if selection.frequency is None:
        raise LookupError(f"{subscription.account_id} is due without a frequency.")
    period = next_period(
        Period(start=subscription.period_start, end=subscription.period_end),
        anchor=subscription.anchored_at,
        frequency=selection.frequency,
        time_zone=subscription.time_zone,
    )
    profile = paying_profile(uow.session, agency_id=subscription.agency_id, billing_profile_id=subscription.billing_profile_id)
    subscription.period_start, subscription.period_end = period.start, period.end
    issue(
        uow,
        agency_id=subscription.agency_id,
        purpose=Purpose.RENEWAL,
        lines=renewal_lines(
            Money(amount_minor=subscription.per_cycle_minor, currency=subscription.currency), selection=selection, period=period
        ),
        billing_profile_id=profile.id,
        account_id=subscription.account_id,
    )
