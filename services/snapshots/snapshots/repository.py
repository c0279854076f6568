"""The questions that snapshots asks its database, by name."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import delete, func, or_, select, tuple_, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from snapshots.models import Asset, ShareLink, Workspace


@dataclass(frozen=True, kw_only=True)
class SharedTemplate:
    """What a share link leads to, and whose it is."""

    agency_id: str
    key: str
    name: str
    content: dict[str, Any]
    expires_at: datetime


def insert_workspace(session: Session, **values: Any) -> bool:
    """Insert the account's workspace; False where it has one, dropped ones included."""
    statement = insert(Workspace).values(**values).on_conflict_do_nothing()
    return session.scalar(statement.returning(Workspace.account_id)) is not None


def drop_workspace(session: Session, *, account_id: str, agency_id: str) -> None:
    """Leave nothing of the account's workspace but the mark that it was dropped, whether or not there was one."""
    dropped = {"state": "dropped", "prepared_at": None}
    session.execute(
        insert(Workspace)
        .values(account_id=account_id, agency_id=agency_id, snapshot_id=None, **dropped)
        .on_conflict_do_update(index_elements=[Workspace.account_id], set_=dropped)
    )
    session.execute(delete(Asset).where(Asset.account_id == account_id))


def move_workspace(session: Session, *, account_id: str, agency_id: str, moved_at: datetime) -> bool:
    """Give the account's workspace to the agency; False where it moved later than this already, or there is none."""
    is_later = or_(Workspace.moved_at.is_(None), Workspace.moved_at < moved_at)
    move = update(Workspace).where(Workspace.account_id == account_id, is_later).values(agency_id=agency_id, moved_at=moved_at)
    return session.scalar(move.returning(Workspace.account_id)) is not None


def remove_share_links_of(session: Session, account_id: str) -> None:
    """Forget every share link of the account's templates."""
    session.execute(delete(ShareLink).where(ShareLink.account_id == account_id))


def workspace_of(session: Session, *, agency_id: str, account_id: str) -> Workspace | None:
    """Find the workspace of the agency's account, unless it was dropped."""
    where = (Workspace.account_id == account_id, Workspace.agency_id == agency_id, Workspace.state != "dropped")
    return session.scalars(select(Workspace).where(*where)).one_or_none()


def count_assets_of(session: Session, account_id: str) -> dict[str, int]:
    """Count the assets of a workspace by kind; kinds of which there are none are not named."""
    statement = select(Asset.kind, func.count().label("assets")).where(Asset.account_id == account_id).group_by(Asset.kind)
    return {row.kind: row.assets for row in session.execute(statement)}


def ready_workspace_of(session: Session, *, agency_id: str, account_id: str) -> Workspace | None:
    """Find the workspace of the agency's account where it can be used."""
    return session.scalars(select(Workspace).where(*_is_ready(agency_id, account_id))).one_or_none()


def ready_workspace_for_update(session: Session, *, agency_id: str, account_id: str) -> Workspace | None:
    """Find the workspace of the agency's account where it can be used, and let nobody else change anything in it for now."""
    return session.scalars(select(Workspace).where(*_is_ready(agency_id, account_id)).with_for_update(key_share=True)).one_or_none()


def _is_ready(agency_id: str, account_id: str) -> tuple[Any, ...]:
    return Workspace.account_id == account_id, Workspace.agency_id == agency_id, Workspace.state == "ready"


def asset_of(session: Session, *, account_id: str, kind: str, key: str) -> Asset | None:
    """Find an asset with its content."""
    return session.scalar(select(Asset).where(Asset.account_id == account_id, Asset.kind == kind, Asset.key == key))


def assets_page(session: Session, *, account_id: str, kind: str | None, after: tuple[str, str] | None, limit: int) -> Sequence[Any]:
    """List at most `limit` assets of a workspace by kind and key, without their contents, from behind that kind and key."""
    shown = (Asset.kind, Asset.key, Asset.name, Asset.version, Asset.created_at, Asset.updated_at)
    question = select(*shown).where(Asset.account_id == account_id).order_by(Asset.kind, Asset.key).limit(limit)
    if kind is not None:
        question = question.where(Asset.kind == kind)
    if after is not None:
        question = question.where(tuple_(Asset.kind, Asset.key) > tuple_(*after))
    return session.execute(question).all()


def share_links_page(session: Session, *, account_id: str, key: str, after: str | None, limit: int) -> Sequence[ShareLink]:
    """List at most `limit` share links of a template, newest first, from behind that one."""
    question = select(ShareLink).where(ShareLink.account_id == account_id, ShareLink.key == key).order_by(ShareLink.id.desc()).limit(limit)
    return session.scalars(question if after is None else question.where(ShareLink.id < after)).all()


def count_share_links(session: Session, *, account_id: str, key: str) -> int:
    """Count the share links of a template."""
    question = select(func.count()).select_from(ShareLink).where(ShareLink.account_id == account_id, ShareLink.key == key)
    return session.scalars(question).one()


def remove_expired_share_links(session: Session, *, account_id: str, key: str, now: datetime) -> None:
    """Forget the share links of a template that open nothing any more."""
    session.execute(delete(ShareLink).where(ShareLink.account_id == account_id, ShareLink.key == key, ShareLink.expires_at <= now))


def remove_share_link(session: Session, *, account_id: str, key: str, share_link_id: str) -> bool:
    """Forget a share link of a template; False where there is none."""
    where = (ShareLink.id == share_link_id, ShareLink.account_id == account_id, ShareLink.key == key)
    return session.scalar(delete(ShareLink).where(*where).returning(ShareLink.id)) is not None


def template_shared_by(session: Session, token_digest: bytes) -> SharedTemplate | None:
    """Find the template behind a token, as it is now, expired or not."""
    of_link = (Asset.account_id == ShareLink.account_id, Asset.kind == ShareLink.kind, Asset.key == ShareLink.key)
    found = session.execute(
        select(Workspace.agency_id, Asset.key, Asset.name, Asset.content, ShareLink.expires_at)
        .select_from(ShareLink)
        .join(Asset, of_link[0] & of_link[1] & of_link[2])
        .join(Workspace, Workspace.account_id == Asset.account_id)
        .where(ShareLink.token_digest == token_digest)
    ).one_or_none()
    return None if found is None else SharedTemplate(**found._mapping)  # noqa: SLF001  SQLAlchemy's public name for it
