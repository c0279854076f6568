"""Changing the settings of an account."""

from typing import Any

from sqlalchemy.exc import IntegrityError

from accounts import clients, domain, errors, events, models
from accounts.domain import Verb
from accounts.usecases.due import account_now
from accounts.usecases.history import note_change
from chassis.unit_of_work import UnitOfWork


def check_billing_profile(billing: clients.Billing, *, agency_id: str, wanted: dict[str, Any]) -> None:
    """Have billing refuse a profile that the agency does not have (`billing_profile_not_found`)."""
    billing_profile_id = wanted.get("billing_profile_id")
    if billing_profile_id is not None:
        billing.billing_profile(agency_id=agency_id, billing_profile_id=billing_profile_id)


def edit_account(
    uow: UnitOfWork, *, agency_id: str, account_id: str, expected_version: int | None, wanted: dict[str, Any], terms: domain.Terms
) -> models.Account:
    """Change the given settings of an account (R0.17, R0.65); what is as wanted already is no change."""
    account, state = account_now(uow, agency_id=agency_id, account_id=account_id)
    domain.allow(state, Verb.EDIT, uow.now)
    domain.check_version(account.version, expected_version)
    if "custom_domain" in wanted:
        wanted = {**wanted, "custom_domain": domain.canonical_domain(wanted["custom_domain"])}
        domain.check_custom_domain(wanted["custom_domain"], hosted_domain=terms.hosted_domain)
    domain.check_settings(wanted)
    changes = domain.changes_of({name: getattr(account, name) for name in wanted}, wanted)
    if not changes:
        return account
    try:
        with uow.session.begin_nested():
            for name, value in changes.items():
                setattr(account, name, value)
            note_change(uow, account, Verb.EDIT)
    except IntegrityError as error:
        raise errors.CustomDomainTaken(custom_domain=changes.get("custom_domain")) from error
    uow.emit(
        events.AccountUpdated(
            subject=account.id,
            agency_id=agency_id,
            account_id=account.id,
            account_name=account.name,
            changes=changes,
            notification_email=account.notification_email,
        )
    )
    return account
