"""The questions identity asks its database."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TypeVar

from sqlalchemy import ColumnElement, Select, and_, any_, delete, func, literal, or_, select, tuple_, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import InstrumentedAttribute, Session

from chassis.paging import Page, decode_cursor, encode_cursor
from identity.models import (
    Account,
    AccountUser,
    Agency,
    ApiKey,
    Base,
    LoginLink,
    LoginSession,
    LoginTally,
    PasswordReset,
    PortalUser,
    TestClock,
)

Row = TypeVar("Row", ApiKey, PortalUser)

KEY_USE_NOTED_EVERY = timedelta(hours=1)
"""How coarse `last_used_at` is: a key in constant use costs one write an hour."""


@dataclass(frozen=True, kw_only=True)
class UsableKey:
    """A key that opens the door, and whether its use is worth noting now.

    `owner`: whose what it saves is: the person's (usr_…), or of a key that is nobody's, the first one's of its line (key_…).
    """

    key_id: str
    agency_id: str
    name: str
    scopes: list[str]
    test_mode: bool
    owner: str
    use_unnoted: bool


def agency(session: Session, *, agency_id: str) -> Agency | None:
    """Find the agency of this id."""
    return session.get(Agency, agency_id)


def agency_for_update(session: Session, *, agency_id: str) -> Agency | None:
    """Find the agency of this id and lock it."""
    return session.get(Agency, agency_id, with_for_update=True)


_NOW = func.now()  # wall clock: programs use keys in real time, whatever the time of their agency is
_OWNER = func.coalesce(ApiKey.user_id, ApiKey.line_id, ApiKey.id)
_USE_UNNOTED = or_(ApiKey.last_used_at.is_(None), ApiKey.last_used_at < _NOW - KEY_USE_NOTED_EVERY)


def usable_key(session: Session, *, keyed_digest: bytes) -> UsableKey | None:
    """Find the key with this digest unless it was revoked or is over: asked before every request, so one SELECT by unique indexes."""
    row = session.execute(
        select(
            ApiKey.id.label("key_id"),
            ApiKey.agency_id,
            ApiKey.name,
            ApiKey.scopes,
            Agency.test_mode,
            _OWNER.label("owner"),
            _USE_UNNOTED.label("use_unnoted"),
        )
        .join(Agency, Agency.id == ApiKey.agency_id)
        .where(
            or_(ApiKey.keyed_digest == keyed_digest, ApiKey.keyed_md5_digest == keyed_digest),
            ApiKey.revoked_at.is_(None),
            or_(ApiKey.expires_at.is_(None), ApiKey.expires_at > _NOW),
        )
    ).one_or_none()
    return None if row is None else UsableKey(**row._mapping)  # noqa: SLF001  the documented mapping of a Row


def note_key_use(session: Session, *, key_id: str, used_at: datetime) -> None:
    """Keep when the key was used; those who would wait for another caller noting the same leave it to that one."""
    unnoted = select(ApiKey.id).where(ApiKey.id == key_id, _USE_UNNOTED).with_for_update(skip_locked=True)
    session.execute(update(ApiKey).where(ApiKey.id.in_(unnoted)).values(last_used_at=used_at).execution_options(synchronize_session=False))


def api_key_for_update(session: Session, *, agency_id: str, key_id: str) -> ApiKey | None:
    """Find the agency's key of this id and lock it."""
    return session.scalar(select(ApiKey).where(ApiKey.id == key_id, ApiKey.agency_id == agency_id).with_for_update())


def api_key(session: Session, *, agency_id: str, key_id: str) -> ApiKey | None:
    """Find the agency's key of this id."""
    return session.scalar(select(ApiKey).where(ApiKey.id == key_id, ApiKey.agency_id == agency_id))


def api_keys(session: Session, *, agency_id: str, limit: int, cursor: str | None) -> Page[ApiKey]:
    """List the agency's keys, newest first."""
    return _page(session, select(ApiKey).where(ApiKey.agency_id == agency_id), ApiKey.id, limit=limit, cursor=cursor)


def open_keys_of_user_for_update(session: Session, *, agency_id: str, user_id: str, now: datetime) -> Sequence[ApiKey]:
    """Find the person's keys that open something, by id, and lock them."""
    theirs = select(ApiKey).where(ApiKey.agency_id == agency_id, ApiKey.user_id == user_id)
    still = theirs.where(ApiKey.revoked_at.is_(None), or_(ApiKey.expires_at.is_(None), ApiKey.expires_at > now))
    return session.scalars(still.order_by(ApiKey.id).with_for_update()).all()


def has_another_key(session: Session, *, agency_id: str, beside: Collection[str], scope: str) -> bool:
    """Whether the agency has a key with the scope beside these that was neither revoked nor will be over."""
    other = select(ApiKey.id).where(
        ApiKey.agency_id == agency_id,
        ApiKey.id.not_in(beside),
        literal(scope) == any_(ApiKey.scopes),
        ApiKey.revoked_at.is_(None),
        ApiKey.expires_at.is_(None),
    )
    return session.scalar(other.limit(1)) is not None


def portal_user(session: Session, *, agency_id: str, portal_user_id: str) -> PortalUser | None:
    """Find the agency's user of this id."""
    return session.scalar(select(PortalUser).where(PortalUser.id == portal_user_id, PortalUser.agency_id == agency_id))


def portal_user_for_update(session: Session, *, agency_id: str, portal_user_id: str) -> PortalUser | None:
    """Find the agency's user of this id and lock it."""
    return session.scalar(select(PortalUser).where(PortalUser.id == portal_user_id, PortalUser.agency_id == agency_id).with_for_update())


def portal_user_of_email(session: Session, *, agency_id: str, email_folded: str) -> PortalUser | None:
    """Find the agency's user of this address and lock it."""
    of_email = select(PortalUser).where(PortalUser.agency_id == agency_id, PortalUser.email_folded == email_folded)
    return session.scalar(of_email.with_for_update())


def portal_users(session: Session, *, agency_id: str, limit: int, cursor: str | None) -> Page[PortalUser]:
    """List the agency's users, newest first."""
    return _page(session, select(PortalUser).where(PortalUser.agency_id == agency_id), PortalUser.id, limit=limit, cursor=cursor)


def statuses_of_others(session: Session, *, agency_id: str, portal_user_id: str, role: str) -> list[str]:
    """Give the status of each user of the agency in this role but this one."""
    in_role = select(PortalUser.status).where(PortalUser.agency_id == agency_id, PortalUser.role == role)
    return list(session.scalars(in_role.where(PortalUser.id != portal_user_id)))


def invitation(session: Session, *, keyed_digest: bytes) -> PortalUser | None:
    """Find the person invited by the token that this is kept of."""
    return session.scalar(select(PortalUser).where(PortalUser.invitation_digest == keyed_digest))


def invitation_for_update(session: Session, *, keyed_digest: bytes) -> PortalUser | None:
    """Find the person invited by the token that this is kept of and lock it."""
    return session.scalar(select(PortalUser).where(PortalUser.invitation_digest == keyed_digest).with_for_update())


def account_for_update(session: Session, *, account_id: str, now: datetime) -> Account:
    """Lock the account's row, made first where there is none."""
    session.execute(insert(Account).values(id=account_id, created_at=now).on_conflict_do_nothing())
    return session.scalars(select(Account).where(Account.id == account_id).with_for_update()).one()


def account_user(session: Session, *, account_id: str, username: str) -> AccountUser | None:
    """Find the account's user of this name."""
    return session.scalar(select(AccountUser).where(AccountUser.account_id == account_id, AccountUser.username == username))


def account_user_for_update(session: Session, *, account_id: str, username: str) -> AccountUser | None:
    """Find the account's user of this name and lock it."""
    return session.scalar(
        select(AccountUser).where(AccountUser.account_id == account_id, AccountUser.username == username).with_for_update()
    )


def move_account_users(session: Session, *, account_id: str, agency_id: str) -> None:
    """Make every user of the account the agency's."""
    moved = update(AccountUser).where(AccountUser.account_id == account_id).values(agency_id=agency_id, version=AccountUser.version + 1)
    session.execute(moved.execution_options(synchronize_session=False))


def close_ways_in_by_link(session: Session, *, account_id: str, now: datetime) -> None:
    """End the sessions that began by a login link at the account, and forget its links."""
    users = select(AccountUser.id).where(AccountUser.account_id == account_id)
    live = and_(LoginSession.user_id.in_(users), LoginSession.via == "sso", LoginSession.ended_at.is_(None))
    session.execute(update(LoginSession).where(live).values(ended_at=now).execution_options(synchronize_session=False))
    session.execute(delete(LoginLink).where(LoginLink.user_id.in_(users)).execution_options(synchronize_session=False))


def delete_account_users(session: Session, *, account_id: str) -> None:
    """Forget every user of the account."""
    session.execute(delete(AccountUser).where(AccountUser.account_id == account_id))


def test_clock(session: Session, *, agency_id: str, clock_id: str) -> TestClock | None:
    """Find the agency's clock of this id."""
    return session.scalar(select(TestClock).where(TestClock.id == clock_id, TestClock.agency_id == agency_id))


def test_clock_for_update(session: Session, *, agency_id: str, clock_id: str) -> TestClock | None:
    """Find the agency's clock of this id and lock it."""
    return session.scalar(select(TestClock).where(TestClock.id == clock_id, TestClock.agency_id == agency_id).with_for_update())


def test_clocks_of(session: Session, *, agency_id: str) -> Sequence[TestClock]:
    """List the clocks of the agency: it has one, or none."""
    return session.scalars(select(TestClock).where(TestClock.agency_id == agency_id)).all()


def _page(session: Session, wanted: Select[Row], by: InstrumentedAttribute[str], *, limit: int, cursor: str | None) -> Page[Row]:
    """Give a page, newest first (ids sort by time of birth); one more row than it holds says whether there is a next one."""
    total = session.scalars(select(func.count()).select_from(wanted.subquery())).one()
    if cursor is not None:
        wanted = wanted.where(by < str(decode_cursor(cursor, length=1)[0]))
    rows = session.scalars(wanted.order_by(by.desc()).limit(limit + 1)).all()
    return Page(data=rows[:limit], next_cursor=encode_cursor(rows[limit - 1].id) if len(rows) > limit else None, total=total)


def account(session: Session, *, account_id: str) -> Account | None:
    """Find the account of this id."""
    return session.get(Account, account_id)


def account_known(session: Session, *, account_id: str) -> Account:
    """Give an account that is known to be there."""
    return session.get_one(Account, account_id)


def agency_of_account(session: Session, *, account_id: str) -> str | None:
    """Say whose account this is; None where it has no users."""
    return session.scalar(select(AccountUser.agency_id).where(AccountUser.account_id == account_id).limit(1))


def account_users(session: Session, *, account_id: str, limit: int, cursor: str | None) -> Page[AccountUser]:
    """List the account's users, newest first."""
    wanted = select(AccountUser).where(AccountUser.account_id == account_id)
    total = session.scalars(select(func.count()).select_from(wanted.subquery())).one()
    if cursor is not None:
        wanted = wanted.where(AccountUser.id < str(decode_cursor(cursor, length=1)[0]))
    rows = session.scalars(wanted.order_by(AccountUser.id.desc()).limit(limit + 1)).all()
    return Page(data=rows[:limit], next_cursor=encode_cursor(rows[limit - 1].id) if len(rows) > limit else None, total=total)


def user_of_account(session: Session, *, account_id: str, user_id: str) -> AccountUser | None:
    """Find the account's user of this id."""
    return session.scalar(select(AccountUser).where(AccountUser.account_id == account_id, AccountUser.id == user_id))


def user_of_account_by_email(session: Session, *, account_id: str, email: str) -> AccountUser | None:
    """Find the account's user with this address."""
    return session.scalar(select(AccountUser).where(AccountUser.account_id == account_id, AccountUser.email == email))


def user_for_update(session: Session, *, user_id: str) -> AccountUser | None:
    """Find the user of this id, as it is now, and lock it."""
    return session.get(AccountUser, user_id, with_for_update=True, populate_existing=True)


def user_known(session: Session, *, user_id: str) -> AccountUser:
    """Give a user that is known to be there."""
    return session.get_one(AccountUser, user_id)


def user_known_for_update(session: Session, *, user_id: str) -> AccountUser:
    """Give a user that is known to be there, as it is now, and lock it."""
    return session.get_one(AccountUser, user_id, with_for_update=True, populate_existing=True)


def first_admin(session: Session, *, account_id: str) -> AccountUser | None:
    """Find the oldest of the account's admins: `admin` itself, unless it was removed."""
    admins = select(AccountUser).where(AccountUser.account_id == account_id, AccountUser.role == "admin")
    return session.scalar(admins.order_by(AccountUser.id).limit(1))


def count_admins(session: Session, *, account_id: str) -> int:
    """Count the account's admins."""
    admins = select(func.count()).where(AccountUser.account_id == account_id, AccountUser.role == "admin")
    return session.scalars(admins).one()


def tally_for_update(session: Session, *, account_id: str, username: str, now: datetime) -> LoginTally:
    """Lock the wrong attempts at this username, made first where there are none; in one statement, as old ones are deleted at any time."""
    new = insert(LoginTally).values(account_id=account_id, username=username, failures=0, touched_at=now)
    touched = new.on_conflict_do_update(index_elements=["account_id", "username"], set_={"touched_at": now})
    return session.scalars(touched.returning(LoginTally), execution_options={"populate_existing": True}).one()


def live_session(session: Session, *, keyed_digest: bytes, now: datetime) -> LoginSession | None:
    """Find the session with this digest, unless it has ended or expired; with its user."""
    return session.scalar(
        select(LoginSession).where(
            LoginSession.keyed_digest == keyed_digest, LoginSession.ended_at.is_(None), LoginSession.expires_at > now
        )
    )


def end_sessions(session: Session, *, user_id: str, now: datetime) -> None:
    """End every session of the user."""
    live = and_(LoginSession.user_id == user_id, LoginSession.ended_at.is_(None))
    session.execute(update(LoginSession).where(live).values(ended_at=now).execution_options(synchronize_session=False))


def end_session(session: Session, *, keyed_digest: bytes, now: datetime) -> None:
    """End the session with this digest, if it has not ended."""
    live = and_(LoginSession.keyed_digest == keyed_digest, LoginSession.ended_at.is_(None))
    session.execute(update(LoginSession).where(live).values(ended_at=now).execution_options(synchronize_session=False))


def usable_login_link_for_update(session: Session, *, keyed_digest: bytes, now: datetime) -> LoginLink | None:
    """Find the login link with this digest, unless it was used or has expired, and lock it."""
    usable = and_(LoginLink.keyed_digest == keyed_digest, LoginLink.used_at.is_(None), LoginLink.expires_at > now)
    return session.scalar(select(LoginLink).where(usable).with_for_update())


def count_resets_for_update(session: Session, *, account_id: str, email: str, since: datetime) -> int:
    """Count the resets asked for with this address after `since`; whoever counts the same waits until this transaction ends."""
    session.execute(select(func.pg_advisory_xact_lock(func.hashtextextended(f"password_reset {account_id} {email}", 0))))
    asked = and_(PasswordReset.account_id == account_id, PasswordReset.email == email, PasswordReset.requested_at > since)
    return session.scalars(select(func.count()).select_from(PasswordReset).where(asked)).one()


def first_reset_asked_at(session: Session, *, account_id: str, email: str, since: datetime) -> datetime:
    """Tell when the oldest of the resets that are counted was asked for; there is one at least."""
    asked = and_(PasswordReset.account_id == account_id, PasswordReset.email == email, PasswordReset.requested_at > since)
    return session.scalars(select(PasswordReset.requested_at).where(asked).order_by(PasswordReset.requested_at).limit(1)).one()


def reset_for_update(session: Session, *, reset_id: str) -> PasswordReset:
    """Lock a reset that is known to be there."""
    return session.get_one(PasswordReset, reset_id, with_for_update=True, populate_existing=True)


def usable_reset_for_update(session: Session, *, keyed_digest: bytes, now: datetime) -> PasswordReset | None:
    """Find the reset with this digest, unless it was used or has expired, and lock it."""
    usable = and_(PasswordReset.keyed_digest == keyed_digest, PasswordReset.used_at.is_(None), PasswordReset.expires_at > now)
    return session.scalar(select(PasswordReset).where(usable).with_for_update())


def use_resets_up(session: Session, *, user_id: str, now: datetime) -> None:
    """Make every reset of the user open nothing any more."""
    open_ones = and_(PasswordReset.user_id == user_id, PasswordReset.used_at.is_(None))
    session.execute(update(PasswordReset).where(open_ones).values(used_at=now).execution_options(synchronize_session=False))


def delete_ended(session: Session, *, before: datetime, limit: int) -> int:
    """Delete up to `limit` of each: sessions, links and resets that expired before, and tallies that nobody touched since; count them."""
    expiring = (LoginSession, LoginLink, PasswordReset)
    expired = sum(_delete(session, table, [table.id], where=table.expires_at < before, limit=limit) for table in expiring)
    tallies = [LoginTally.account_id, LoginTally.username]
    return expired + _delete(session, LoginTally, tallies, where=LoginTally.touched_at < before, limit=limit)


def _delete(session: Session, table: type[Base], key: list[InstrumentedAttribute[str]], *, where: ColumnElement[bool], limit: int) -> int:
    unlocked = select(*key).where(where).limit(limit).with_for_update(skip_locked=True)
    gone = delete(table).where(tuple_(*key).in_(unlocked)).returning(*key).execution_options(synchronize_session=False)
    return len(session.execute(gone).all())
