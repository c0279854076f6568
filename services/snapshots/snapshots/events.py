"""Facts snapshots publishes, and what it reads of accounts'."""

from chassis.events import Fact
from chassis.schemas import Reading, fields


class WorkspacePrepared(Fact):
    """An account has its workspace, and it can be used."""

    source = "snapshots"
    account_id = fields.Id("acc", required=True)
    snapshot_id = fields.Id("snp", required=True, allow_none=True)
    assets = fields.Integer(required=True)


class WorkspaceCopyFailed(Fact):
    """An account cannot have the workspace that was asked for; `code` says why to programs, `reason` to people."""

    source = "snapshots"
    account_id = fields.Id("acc", required=True)
    code = fields.String(required=True)
    reason = fields.String(required=True)


class TemplateImported(Fact):
    """A template came into an account by a share link (R0.99); `source_key` is the key that it has where it comes from."""

    source = "snapshots"
    account_id = fields.Id("acc", required=True)
    key = fields.String(required=True)
    source_key = fields.String(required=True)


class AccountRequested(Reading):
    """What snapshots reads of accounts' account_requested."""

    account_id = fields.Id("acc", required=True)
    snapshot_id = fields.Id("snp", load_default=None, allow_none=True)


class AccountFailed(Reading):
    """What snapshots reads of accounts' account_failed."""

    account_id = fields.Id("acc", required=True)


class TransferCompleted(Reading):
    """What snapshots reads of accounts' transfer_completed."""

    account_id = fields.Id("acc", required=True)
    to_agency_id = fields.Id("agy", required=True)
    completed_at = fields.Instant(required=True)
