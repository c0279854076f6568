"""Opening an account, and how an opening ends."""

import dataclasses
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy.orm import Session

from accounts import clients, domain, errors, events, models, repository
from accounts.domain import Part, Purpose, Verb
from accounts.usecases.history import note_change
from accounts.usecases.lifecycle import note_paid_period
from accounts.usecases.quotes import get_quote
from accounts.usecases.states import keep, state_of
from chassis.ids import new_id
from chassis.unit_of_work import UnitOfWork
from chassis.wiring import Wiring


def prepare_opening(
    billing: clients.Billing, *, agency_id: str, quote_id: str | None, selection: dict[str, Any] | None, **application: Any
) -> domain.Opening:
    """Check an application by itself, then have billing look for its billing profile, and get its quote and its region from there.

    A paid account needs a billing profile (R0.40), the agency's default where none is chosen, even where prepaid credit would do.
    """
    given = {**application, "custom_domain": domain.canonical_domain(application["custom_domain"])}
    applied = domain.Application(**given)
    domain.check_opening(applied, None if selection is None else domain.Selection(**selection))
    if applied.billing_profile_id is not None:
        billing.billing_profile(agency_id=agency_id, billing_profile_id=applied.billing_profile_id)
    quote = get_quote(billing, agency_id=agency_id, account_id=None, quote_id=quote_id, selection=selection, country=applied.country)
    if applied.billing_profile_id is None and domain.kind_of(quote.selection) is domain.Kind.PAID:
        billing.billing_profile(agency_id=agency_id, billing_profile_id=None)
    region = quote.region if selection is not None else None  # one that was made before may be for another country
    return domain.Opening(application=applied, quote=quote, region=region or billing.region_of(applied.country))


def opening_terms(wiring: Wiring) -> domain.Terms:
    """Read from the environment how accounts are opened here."""
    config = wiring.config
    return domain.Terms(login_url_template=config.hosted_url_template, opening_time=timedelta(seconds=config.provisioning_seconds))


def open_account(uow: UnitOfWork, *, agency_id: str, opening: domain.Opening, terms: domain.Terms) -> models.Account:
    """Accept an account: it is `creating` until it is paid and prepared (decision 0002)."""
    applied, quote = opening.application, opening.quote
    domain.check_custom_domain(applied.custom_domain, hosted_domain=terms.hosted_domain)
    domain.check_quote(quote, purpose=Purpose.ACCOUNT_OPENING, account_id=None, now=uow.now)
    if opening.region is None:
        raise errors.CountryNotServed(given=applied.country)
    notification_email = applied.notification_email or repository.notification_email_of(uow.session, agency_id)
    if notification_email is None:
        raise errors.NotificationEmailMissing
    kind = domain.kind_of(quote.selection)
    account = repository.insert_account(
        uow.session,
        **{**dataclasses.asdict(applied), "notification_email": notification_email},
        id=new_id("acc"),
        agency_id=agency_id,
        login_url=terms.login_url_template.format(name=applied.name),
        kind=kind,
        status=domain.Status.CREATING,
        selection=dataclasses.asdict(quote.selection),
        region=opening.region,
        quote_id=quote.id,
        created_at=uow.now,
        updated_at=uow.now,
    )
    if account is None:
        if repository.quote_is_taken(uow.session, quote.id):
            raise errors.QuoteUsed(quote_id=quote.id)
        if repository.name_is_taken(uow.session, applied.name):
            raise errors.NameTaken(name=applied.name)
        raise errors.CustomDomainTaken(custom_domain=applied.custom_domain)
    opened = {"name": account.name, "kind": account.kind, "status": account.status, "selection": account.selection}
    note_change(uow, account, "open", after=opened)
    missing = sorted(domain.AWAITED[kind])
    uow.session.add(models.Provisioning(account_id=account.id, missing=missing, deadline_at=uow.platform_now + terms.opening_time))
    uow.emit(
        events.AccountRequested(
            subject=account.id,
            agency_id=agency_id,
            account_id=account.id,
            account_name=account.name,
            kind=account.kind,
            selection=account.selection,
            quote_id=account.quote_id,
            billing_profile_id=account.billing_profile_id,
            snapshot_id=account.snapshot_id,
            region=account.region,
            country=account.country,
            language=account.language,
            time_zone=account.time_zone,
            notification_email=account.notification_email,
            client_name=account.client_name,
            client_email=account.client_email,
            requested_at=uow.now,
        )
    )
    return account


def account_without_admin_user(session: Session, *, account_id: str) -> models.Account | None:
    """Find the account, if it is being opened and still waits for its first user."""
    opening = repository.opening_of(session, account_id)
    if opening is None:
        raise errors.AccountNotFound(account_id=account_id)
    provisioning, account = opening
    waits = provisioning.ended_at is None and Part.ADMIN_USER in provisioning.missing
    return account if waits else None


def record_part(uow: UnitOfWork, *, account_id: str, part: Part) -> None:
    """Note that a part of the account is there; the last one opens it."""
    _go_on(uow, account_id, lambda provisioning: domain.with_part(provisioning, part))


def record_admin_user(uow: UnitOfWork, *, account_id: str) -> None:
    """Note that identity has made the first user."""
    record_part(uow, account_id=account_id, part=Part.ADMIN_USER)


def record_workspace(uow: UnitOfWork, *, account_id: str) -> None:
    """Note that snapshots has prepared the workspace."""
    record_part(uow, account_id=account_id, part=Part.WORKSPACE)


def record_payment(uow: UnitOfWork, *, account_id: str | None, purpose: str, period_ends_at: datetime | None = None) -> None:
    """Note that an invoice was paid, and until when with it; only that of an opening is waited for."""
    if account_id is None:
        return
    if purpose == Purpose.ACCOUNT_OPENING:
        repository.opening_for_update(uow.session, account_id)  # both rows at once, as everybody who goes on with an opening locks them
    if period_ends_at is not None:
        note_paid_period(uow, account_id=account_id, period_ends_at=period_ends_at)
    if purpose == Purpose.ACCOUNT_OPENING:
        record_part(uow, account_id=account_id, part=Part.PAYMENT)


def record_grant(uow: UnitOfWork, *, account_id: str | None, period_ends_at: datetime | None) -> None:
    """Note until when an account is paid for whose change of plan cost less than nothing: no invoice says so."""
    if account_id is not None and period_ends_at is not None:
        note_paid_period(uow, account_id=account_id, period_ends_at=period_ends_at)


def record_refused_payment(uow: UnitOfWork, *, account_id: str | None, purpose: str, code: str, reason: str) -> None:
    """Fail the account whose opening could not be paid."""
    if purpose == Purpose.ACCOUNT_OPENING and account_id is not None:
        failure = domain.Failure(code=code, reason=reason)
        _go_on(uow, account_id, lambda provisioning: domain.without_part(provisioning, Part.PAYMENT, failure))


def record_failed_copy(uow: UnitOfWork, *, account_id: str, code: str, reason: str) -> None:
    """Fail the account whose workspace could not be prepared."""
    failure = domain.Failure(code=code, reason=reason)
    _go_on(uow, account_id, lambda provisioning: domain.without_part(provisioning, Part.WORKSPACE, failure))


def give_up_overdue_openings(uow: UnitOfWork, *, limit: int) -> int:
    """Fail at most `limit` accounts whose opening is past its deadline; tell how many.

    The deadline is the platform's patience with itself, so it passes in the platform's time: where an agency's clock stands still, what got
    stuck is given up all the same, and where it leaps, what is under way is left to arrive (decision 0012).
    """
    overdue = repository.overdue_openings(uow.session, now=uow.platform_now, limit=limit)
    for provisioning, account in overdue:
        _move(uow, provisioning, account, domain.given_up)
    return len(overdue)


def _go_on(uow: UnitOfWork, account_id: str, move: Callable[[domain.Provisioning], domain.Provisioning]) -> None:
    opening = repository.opening_for_update(uow.session, account_id)
    if opening is None:
        raise errors.AccountNotFound(account_id=account_id)
    _move(uow, *opening, move)


def _move(
    uow: UnitOfWork,
    provisioning: models.Provisioning,
    account: models.Account,
    move: Callable[[domain.Provisioning], domain.Provisioning],
) -> None:
    """Apply one move to an opening; where it ends, tell how."""
    before = domain.Provisioning(status=account.status, missing=frozenset(provisioning.missing))
    after = move(before)
    provisioning.missing = sorted(after.missing)
    if after.status == before.status:
        return
    now = uow.now_of(account.agency_id)
    provisioning.ended_at = now
    if after.failure is None:
        keep(uow.session, account, domain.activated(state_of(uow.session, account), now))
        account.activated_at = now
        note_change(uow, account, Verb.ACTIVATE)
        uow.emit(
            events.AccountActivated(
                subject=account.id,
                agency_id=account.agency_id,
                account_id=account.id,
                account_name=account.name,
                kind=account.kind,
                selection=account.selection,
                notification_email=account.notification_email,
                activated_at=account.activated_at,
            )
        )
    else:
        account.status = after.status
        account.failure_code, account.failure_reason = after.failure.code, after.failure.reason
        note_change(uow, account, Verb.FAIL)
        uow.emit(
            events.AccountFailed(
                subject=account.id,
                agency_id=account.agency_id,
                account_id=account.id,
                account_name=account.name,
                code=after.failure.code,
                reason=after.failure.reason,
                notification_email=account.notification_email,
            )
        )
