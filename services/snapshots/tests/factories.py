"""The workspaces of one agency as the others use them: each method is one call or one event."""

from datetime import datetime
from typing import Any

from chassis.ids import new_id
from chassis.paging import Page
from chassis.unit_of_work import Units
from snapshots import models, usecases


class Workspaces:
    """One agency, over the use cases."""

    def __init__(self, units: Units) -> None:
        self.units = units
        self.agency_id = new_id("agy")

    def requested(self, account_id: str, *, snapshot_id: str | None = None) -> None:
        """Tell that an account was requested."""
        with self.units.begin() as uow:
            usecases.prepare_workspace(uow, agency_id=self.agency_id, account_id=account_id, snapshot_id=snapshot_id)

    def failed(self, account_id: str) -> None:
        """Tell that an account failed."""
        with self.units.begin() as uow:
            usecases.drop_workspace(uow, agency_id=self.agency_id, account_id=account_id)

    def moved(self, account_id: str, *, moved_at: datetime) -> None:
        """Tell that an account came to this agency."""
        with self.units.begin() as uow:
            usecases.move_workspace(uow, account_id=account_id, agency_id=self.agency_id, moved_at=moved_at)

    def of(self, account_id: str) -> dict[str, Any]:
        """Ask for an account's workspace."""
        with self.units.reading() as session:
            return usecases.workspace(session, agency_id=self.agency_id, account_id=account_id)

    def account(self) -> str:
        """An account of the agency, its workspace ready."""
        account_id = new_id("acc")
        self.requested(account_id)
        return account_id

    def put(
        self,
        account_id: str,
        kind: str = "template",
        key: str = "spring-sale",
        *,
        name: str = "Spring sale",
        content: dict[str, Any] | None = None,
        expected_version: int | None = None,
    ) -> models.Asset:
        """Create or replace an asset."""
        with self.units.begin() as uow:
            return usecases.put_asset(
                uow,
                agency_id=self.agency_id,
                account_id=account_id,
                kind=kind,
                key=key,
                name=name,
                content=content or {},
                expected_version=expected_version,
            )

    def asset(self, account_id: str, kind: str = "template", key: str = "spring-sale") -> models.Asset:
        """Ask for an asset."""
        with self.units.reading() as session:
            return usecases.asset(session, agency_id=self.agency_id, account_id=account_id, kind=kind, key=key)

    def assets(self, account_id: str, *, kind: str | None = None, limit: int = 50, cursor: str | None = None) -> Page[Any]:
        """List the assets of an account."""
        with self.units.reading() as session:
            return usecases.assets(session, agency_id=self.agency_id, account_id=account_id, kind=kind, limit=limit, cursor=cursor)

    def remove(self, account_id: str, kind: str = "template", key: str = "spring-sale") -> None:
        """Take an asset away."""
        with self.units.begin() as uow:
            usecases.remove_asset(uow, agency_id=self.agency_id, account_id=account_id, kind=kind, key=key)

    def share(self, account_id: str, key: str = "spring-sale", *, expires_at: datetime | None = None) -> tuple[str, str]:
        """Make a share link; give its id and its token."""
        draft = usecases.draft_share_link()
        with self.units.begin() as uow:
            usecases.create_share_link(uow, agency_id=self.agency_id, account_id=account_id, key=key, expires_at=expires_at, draft=draft)
        return draft.id, draft.token

    def links(self, account_id: str, key: str = "spring-sale", *, limit: int = 50, cursor: str | None = None) -> Page[models.ShareLink]:
        """List the share links of a template."""
        with self.units.reading() as session:
            return usecases.share_links(session, agency_id=self.agency_id, account_id=account_id, key=key, limit=limit, cursor=cursor)

    def revoke(self, account_id: str, share_link_id: str, key: str = "spring-sale") -> None:
        """Revoke a share link."""
        with self.units.begin() as uow:
            usecases.revoke_share_link(uow, agency_id=self.agency_id, account_id=account_id, key=key, share_link_id=share_link_id)

    def import_(self, account_id: str, token: str, *, key: str | None = None) -> models.Asset:
        """Import a template."""
        with self.units.begin() as uow:
            return usecases.import_template(uow, agency_id=self.agency_id, account_id=account_id, token=token, key=key)
