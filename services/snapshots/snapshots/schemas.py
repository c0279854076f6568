"""RPC payloads of snapshots."""

from chassis.schemas import Schema, fields


class WorkspaceReference(Schema):
    agency_id = fields.Id("agy", required=True)
    account_id = fields.Id("acc", required=True)


class Workspace(Schema):
    account_id = fields.Id("acc")
    state = fields.String()
    snapshot_id = fields.Id("snp", allow_none=True)
    assets = fields.Dict(keys=fields.String(), values=fields.Integer())
    prepared_at = fields.Instant(allow_none=True)
