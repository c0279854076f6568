"""The verbs of workspaces. Each may come more than once, and before what it follows from."""

from typing import Any

from sqlalchemy.orm import Session

from chassis.events import Fact
from chassis.unit_of_work import UnitOfWork
from snapshots import domain, errors, events, repository
from snapshots.domain import WorkspaceState


def prepare_workspace(uow: UnitOfWork, *, agency_id: str, account_id: str, snapshot_id: str | None) -> None:
    """Follow from a requested account: it gets an empty workspace, or is told why it cannot have the copy it asked for.

    Nothing happens where it has been answered before, nor where the account failed before this came.
    """
    try:
        domain.check_source(snapshot_id)
    except errors.SnapshotNotFound as refusal:
        state, prepared_at = WorkspaceState.FAILED, None
        fact: Fact = events.WorkspaceCopyFailed(
            subject=account_id, agency_id=agency_id, account_id=account_id, code=refusal.code, reason=refusal.text
        )
    else:
        state, prepared_at = WorkspaceState.READY, uow.now
        fact = events.WorkspacePrepared(subject=account_id, agency_id=agency_id, account_id=account_id, snapshot_id=None, assets=0)
    if repository.insert_workspace(
        uow.session, account_id=account_id, agency_id=agency_id, state=state.value, snapshot_id=snapshot_id, prepared_at=prepared_at
    ):
        uow.emit(fact)


def drop_workspace(uow: UnitOfWork, *, agency_id: str, account_id: str) -> None:
    """Follow from a failed account: its workspace is gone, and will not be prepared if it was not yet."""
    repository.drop_workspace(uow.session, account_id=account_id, agency_id=agency_id)


def workspace(session: Session, *, agency_id: str, account_id: str) -> dict[str, Any]:
    """Tell the state of an account's workspace and how many assets of each kind it has. Raises `WorkspaceNotFound`."""
    found = repository.workspace_of(session, agency_id=agency_id, account_id=account_id)
    if found is None:
        raise errors.WorkspaceNotFound(account_id=account_id)
    return {
        "account_id": found.account_id,
        "state": found.state,
        "snapshot_id": found.snapshot_id,
        "assets": domain.assets_by_kind(repository.count_assets_of(session, account_id)),
        "prepared_at": found.prepared_at,
    }
