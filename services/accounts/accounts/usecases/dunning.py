"""What billing tells of overdue invoices: an account is suspended by it, comes back, or expires. In any order, and more than once."""

from accounts import domain, models, repository
from accounts.domain import DunningOutcome, SuspensionReason, Verb
from accounts.usecases.due import catch_up
from accounts.usecases.lifecycle import expire_unpaid_account
from accounts.usecases.suspensions import lift_suspension, suspend_account
from chassis.unit_of_work import UnitOfWork


def follow_dunning(uow: UnitOfWork, *, agency_id: str, account_id: str, outcome: str, sequence: int) -> None:
    """Follow a step of the dunning of one of the account's invoices; `sequence` says which of them is the newest, whatever comes last.

    What the table does not allow in the account's status changes nothing, and neither does what a former agency owes.
    """
    followed = domain.outcome_of(outcome)
    account = repository.account_for_update(uow.session, agency_id=agency_id, account_id=account_id)
    if followed is None or account is None or sequence <= account.dunning_sequence:
        return
    account.dunning_sequence = sequence
    match followed:
        case DunningOutcome.SUSPENDED if _allows(uow, account, Verb.SUSPEND):
            message = domain.message_for(account.language)
            suspend_account(uow, agency_id=agency_id, account_id=account_id, reason=SuspensionReason.PAYMENT, message=message)
        case DunningOutcome.RECOVERED if _allows(uow, account, Verb.LIFT):
            lift_suspension(uow, agency_id=agency_id, account_id=account_id, reason=SuspensionReason.PAYMENT)
        case DunningOutcome.EXHAUSTED:
            expire_unpaid_account(uow, account_id=account_id)


def _allows(uow: UnitOfWork, account: models.Account, verb: Verb) -> bool:
    return domain.decide(catch_up(uow, account), verb, uow.now_of(account.agency_id)).allowed
