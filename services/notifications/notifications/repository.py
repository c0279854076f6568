"""The questions notifications asks its database."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, TypeVarTuple

from sqlalchemy import Select, case, delete, func, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from notifications.models import Account, Agency, FeedEvent, Notice

Asked = TypeVarTuple("Asked")


def add_to_feed(session: Session, *, event_id: str, agency_id: str | None, envelope: dict[str, Any], recorded_at: datetime) -> None:
    """Keep a fact."""
    session.add(FeedEvent(event_id=event_id, agency_id=agency_id, envelope=envelope, recorded_at=recorded_at))


def delete_events_before(session: Session, *, recorded_before: datetime, limit: int) -> int:
    """Forget the oldest facts recorded before a moment, at most `limit` of them; tell how many."""
    old = select(FeedEvent.position).where(FeedEvent.recorded_at < recorded_before).order_by(FeedEvent.recorded_at).limit(limit)
    deleted = session.scalars(delete(FeedEvent).where(FeedEvent.position.in_(old)).returning(FeedEvent.position))
    return len(deleted.all())


def events_of(session: Session, *, agency_id: str, before: int | None, limit: int) -> Sequence[FeedEvent]:
    """Find the agency's facts, the latest to come first, from before a position on."""
    question = select(FeedEvent).where(FeedEvent.agency_id == agency_id)
    if before is not None:
        question = question.where(FeedEvent.position < before)
    return session.scalars(question.order_by(FeedEvent.position.desc()).limit(limit)).all()


def count_events_of(session: Session, *, agency_id: str) -> int:
    """Count the agency's facts."""
    return session.scalars(select(func.count(FeedEvent.position)).where(FeedEvent.agency_id == agency_id)).one()


def agency(session: Session, *, agency_id: str) -> Agency | None:
    """Find how to write to the agency."""
    return session.get(Agency, agency_id)


def know_agency(session: Session, *, known_at: datetime, facts: Mapping[str, Any]) -> None:
    """Keep how to write to the agency, unless something newer is known."""
    described = ("notification_email", "language", "programme")
    heard = insert(Agency).values(id=facts["agency_id"], known_at=known_at, **{column: facts[column] for column in described})
    newest = {column: heard.excluded[column] for column in (*described, "known_at")}
    session.execute(heard.on_conflict_do_update(index_elements=[Agency.id], set_=newest, where=Agency.known_at < heard.excluded.known_at))


def account(session: Session, *, agency_id: str, account_id: str) -> Account | None:
    """Find what the agency's account is called and where to write about it."""
    return session.scalar(select(Account).where(Account.id == account_id, Account.agency_id == agency_id))


def know_account(session: Session, *, known_at: datetime, facts: Mapping[str, Any]) -> None:
    """Keep whose the account is, what it is called and where to write about it, unless something newer is known.

    Of its client (`language`, `client_email`) only one fact speaks, so what is heard is kept whenever it comes.
    """
    described, said_once = ("agency_id", "name", "notification_email"), ("language", "client_email")
    heard = insert(Account).values(
        id=facts["account_id"],
        known_at=known_at,
        **{column: facts[column] for column in described},
        **{column: facts.get(column) for column in said_once},
    )
    is_newer = Account.known_at < heard.excluded.known_at
    kept = {
        **{column: case((is_newer, heard.excluded[column]), else_=Account.__table__.c[column]) for column in (*described, "known_at")},
        **{column: func.coalesce(heard.excluded[column], Account.__table__.c[column]) for column in said_once},
    }
    session.execute(heard.on_conflict_do_update(index_elements=[Account.id], set_=kept))


def add_notice(session: Session, notice: dict[str, Any]) -> None:
    """Keep a notice, unless its fact made one of that kind and channel before."""
    session.execute(insert(Notice).values(notice).on_conflict_do_nothing(index_elements=[Notice.caused_by, Notice.kind, Notice.channel]))


def notice_of_event_for_update(session: Session, *, event_id: str, kind: str, channel: str) -> Notice:
    """Lock the notice that the fact made, which is there."""
    made = select(Notice).where(Notice.caused_by == event_id, Notice.kind == kind, Notice.channel == channel)
    return session.scalars(made.with_for_update()).one()


def notice_for_update(session: Session, *, notice_id: str) -> Notice:
    """Lock the notice of this id, which is there: notices are never deleted."""
    return session.scalars(select(Notice).where(Notice.id == notice_id).with_for_update()).one()


def notices_of(session: Session, *, agency_id: str, account_id: str | None, before: str | None, limit: int) -> Sequence[Notice]:
    """Find the agency's notices, newest first, from before an id on; those about one account where it is given."""
    question = _notices(select(Notice), agency_id=agency_id, account_id=account_id)
    if before is not None:
        question = question.where(Notice.id < before)
    return session.scalars(question.order_by(Notice.id.desc()).limit(limit)).all()


def count_notices_of(session: Session, *, agency_id: str, account_id: str | None) -> int:
    """Count the agency's notices; those about one account where it is given."""
    return session.scalars(_notices(select(func.count(Notice.id)), agency_id=agency_id, account_id=account_id)).one()


def _notices(question: Select[*Asked], *, agency_id: str, account_id: str | None) -> Select[*Asked]:
    question = question.where(Notice.agency_id == agency_id)
    return question if account_id is None else question.where(Notice.account_id == account_id)
