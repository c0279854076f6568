"""The questions that snapshots asks its database, by name."""

from typing import Any

from sqlalchemy import delete, func, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from snapshots.models import Asset, Workspace


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


def workspace_of(session: Session, *, agency_id: str, account_id: str) -> Workspace | None:
    """Find the workspace of the agency's account, unless it was dropped."""
    where = (Workspace.account_id == account_id, Workspace.agency_id == agency_id, Workspace.state != "dropped")
    return session.scalars(select(Workspace).where(*where)).one_or_none()


def count_assets_of(session: Session, account_id: str) -> dict[str, int]:
    """Count the assets of a workspace by kind; kinds of which there are none are not named."""
    statement = select(Asset.kind, func.count().label("assets")).where(Asset.account_id == account_id).group_by(Asset.kind)
    return {row.kind: row.assets for row in session.execute(statement)}
