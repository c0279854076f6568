"""Checking that custom domains point at their accounts."""

from dataclasses import dataclass

from sqlalchemy.orm import Session

from accounts import clients, domain, errors, models, repository
from accounts.domain import CheckState, Verb
from accounts.usecases.due import account_now
from accounts.usecases.history import existing_account
from chassis.unit_of_work import UnitOfWork


@dataclass(frozen=True, kw_only=True)
class DueCheck:
    """A look-up to be made again."""

    account_id: str
    account_name: str
    custom_domain: str


def domain_check(session: Session, *, agency_id: str, account_id: str, terms: domain.Terms) -> dict[str, object]:
    """Show how the check of the account's custom domain stands (R0.22, R0.114)."""
    found = repository.account_with_check(session, agency_id=agency_id, account_id=account_id)
    if found is None:
        raise errors.AccountNotFound(account_id=account_id)
    return _shown(*found, terms=terms)


def domain_to_check(session: Session, *, agency_id: str, account_id: str) -> str:
    """Tell which domain is to be looked up; refuse where the account has none."""
    account = existing_account(session, agency_id=agency_id, account_id=account_id)
    if account.custom_domain is None:
        raise errors.CustomDomainMissing
    return account.custom_domain


def start_domain_check(
    uow: UnitOfWork, *, agency_id: str, account_id: str, custom_domain: str, found: clients.LookUp, terms: domain.Terms
) -> dict[str, object]:
    """Keep what the first look-up of a check found; where it is not verified, more follow hourly for three days."""
    account, state = account_now(uow, agency_id=agency_id, account_id=account_id)
    domain.allow(state, Verb.EDIT, uow.now)
    if account.custom_domain != custom_domain:
        raise errors.CustomDomainChanged(custom_domain=custom_domain)
    check = repository.check_for_update(uow.session, account_id)
    if check is None:
        check = models.DomainCheck(account_id=account_id)
        uow.session.add(check)
    check.custom_domain, check.started_at = custom_domain, uow.platform_now
    _judge(uow, check, account.name, found, terms)
    return _shown(account, check, terms=terms)


def claim_due_domain_checks(uow: UnitOfWork, *, limit: int) -> list[DueCheck]:
    """Take at most `limit` look-ups that are due; where one is lost with its process, the next is an hour later."""
    due: list[DueCheck] = []
    for check, account in repository.overdue_checks(uow.session, now=uow.platform_now, limit=limit):
        check.next_check_at = uow.platform_now + domain.RECHECK_AFTER
        due.append(DueCheck(account_id=check.account_id, account_name=account.name, custom_domain=check.custom_domain))
    return due


def record_domain_check(uow: UnitOfWork, *, due: DueCheck, found: clients.LookUp, terms: domain.Terms) -> None:
    """Keep what a further look-up found, unless the check is of another domain or at its end by now."""
    check = repository.check_for_update(uow.session, due.account_id)
    if check is not None and (check.custom_domain, check.state) == (due.custom_domain, CheckState.PENDING):
        _judge(uow, check, due.account_name, found, terms)


def _judge(uow: UnitOfWork, check: models.DomainCheck, account_name: str, found: clients.LookUp, terms: domain.Terms) -> None:
    verdict = domain.verdict_on(
        custom_domain=check.custom_domain,
        expected=terms.host_of(account_name),
        target=found.target,
        fault=found.fault,
        started_at=check.started_at,
        now=uow.platform_now,
    )
    check.state, check.code, check.reason = verdict.state, verdict.code, verdict.reason
    check.next_check_at, check.checked_at = verdict.next_check_at, uow.platform_now


def _shown(account: models.Account, check: models.DomainCheck | None, *, terms: domain.Terms) -> dict[str, object]:
    names = ("code", "reason", "started_at", "checked_at", "next_check_at")
    return {
        "account_id": account.id,
        "custom_domain": account.custom_domain,
        "expected_target": terms.host_of(account.name),
        "state": CheckState.NONE if check is None else check.state,
        **{name: None if check is None else getattr(check, name) for name in names},
    }
