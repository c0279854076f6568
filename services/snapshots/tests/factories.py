"""The workspaces of one agency as the others use them: each method is one call or one event."""

from typing import Any

from chassis.ids import new_id
from chassis.unit_of_work import Units
from snapshots import usecases


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

    def of(self, account_id: str) -> dict[str, Any]:
        """Ask for an account's workspace."""
        with self.units.reading() as session:
            return usecases.workspace(session, agency_id=self.agency_id, account_id=account_id)
