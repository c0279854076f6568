"""What snapshots refuses, by name."""

from chassis.errors import Refusal


class WorkspaceNotFound(Refusal):
    """The agency has no workspace of this account: unknown, another's, or dropped because the account failed."""

    kind = "not_found"
    code = "workspace_not_found"
    message = "There is no workspace of the account {account_id}."


class SnapshotNotFound(Refusal):
    """A workspace was to begin as a copy of a snapshot that does not exist."""

    kind = "not_found"
    code = "snapshot_not_found"
    message = "There is no snapshot {snapshot_id}, so nothing can be copied from it."
