"""What the pages of an account show to whoever comes to its host."""

from accounts import domain, errors, models, repository
from accounts.domain import State, SuspensionReason, Verb
from accounts.usecases.states import state_of
from chassis.unit_of_work import UnitOfWork


def account_page(uow: UnitOfWork, *, name: str | None, custom_domain: str | None) -> dict[str, object]:
    """Show what the pages of the account of this name are decided by, now in its agency's time: what is due counts as done.

    Or those of the account that this custom domain was verified for (R0.114), and is still that of.

    `can_log_in`: its own users, until it expires (R0.98); `agency_can_log_in`: the agency by SSO. `agency_email` is the first contact of
    its users, for help and for billing (R0.70, R0.72). Raises `NoAccountOfName`.
    """
    if custom_domain is not None:
        account = repository.account_of_verified_domain(uow.session, custom_domain)
    else:
        account = None if name is None else repository.account_of_name(uow.session, name)
    if account is None:
        raise errors.NoAccountOfName(name=custom_domain or name)
    now = uow.now_of(account.agency_id)
    state = domain.settled(state_of(uow.session, account), now)
    return {
        "account_id": account.id,
        "agency_id": account.agency_id,
        "name": account.name,
        "status": state.status,
        "language": account.language,
        "can_log_in": domain.decide(state, Verb.OWN_LOG_IN, now).allowed,
        "agency_can_log_in": domain.decide(state, Verb.LOG_IN, now).allowed,
        "message": _message(uow, account, state),
        "agency_email": account.notification_email,
        "brand": repository.look_of(uow.session, account.id),
    }


def _message(uow: UnitOfWork, account: models.Account, state: State) -> str | None:
    """Give what the agency says about its suspension, if one of its own is in force, else what is said where a payment is overdue."""
    told = {each.reason: each.message for each in repository.suspensions_of(uow.session, account.id) if each.reason in state.suspensions}
    return told.get(SuspensionReason.AGENCY, told.get(SuspensionReason.PAYMENT))
