"""Handing an account over."""

from accounts import domain, models
from accounts.domain import Verb
from accounts.usecases.history import existing_account
from accounts.usecases.states import state_of
from chassis.unit_of_work import UnitOfWork


def account_to_claim(uow: UnitOfWork, *, agency_id: str, account_id: str) -> models.Account:
    """Find the account whose credentials are asked for; refuse where the lifecycle does not allow to claim them."""
    account = existing_account(uow.session, agency_id=agency_id, account_id=account_id)
    domain.allow(state_of(uow.session, account), Verb.CLAIM_CREDENTIALS, uow.now)
    return account
