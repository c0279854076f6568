"""The users of accounts: the first one and its credentials, and those who follow (R3.4, R3.5)."""

from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy.orm import Session

from chassis.errors import VersionMismatch
from chassis.idempotency import Answer
from chassis.ids import new_id
from chassis.paging import Page
from chassis.unit_of_work import UnitOfWork
from identity import clients, domain, errors, models, repository


@dataclass(frozen=True, kw_only=True)
class NewUser:
    """A drafted user and the hash of its password: all of the password that is kept."""

    draft: domain.DraftUser
    password_hash: str = field(repr=False)


def prepare_admin_user(
    uow: UnitOfWork,
    *,
    agency_id: str,
    account_id: str,
    email: str | None = None,
    account_name: str | None = None,
    language: str | None = None,
) -> models.AccountUser:
    """Make the first user of the account, without a password; where there is one, give that (R0.79).

    `email` is where the link for a forgotten password goes, in `language`, to a page of the account's host `account_name`.

    Raises `AccountFailed` where the account's failure is known already, `AccountUserNotFound` where the account is another agency's.
    """
    account = repository.account_for_update(uow.session, account_id=account_id, now=uow.platform_now)
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
            created_at=uow.platform_now,
        )
        uow.session.add(user)
    owned = _owned(user, agency_id=agency_id, account_id=account_id)
    account.name, account.language = account.name or account_name, account.language or language
    if owned.email is None and email is not None:
        owned.email = domain.folded(email)
    return owned


def drop_failed_account(uow: UnitOfWork, *, account_id: str) -> None:
    """Forget the users of an account that failed, and remember the failure: preparing may be asked for later than this is heard."""
    account = repository.account_for_update(uow.session, account_id=account_id, now=uow.platform_now)
    account.failed_at = uow.platform_now
    repository.delete_account_users(uow.session, account_id=account_id)


def move_account(uow: UnitOfWork, *, account_id: str, to_agency_id: str, completed_at: datetime) -> None:
    """Follow from a completed transfer: the account's users are the new agency's, and the former one is out (R0.56).

    People stay logged in who gave a password. A later transfer that was heard of first stays. Raises `AccountNotFound` where the first
    user has not been prepared yet: the fact comes again.
    """
    account = repository.account_for_update(uow.session, account_id=account_id, now=uow.platform_now)
    if account.moved_at is not None and completed_at <= account.moved_at:
        return
    if repository.agency_of_account(uow.session, account_id=account_id) is None:
        raise errors.AccountNotFound(account_id=account_id)
    account.moved_at = completed_at
    repository.move_account_users(uow.session, account_id=account_id, agency_id=to_agency_id)
    repository.close_ways_in_by_link(uow.session, account_id=account_id, now=uow.platform_now)


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
    claimed.credentials_claimed_at = claimed.password_changed_at = uow.platform_now
    return domain.Credentials(username=claimed.username, password=password)


def refuse_unissuable(session: Session, *, agency_id: str, account_id: str) -> None:
    """Raise what `issue_credentials` would, before a password is hashed for nothing."""
    user = repository.account_user(session, account_id=account_id, username=domain.ADMIN_USERNAME)
    if user is not None:
        _issuable(user, agency_id=agency_id, account_id=account_id)


def issue_credentials(
    uow: UnitOfWork, *, agency_id: str, account_id: str, password: str, password_hash: str, **about: str | None
) -> domain.Credentials:
    """Give the account's first user a password as the account is opened; it is made where there is none yet (`about` it).

    Asked again, it is another password, as long as nobody has set one: what was given is kept nowhere. It counts as claimed (R0.52).
    Raises what `prepare_admin_user` raises, and `CredentialsAlreadyClaimed`.
    """
    user = prepare_admin_user(uow, agency_id=agency_id, account_id=account_id, **about)
    issued = _issuable(user, agency_id=agency_id, account_id=account_id)
    issued.password_hash = password_hash
    issued.credentials_claimed_at = issued.password_changed_at = uow.platform_now
    return domain.Credentials(username=issued.username, password=password)


def account_users(session: Session, *, agency_id: str, account_id: str, limit: int, cursor: str | None) -> Page[models.AccountUser]:
    """List the account's users, newest first. Raises `AccountNotFound` and `InvalidCursor`."""
    _refuse_others_account(session, agency_id=agency_id, account_id=account_id)
    return repository.account_users(session, account_id=account_id, limit=limit, cursor=cursor)


def account_user(session: Session, *, agency_id: str, account_id: str, user_id: str) -> models.AccountUser:
    """Give the account's user; raises `AccountNotFound` and `UserOfAccountNotFound`."""
    _refuse_others_account(session, agency_id=agency_id, account_id=account_id)
    user = repository.user_of_account(session, account_id=account_id, user_id=user_id)
    if user is None:
        raise errors.UserOfAccountNotFound(user_id=user_id)
    return user


def draft_account_user(passwords: clients.Passwords) -> NewUser:
    """Draw a user's id and password, kept nowhere yet."""
    draft = domain.draft_user()
    return NewUser(draft=draft, password_hash=passwords.hash(draft.password))


def create_account_user(
    uow: UnitOfWork, *, agency_id: str, account_id: str, username: str, email: str, name: str | None, role: str, new: NewUser
) -> models.AccountUser:
    """Keep the drafted user, all but its password (R3.5).

    Raises `AccountNotFound`, `UsernameTaken` and `EmailTaken`.
    """
    repository.account_for_update(uow.session, account_id=account_id, now=uow.platform_now)
    _refuse_others_account(uow.session, agency_id=agency_id, account_id=account_id)
    kept_as = domain.folded(username)
    if repository.account_user(uow.session, account_id=account_id, username=kept_as) is not None:
        raise errors.UsernameTaken(username=kept_as)
    user = models.AccountUser(
        id=new.draft.id,
        agency_id=agency_id,
        account_id=account_id,
        username=kept_as,
        email=_free_email(uow, account_id=account_id, email=email),
        name=name,
        role=role,
        password_hash=new.password_hash,
        password_changed_at=uow.platform_now,
        created_at=uow.platform_now,
    )
    uow.session.add(user)
    return user


def reveal_password(answer: Answer, *, new: NewUser) -> Answer:
    """Add the password to the answer that created the user; to the answer of a repetition, which kept another draft, add null."""
    return Answer({**answer, "password": new.draft.password if answer["id"] == new.draft.id else None})


def update_account_user(
    uow: UnitOfWork,
    *,
    agency_id: str,
    account_id: str,
    user_id: str,
    email: str | None,
    name: str | None,
    role: str | None,
    expected_version: int | None,
) -> models.AccountUser:
    """Change a user's address, name or role; None leaves a value as it is. Links that went to the old address open nothing any more.

    `expected_version` None: whichever there is. Raises `AccountNotFound`, `UserOfAccountNotFound`, `VersionMismatch`, `EmailTaken` and
    `LastAdmin`.
    """
    repository.account_for_update(uow.session, account_id=account_id, now=uow.platform_now)
    user = account_user(uow.session, agency_id=agency_id, account_id=account_id, user_id=user_id)
    if expected_version not in (None, user.version):
        raise VersionMismatch
    if role is not None and role != domain.Role.ADMIN:
        _refuse_last_admin(uow, user)
    if email is not None and domain.folded(email) != user.email:
        user.email = _free_email(uow, account_id=account_id, email=email)
        repository.use_resets_up(uow.session, user_id=user_id, now=uow.platform_now)
    user.name = name or user.name
    user.role = role or user.role
    return user


def remove_account_user(uow: UnitOfWork, *, agency_id: str, account_id: str, user_id: str) -> models.AccountUser:
    """Remove a user, its sessions and its links with it; give it as it was.

    Raises `AccountNotFound`, `UserOfAccountNotFound` and `LastAdmin`.
    """
    repository.account_for_update(uow.session, account_id=account_id, now=uow.platform_now)
    user = account_user(uow.session, agency_id=agency_id, account_id=account_id, user_id=user_id)
    _refuse_last_admin(uow, user)
    uow.session.delete(user)
    return user


def _refuse_others_account(session: Session, *, agency_id: str, account_id: str) -> None:
    if repository.agency_of_account(session, account_id=account_id) != agency_id:
        raise errors.AccountNotFound(account_id=account_id)


def _refuse_last_admin(uow: UnitOfWork, user: models.AccountUser) -> None:
    if user.role == domain.Role.ADMIN and repository.count_admins(uow.session, account_id=user.account_id) == 1:
        raise errors.LastAdmin(username=user.username)


def _free_email(uow: UnitOfWork, *, account_id: str, email: str) -> str:
    kept_as = domain.folded(email)
    if repository.user_of_account_by_email(uow.session, account_id=account_id, email=kept_as) is not None:
        raise errors.EmailTaken(email=kept_as)
    return kept_as


def _owned(user: models.AccountUser | None, *, agency_id: str, account_id: str) -> models.AccountUser:
    if user is None or user.agency_id != agency_id:
        raise errors.AccountUserNotFound(account_id=account_id, username=domain.ADMIN_USERNAME)
    return user


def _claimable(user: models.AccountUser | None, *, agency_id: str, account_id: str) -> models.AccountUser:
    owned = _owned(user, agency_id=agency_id, account_id=account_id)
    if owned.credentials_claimed_at is not None:
        raise errors.CredentialsAlreadyClaimed(account_id=account_id)
    return owned


def _issuable(user: models.AccountUser, *, agency_id: str, account_id: str) -> models.AccountUser:
    owned = _owned(user, agency_id=agency_id, account_id=account_id)
    if owned.password_changed_at != owned.credentials_claimed_at:
        raise errors.CredentialsAlreadyClaimed(account_id=account_id)
    return owned
