"""The doors of snapshots."""

from typing import Any

from chassis.doors import command, follow_clocks, query, subscribe
from chassis.events import Event, UnreadableEvent
from chassis.wiring import Work
from snapshots import events, schemas, usecases


class SnapshotsService:
    """The workspaces of accounts, and the links by which templates move between them."""

    name = "snapshots"
    work = Work()

    @query(request=schemas.WorkspaceReference, answer=schemas.Workspace)
    def workspace(self, request: dict[str, Any]) -> object:
        with self.work.reading() as session:
            return usecases.workspace(session, **request)

    @query(request=schemas.ListAssets, answer=schemas.AssetPage)
    def assets(self, request: dict[str, Any]) -> object:
        with self.work.reading() as session:
            return usecases.assets(session, **request)

    @query(request=schemas.AssetReference, answer=schemas.Asset)
    def asset(self, request: dict[str, Any]) -> object:
        with self.work.reading() as session:
            return usecases.asset(session, **request)

    @command(request=schemas.PutAsset, answer=schemas.ListedAsset)
    def put_asset(self, request: dict[str, Any]) -> object:
        return self.work.once(usecases.put_asset, **request)

    @command(request=schemas.AssetReference, answer=None)
    def remove_asset(self, request: dict[str, Any]) -> object:
        return self.work.once(usecases.remove_asset, **request)

    @query(request=schemas.ListShareLinks, answer=schemas.ShareLinkPage)
    def share_links(self, request: dict[str, Any]) -> object:
        with self.work.reading() as session:
            return usecases.share_links(session, **request)

    @command(request=schemas.CreateShareLink, answer=schemas.CreatedShareLink)
    def create_share_link(self, request: dict[str, Any]) -> object:
        draft = usecases.draft_share_link()
        return usecases.reveal_token(self.work.once(usecases.create_share_link, draft=draft, **request), draft=draft)

    @command(request=schemas.ShareLinkReference, answer=None)
    def revoke_share_link(self, request: dict[str, Any]) -> object:
        return self.work.once(usecases.revoke_share_link, **request)

    @command(request=schemas.ImportTemplate, answer=schemas.ListedAsset)
    def import_template(self, request: dict[str, Any]) -> object:
        return self.work.once(usecases.import_template, **request)

    @subscribe("accounts", "account_requested", reads=events.AccountRequested)
    def on_account_requested(self, event: Event) -> None:
        self.work.handle(event, usecases.prepare_workspace, agency_id=_agency_of(event), **event.data)

    @subscribe("accounts", "account_failed", reads=events.AccountFailed)
    def on_account_failed(self, event: Event) -> None:
        self.work.handle(event, usecases.drop_workspace, agency_id=_agency_of(event), **event.data)

    @subscribe("accounts", "transfer_completed", reads=events.TransferCompleted)
    def on_transfer_completed(self, event: Event) -> None:
        data = event.data
        moved = {"account_id": data["account_id"], "agency_id": data["to_agency_id"], "moved_at": data["completed_at"]}
        self.work.handle(event, usecases.move_workspace, **moved)

    on_test_clock_advanced = follow_clocks("identity", "test_clock_advanced")


def _agency_of(event: Event) -> str:
    """Give the agency whose account it is; an event without one is parked, for nobody could see what comes of it."""
    if event.agency_id is None:
        raise UnreadableEvent(f"{event.source}.{event.name} names no agency")
    return event.agency_id
