"""Logging in and out: attempts at a password, sessions, and the agency's login links."""

from dataclasses import dataclass, field
from datetime import datetime
from math import ceil

from chassis.ids import new_id
from chassis.unit_of_work import UnitOfWork, Units
from identity import clients, domain, errors, events, models, repository

DELETED_AT_ONCE = 5_000


@dataclass(frozen=True, kw_only=True)
class OpenedSession:
    """A session with its token, which is for its holder alone."""

    session_token: str = field(repr=False)
    expires_at: datetime
    via: str
    user: models.AccountUser


@dataclass(frozen=True, kw_only=True)
class ProvenPassword:
    """A password that was right when it was looked at, and the attempt that it was."""

    user_id: str
    username: str
    account_id: str
    password_hash: str = field(repr=False)
    attempt: domain.Attempt


@dataclass(frozen=True, kw_only=True)
class IssuedLink:
    """A login link's token, which is for whoever asked alone, and how long it is good for."""

    token: str = field(repr=False)
    expires_at: datetime


def log_in(work: Units, passwords: clients.Passwords, *, account_id: str, username: str, password: str, pepper: bytes) -> OpenedSession:
    """Open a session for whoever knows a username and its password. Raises `LoginFailed` and `LoginLocked` (R0.80-R0.83)."""
    proven = prove_password(work, passwords, account_id=account_id, username=domain.folded(username), password=password)
    with work.begin() as uow:
        return open_session(uow, user=accept(uow, proven), via=domain.Via.PASSWORD, pepper=pepper)


def prove_password(work: Units, passwords: clients.Passwords, *, account_id: str, username: str, password: str) -> ProvenPassword:
    """Try a password. It counts as wrong before it is looked at, outside of any transaction, and as right once it is accepted.

    Whether there is such a user, and whether it is locked, changes neither the steps nor the time they take: where nothing may match,
    nobody's hash is looked at. It is counted in the agency's time. Raises `LoginFailed`, and `LoginLocked` from the fifth wrong one on.
    """
    with work.begin() as uow:
        row = repository.tally_for_update(uow.session, account_id=account_id, username=username, now=uow.platform_now)
        attempt = domain.begin_attempt(_tally(row), now=uow.now)
        _keep(row, attempt.tally)
        user = repository.account_user(uow.session, account_id=account_id, username=username)
    password_hash = user.password_hash if user is not None and attempt.may_succeed else None
    if passwords.matches(password, password_hash) and user is not None and password_hash is not None:
        return ProvenPassword(user_id=user.id, username=username, account_id=account_id, password_hash=password_hash, attempt=attempt)
    locked_until = attempt.tally.locked_until
    if locked_until is None:
        raise errors.LoginFailed
    with work.begin() as uow:
        if attempt.may_succeed:
            _tell_lock(uow, account_id=account_id, username=None if user is None else username, locked_until=locked_until)
        seconds_left = max(ceil((locked_until - uow.now).total_seconds()), 0)  # its clock may have leapt meanwhile
    raise errors.LoginLocked(until=locked_until.isoformat(), retry_after_seconds=seconds_left)


def accept(uow: UnitOfWork, proven: ProvenPassword) -> models.AccountUser:
    """Forget the wrong attempts, and give the user, locked; raises `LoginFailed` where its password was changed since it was proven."""
    row = repository.tally_for_update(uow.session, account_id=proven.account_id, username=proven.username, now=uow.platform_now)
    user = repository.user_for_update(uow.session, user_id=proven.user_id)
    if user is None or user.password_hash != proven.password_hash:
        raise errors.LoginFailed
    _keep(row, domain.after_success(_tally(row), attempt=proven.attempt))
    return user


def open_session(uow: UnitOfWork, *, user: models.AccountUser, via: domain.Via, pepper: bytes) -> OpenedSession:
    """Open a session of the user; all of its token that is kept is a keyed digest."""
    token = domain.new_token()
    expires_at = uow.platform_now + domain.SESSION_LASTS
    uow.session.add(
        models.LoginSession(
            id=new_id("ses"),
            user_id=user.id,
            keyed_digest=domain.keyed_digest(pepper=pepper, digest=domain.digest_of(token)),
            via=via,
            created_at=uow.platform_now,
            expires_at=expires_at,
        )
    )
    return OpenedSession(session_token=token, expires_at=expires_at, via=via, user=user)


def session(uow: UnitOfWork, *, token_digest: str, pepper: bytes) -> models.LoginSession:
    """Give the session whose token's SHA-256 in hexadecimal is `token_digest`, with its user; raises `InvalidSession`."""
    keyed_digest = domain.keyed_digest(pepper=pepper, digest=token_digest)
    found = repository.live_session(uow.session, keyed_digest=keyed_digest, now=uow.platform_now)
    if found is None:
        raise errors.InvalidSession
    return found


def log_out(uow: UnitOfWork, *, token_digest: str, pepper: bytes) -> None:
    """End the session; nothing where it has ended, or never was."""
    repository.end_session(uow.session, keyed_digest=domain.keyed_digest(pepper=pepper, digest=token_digest), now=uow.platform_now)


def create_login_link(uow: UnitOfWork, *, agency_id: str, account_id: str, pepper: bytes) -> IssuedLink:
    """Make a link by which the agency gets in as the account's admin, once, within a minute (R0.15, R0.79, R0.97).

    Whether the account's status lets it in is for the caller to know (R0.98). Raises `AccountNotFound`.
    """
    admin = repository.first_admin(uow.session, account_id=account_id)
    if admin is None or admin.agency_id != agency_id:
        raise errors.AccountNotFound(account_id=account_id)
    token = domain.new_token()
    expires_at = uow.platform_now + domain.LOGIN_LINK_LASTS
    uow.session.add(
        models.LoginLink(
            id=new_id("lnk"),
            user_id=admin.id,
            keyed_digest=domain.keyed_digest(pepper=pepper, digest=domain.digest_of(token)),
            created_at=uow.platform_now,
            expires_at=expires_at,
        )
    )
    return IssuedLink(token=token, expires_at=expires_at)


def use_login_link(uow: UnitOfWork, *, token: str, pepper: bytes) -> OpenedSession:
    """Turn a login link into a session of the admin it was made for. Raises `InvalidLoginLink` for everybody but the first."""
    keyed_digest = domain.keyed_digest(pepper=pepper, digest=domain.digest_of(token))
    link = repository.usable_login_link_for_update(uow.session, keyed_digest=keyed_digest, now=uow.platform_now)
    user = None if link is None else repository.user_for_update(uow.session, user_id=link.user_id)
    if link is None or user is None:
        raise errors.InvalidLoginLink
    link.used_at = uow.platform_now
    return open_session(uow, user=user, via=domain.Via.SSO, pepper=pepper)


def delete_ended(uow: UnitOfWork) -> int:
    """Delete a batch of the sessions, links, resets and counts that have meant nothing for a week; tell how many went."""
    return repository.delete_ended(uow.session, before=uow.platform_now - domain.ENDED_KEPT, limit=DELETED_AT_ONCE)


def forgive(uow: UnitOfWork, *, user: models.AccountUser) -> None:
    """Forget the wrong attempts at the user's old password, but for a lock (R0.83)."""
    row = repository.tally_for_update(uow.session, account_id=user.account_id, username=user.username, now=uow.platform_now)
    _keep(row, domain.after_new_password(_tally(row), now=uow.now))


def _tally(row: models.LoginTally) -> domain.Tally:
    return domain.Tally(failures=row.failures, last_failed_at=row.last_failed_at, locked_until=row.locked_until)


def _keep(row: models.LoginTally, tally: domain.Tally) -> None:
    row.failures, row.last_failed_at, row.locked_until = tally.failures, tally.last_failed_at, tally.locked_until


def _tell_lock(uow: UnitOfWork, *, account_id: str, username: str | None, locked_until: datetime) -> None:
    agency_id = repository.agency_of_account(uow.session, account_id=account_id)
    fact = events.AccountLoginLocked(
        subject=account_id, agency_id=agency_id, account_id=account_id, username=username, locked_until=locked_until
    )
    uow.emit(fact)
