"""The questions identity asks its database."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import delete, func, or_, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from identity.models import Account, AccountUser, Agency, ApiKey, TestClock

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
    """Find the key with this digest unless it was revoked: asked before every request to the platform, so one SELECT by a unique index."""
    row = session.execute(
        select(ApiKey.id.label("key_id"), ApiKey.agency_id, ApiKey.name, ApiKey.scopes, Agency.test_mode, _USE_UNNOTED.label("use_unnoted"))
        .join(Agency, Agency.id == ApiKey.agency_id)
        .where(ApiKey.keyed_digest == keyed_digest, ApiKey.revoked_at.is_(None))
    ).one_or_none()
    return None if row is None else UsableKey(**row._mapping)  # noqa: SLF001  the documented mapping of a Row


def note_key_use(session: Session, *, key_id: str, used_at: datetime) -> None:
    """Keep when the key was used; those who would wait for another caller noting the same leave it to that one."""
    unnoted = select(ApiKey.id).where(ApiKey.id == key_id, _USE_UNNOTED).with_for_update(skip_locked=True)
    session.execute(update(ApiKey).where(ApiKey.id.in_(unnoted)).values(last_used_at=used_at).execution_options(synchronize_session=False))


def api_key_for_update(session: Session, *, agency_id: str, key_id: str) -> ApiKey | None:
    """Find the agency's key of this id and lock it."""
    return session.scalar(select(ApiKey).where(ApiKey.id == key_id, ApiKey.agency_id == agency_id).with_for_update())


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
