"""What becomes of subscriptions beside their plan: renewed or not, paid by which profile, whose. Facts come in any order."""

from datetime import datetime
from typing import Any

from billing import errors, models, repository
from billing.domain.catalogue import Selection
from billing.domain.offer import opening_offer
from billing.domain.standing import Standing, follows
from billing.usecases import dunning
from billing.usecases.agencies import known_agency
from billing.usecases.billing_profiles import billing_profile
from billing.usecases.on_sale import catalogue_of
from chassis.money import Money
from chassis.unit_of_work import UnitOfWork


def cancel_subscription(uow: UnitOfWork, *, agency_id: str, account_id: str, as_of: datetime, expires_at: datetime | None = None) -> None:
    """Note that no further period follows (R0.100); nothing is given back of what runs, which is usable until `expires_at`.

    A period that was begun after that, because this was heard too late, is taken back. Raises `AccountNotFound`.
    """
    subscription = _note(uow, Standing.CANCELLED, agency_id=agency_id, account_id=account_id, as_of=as_of)
    if subscription is not None and subscription.standing != Standing.RENEWED:
        take_back_renewals(uow, subscription, since=expires_at or as_of)


def resume_subscription(uow: UnitOfWork, *, agency_id: str, account_id: str, as_of: datetime) -> None:
    """Note that it is renewed again. Raises `AccountNotFound`."""
    _note(uow, Standing.RENEWED, agency_id=agency_id, account_id=account_id, as_of=as_of)


def renew_subscription(uow: UnitOfWork, *, agency_id: str, account_id: str, billing_profile_id: str | None, as_of: datetime) -> None:
    """Go on with what is paid for already (R0.91), and be paid by this profile from now on (R0.89).

    Raises `AccountNotFound`, `BillingProfileNotFound`.
    """
    change_paying_profile(uow, agency_id=agency_id, account_id=account_id, billing_profile_id=billing_profile_id, as_of=as_of)
    resume_subscription(uow, agency_id=agency_id, account_id=account_id, as_of=as_of)


def end_subscription(uow: UnitOfWork, *, agency_id: str, account_id: str, as_of: datetime, expired_at: datetime | None = None) -> None:
    """Note that the account expired or was archived: it comes back by a new period only.

    A period that was begun after `expired_at` is taken back, and so is what is overdue. Raises `AccountNotFound`.
    """
    subscription = _note(uow, Standing.ENDED, agency_id=agency_id, account_id=account_id, as_of=as_of)
    if subscription is not None and subscription.standing != Standing.RENEWED:
        if expired_at is not None:
            take_back_renewals(uow, subscription, since=expired_at)
        dunning.drop_all(uow, account_id=account_id, agency_id=subscription.agency_id)


def change_paying_profile(uow: UnitOfWork, *, agency_id: str, account_id: str, billing_profile_id: str | None, as_of: datetime) -> None:
    """Have the subscription paid by this profile from now on (R0.65); None: by whichever is the default then.

    Raises `AccountNotFound`, and `BillingProfileNotFound` for one that is not the agency's.
    """
    subscription = subscription_told_of(uow, agency_id=agency_id, account_id=account_id, as_of=as_of)
    if subscription is None:
        return
    if billing_profile_id is not None and subscription.agency_id == agency_id:
        if repository.was_removed(uow.session, agency_id=agency_id, billing_profile_id=billing_profile_id):
            billing_profile_id = None  # since accounts checked it: the default pays
        else:
            billing_profile(uow.session, agency_id=agency_id, billing_profile_id=billing_profile_id)
            repository.hold_profile(uow.session, billing_profile_id=billing_profile_id)
    pay_by(subscription, billing_profile_id=billing_profile_id, as_of=as_of)
    dunning.retry_for_account(uow, agency_id=agency_id, account_id=account_id)


def take_back_renewals(uow: UnitOfWork, subscription: models.Subscription, *, since: datetime) -> None:
    """Take back every period that the run of renewals began at that moment or later: its invoice, and what the renewal changed."""
    for renewal in repository.renewals_from(uow.session, account_id=subscription.account_id, moment=since):
        if renewal.period_start != subscription.period_start:
            continue  # another change began a period since: what it replaced is settled with it
        subscription.period_start, subscription.period_end = renewal.previous_start, renewal.period_start
        if renewal.replaced is not None:
            undo_move(uow, subscription, renewal.replaced)
        repository.remove_renewal(uow.session, renewal)
        dunning.drop(uow, invoice=repository.invoice(uow.session, invoice_id=renewal.invoice_id))


def undo_move(uow: UnitOfWork, subscription: models.Subscription, replaced: dict[str, Any]) -> None:
    """Put the subscription back on what it was on before a scheduled change of plan, whose quote waits again."""
    quote = repository.quote_of_account_for_update(uow.session, account_id=subscription.account_id, quote_id=replaced["quote_id"])
    if quote is not None:
        quote.used_by_account_id = quote.used_at = None
    subscription.selection, subscription.catalogue_version = replaced["selection"], replaced["catalogue_version"]
    subscription.per_cycle_minor = replaced["per_cycle_minor"]
    subscription.changes -= 1


def move_subscription(uow: UnitOfWork, *, account_id: str, to_agency_id: str, as_of: datetime) -> None:
    """Carry the subscription over to another agency (R0.56), at that agency's terms and paid by its default profile, if it has one.

    What was issued stays with the former agency: its invoices, quotes and profiles. Raises `AccountNotFound`, `AgencyNotKnownYet`.
    """
    account = repository.account_known_for_update(uow.session, account_id=account_id)
    if account is None:
        raise errors.AccountNotFound(account_id=account_id)
    if account.moved_at is not None and account.moved_at >= as_of:
        return
    agency = known_agency(repository.agency(uow.session, agency_id=to_agency_id), agency_id=to_agency_id)
    account.agency_id, account.moved_at = agency.id, as_of
    subscription = _subscription_of(uow, account)
    if subscription is None:
        return
    profile = repository.default_billing_profile(uow.session, agency_id=agency.id)
    subscription.agency_id = agency.id
    pay_by(subscription, billing_profile_id=None if profile is None else profile.id, as_of=as_of)
    price_for(uow, subscription, agency=agency)


def price_for(uow: UnitOfWork, subscription: models.Subscription, *, agency: models.Agency) -> None:
    """Set what a cycle of the subscription costs this agency, by the catalogue that the subscription stands on."""
    price = price_of_cycle(uow, agency=agency, selection=subscription.selection, catalogue_version=subscription.catalogue_version)
    subscription.currency, subscription.per_cycle_minor = price.currency, price.amount_minor


def price_of_cycle(uow: UnitOfWork, *, agency: models.Agency, selection: dict[str, Any], catalogue_version: int) -> Money:
    """Say what a cycle of the selection costs the agency by that catalogue."""
    on_sale = catalogue_of(uow.session, version=catalogue_version)
    offer = opening_offer(
        on_sale,
        selection=Selection.read(selection),
        currency=agency.currency,
        discount_basis_points=agency.discount_basis_points,
    )
    return offer.per_cycle


def subscription_told_of(uow: UnitOfWork, *, agency_id: str, account_id: str, as_of: datetime) -> models.Subscription | None:
    """Lock the account that a fact of the moment `as_of` is about, and give its subscription; None where the account failed.

    What was told while the account was a former agency's is still true of it. Raises `AccountNotFound` for what has not been heard of
    yet, or is another agency's: the fact comes again.
    """
    account = repository.account_known_for_update(uow.session, account_id=account_id)
    if account is None:
        raise errors.AccountNotFound(account_id=account_id)
    is_past = account.moved_at is not None and as_of <= account.moved_at
    if account.agency_id != agency_id and not is_past:
        raise errors.AccountNotFound(account_id=account_id)
    return _subscription_of(uow, account)


def note_standing(subscription: models.Subscription, standing: Standing, *, as_of: datetime) -> None:
    """Keep whether the subscription is renewed, unless something newer is known."""
    if follows(standing, at=as_of, known=Standing(subscription.standing), since=subscription.standing_as_of):
        subscription.standing, subscription.standing_as_of = standing, as_of


def pay_by(subscription: models.Subscription, *, billing_profile_id: str | None, as_of: datetime) -> None:
    """Keep by which profile the subscription pays, unless something newer is known."""
    if subscription.billing_profile_as_of is None or subscription.billing_profile_as_of <= as_of:
        subscription.billing_profile_id, subscription.billing_profile_as_of = billing_profile_id, as_of


def _note(uow: UnitOfWork, standing: Standing, *, agency_id: str, account_id: str, as_of: datetime) -> models.Subscription | None:
    subscription = subscription_told_of(uow, agency_id=agency_id, account_id=account_id, as_of=as_of)
    if subscription is not None:
        note_standing(subscription, standing, as_of=as_of)
    return subscription


def _subscription_of(uow: UnitOfWork, account: models.Account) -> models.Subscription | None:
    subscription = repository.subscription_of_account(uow.session, account_id=account.id)
    if subscription is None and account.failed_at is None:
        raise errors.AccountNotFound(account_id=account.id)
    return subscription
