"""RPC payloads of snapshots."""

from marshmallow.validate import Length, OneOf, Range

from chassis.paging import DEFAULT_LIMIT, HIGHEST_LIMIT
from chassis.schemas import Schema, fields
from snapshots.domain import AssetKind

TEXT = Length(min=1, max=200)
LONGEST_CURSOR = 2000
KIND = OneOf([kind.value for kind in AssetKind])


class WorkspaceReference(Schema):
    agency_id = fields.Id("agy", required=True)
    account_id = fields.Id("acc", required=True)


class Workspace(Schema):
    account_id = fields.Id("acc")
    state = fields.String()
    snapshot_id = fields.Id("snp", allow_none=True)
    assets = fields.Dict(keys=fields.String(), values=fields.Integer())
    prepared_at = fields.Instant(allow_none=True)


class _Wanted(WorkspaceReference):
    limit = fields.Integer(strict=True, load_default=DEFAULT_LIMIT, validate=Range(1, HIGHEST_LIMIT))
    cursor = fields.String(load_default=None, allow_none=True, validate=Length(max=LONGEST_CURSOR))


class ListAssets(_Wanted):
    kind = fields.String(load_default=None, allow_none=True, validate=KIND)


class AssetReference(WorkspaceReference):
    kind = fields.String(required=True, validate=KIND)
    key = fields.String(required=True, validate=TEXT)


class PutAsset(AssetReference):
    name = fields.String(required=True, validate=TEXT)
    content = fields.Dict(required=True)
    expected_version = fields.Integer(load_default=None, allow_none=True, strict=True)


class ListedAsset(Schema):
    """An asset without its content: what a list has of it, and what whoever wrote it is told."""

    kind = fields.String()
    key = fields.String()
    name = fields.String()
    version = fields.Integer()
    created_at = fields.Instant()
    updated_at = fields.Instant()


class Asset(ListedAsset):
    content = fields.Dict()


class AssetPage(Schema):
    data = fields.List(fields.Nested(ListedAsset))
    next_cursor = fields.String(allow_none=True)
    total = fields.Integer()


class TemplateReference(WorkspaceReference):
    key = fields.String(required=True, validate=TEXT)


class ListShareLinks(_Wanted):
    key = fields.String(required=True, validate=TEXT)


class CreateShareLink(TemplateReference):
    expires_at = fields.Instant(load_default=None, allow_none=True)


class ShareLinkReference(TemplateReference):
    share_link_id = fields.Id("shl", required=True)


class ShareLink(Schema):
    id = fields.Id("shl")
    key = fields.String()
    created_at = fields.Instant()
    expires_at = fields.Instant()


class CreatedShareLink(ShareLink):
    token = fields.String(dump_default=None, allow_none=True)  # the stored answer is dumped from the table, which has none: shown once


class ShareLinkPage(Schema):
    data = fields.List(fields.Nested(ShareLink))
    next_cursor = fields.String(allow_none=True)
    total = fields.Integer()


class ImportTemplate(WorkspaceReference):
    token = fields.String(required=True, validate=TEXT)
    key = fields.String(load_default=None, allow_none=True, validate=TEXT)
