"""The doors of snapshots."""

from typing import Any

from chassis.doors import follow_clocks, query, subscribe
from chassis.events import Event, UnreadableEvent
from chassis.wiring import Work
from snapshots import events, schemas, usecases


class SnapshotsService:
    """The workspaces of accounts."""

    name = "snapshots"
    work = Work()

    @query(request=schemas.WorkspaceReference, answer=schemas.Workspace)
    def workspace(self, request: dict[str, Any]) -> object:
        with self.work.reading() as session:
            return usecases.workspace(session, **request)

    @subscribe("accounts", "account_requested", reads=events.AccountRequested)
    def on_account_requested(self, event: Event) -> None:
        self.work.handle(event, usecases.prepare_workspace, agency_id=_agency_of(event), **event.data)

    @subscribe("accounts", "account_failed", reads=events.AccountFailed)
    def on_account_failed(self, event: Event) -> None:
        self.work.handle(event, usecases.drop_workspace, agency_id=_agency_of(event), **event.data)

    on_test_clock_advanced = follow_clocks("identity", "test_clock_advanced")


def _agency_of(event: Event) -> str:
    """Give the agency whose account it is; an event without one is parked, for nobody could see what comes of it."""
    if event.agency_id is None:
        raise UnreadableEvent(f"{event.source}.{event.name} names no agency")
    return event.agency_id
