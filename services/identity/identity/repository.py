"""The questions identity asks its database."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TypeVar

from sqlalchemy import Select, any_, delete, func, literal, or_, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import InstrumentedAttribute, Session

from chassis.paging import Page, decode_cursor, encode_cursor
from identity.models import Account, AccountUser, Agency, ApiKey, PortalUser, TestClock

Row = TypeVar("Row", ApiKey, PortalUser)

KEY_USE_NOTED_EVERY = timedelta(hours=1)
"""How coarse `last_used_at` is: a key in constant use costs one write an hour."""


@dataclass(frozen=True, kw_only=True)
class UsableKey:
    """A key that opens the door, and whether its use is worth noting now."""

    key_id: str
    agency_id: str
    name: str
    scopes: list[str]
    test_mode: bool
    use_unnoted: bool


def agency(session: Session, *, agency_id: str) -> Agency | None:
    """Find the agency of this id."""
    return session.get(Agency, agency_id)


def agency_for_update(session: Session, *, agency_id: str) -> Agency | None:
    """Find the agency of this id and lock it."""
    return session.get(Agency, agency_id, with_for_update=True)


_NOW = func.now()  # wall clock: programs use keys in real time, whatever the time of their agency is
_USE_UNNOTED = or_(ApiKey.last_used_at.is_(None), ApiKey.last_used_at < _NOW - KEY_USE_NOTED_EVERY)


def usable_key(session: Session, *, keyed_digest: bytes) -> UsableKey | None:
    """Find the key with this digest unless it was revoked or is over: asked before every request, so one SELECT by a unique index."""
    row = session.execute(
        select(ApiKey.id.label("key_id"), ApiKey.agency_id, ApiKey.name, ApiKey.scopes, Agency.test_mode, _USE_UNNOTED.label("use_unnoted"))
        .join(Agency, Agency.id == ApiKey.agency_id)
        .where(ApiKey.keyed_digest == keyed_digest, ApiKey.revoked_at.is_(None), or_(ApiKey.expires_at.is_(None), ApiKey.expires_at > _NOW))
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


def has_another_key(session: Session, *, agency_id: str, key_id: str, scope: str) -> bool:
    """Whether the agency has a key with the scope beside this one that was neither revoked nor will be over."""
    other = select(ApiKey.id).where(
        ApiKey.agency_id == agency_id,
        ApiKey.id != key_id,
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
