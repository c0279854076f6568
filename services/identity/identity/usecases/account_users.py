"""The users of accounts: the first one, and its credentials."""

from sqlalchemy.orm import Session

from chassis.ids import new_id
from chassis.unit_of_work import UnitOfWork
from identity import domain, errors, models, repository


def prepare_admin_user(uow: UnitOfWork, *, agency_id: str, account_id: str) -> models.AccountUser:
    """Make the first user of the account, without a password; where there is one, give that (R0.79).

    Raises `AccountFailed` where the account's failure is known already, `AccountUserNotFound` where the account is another agency's.
    """
    account = repository.account_for_update(uow.session, account_id=account_id, now=uow.now)
    if account.failed_at is not None:
        raise errors.AccountFailed(account_id=account_id)
    user = repository.account_user(uow.session, account_id=account_id, username=domain.ADMIN_USERNAME)
    if user is None:
        user = models.AccountUser(
            id=new_id("usr"),
            agency_id=agency_id,
            account_id=account_id,
            username=domain.ADMIN_USERNAME,
            role=domain.Role.ADMIN,
            created_at=uow.now,
        )
        uow.session.add(user)
    return _owned(user, agency_id=agency_id, account_id=account_id)


def drop_failed_account(uow: UnitOfWork, *, account_id: str) -> None:
    """Forget the users of an account that failed, and remember the failure: preparing may be asked for later than this is heard."""
    account = repository.account_for_update(uow.session, account_id=account_id, now=uow.now)
    account.failed_at = uow.now
    repository.delete_account_users(uow.session, account_id=account_id)


def refuse_unclaimable(session: Session, *, agency_id: str, account_id: str) -> None:
    """Raise what `claim_credentials` would, before a password is hashed for nothing."""
    user = repository.account_user(session, account_id=account_id, username=domain.ADMIN_USERNAME)
    _claimable(user, agency_id=agency_id, account_id=account_id)


def new_password() -> str:
    """Draw a password, kept nowhere yet."""
    return domain.readable_password()


def claim_credentials(uow: UnitOfWork, *, agency_id: str, account_id: str, password: str, password_hash: str) -> domain.Credentials:
    """Give the account's first user its password, once (R0.50-R0.52); only `password_hash` is kept.

    Raises `AccountUserNotFound`, and `CredentialsAlreadyClaimed` for everybody but the first of any number of callers.
    """
    user = repository.account_user_for_update(uow.session, account_id=account_id, username=domain.ADMIN_USERNAME)
    claimed = _claimable(user, agency_id=agency_id, account_id=account_id)
    claimed.password_hash = password_hash
    claimed.credentials_claimed_at = uow.now
    return domain.Credentials(username=claimed.username, password=password)


def _owned(user: models.AccountUser | None, *, agency_id: str, account_id: str) -> models.AccountUser:
    if user is None or user.agency_id != agency_id:
        raise errors.AccountUserNotFound(account_id=account_id, username=domain.ADMIN_USERNAME)
    return user


def _claimable(user: models.AccountUser | None, *, agency_id: str, account_id: str) -> models.AccountUser:
    owned = _owned(user, agency_id=agency_id, account_id=account_id)
    if owned.credentials_claimed_at is not None:
        raise errors.CredentialsAlreadyClaimed(account_id=account_id)
    return owned
