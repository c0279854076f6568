"""The workspace of an account: its assets, and templates that move between accounts."""

from marshmallow.validate import OneOf

from chassis.schemas import Schema, fields
from gateway.schemas import SHORT, PageRequest, described, example

KINDS = (
    "campaign",
    "template",
    "automation",
    "form",
    "custom_field",
    "tag",
    "segment",
    "scoring_rule",
    "pipeline",
    "contact",
    "deal",
    "campaign_report",
    "automation_report",
    "image",
)
KEY = example("spring-sale", "Of its kind, no other in the account has it.")
NAME = example("Spring sale")


class AssetsRequest(PageRequest):
    """Which assets are wanted."""

    kind = fields.String(validate=OneOf(KINDS), metadata=described("Only assets of this kind."))


class AssetRequest(Schema):
    """What the asset is to be, whole."""

    name = fields.String(required=True, validate=SHORT, metadata=NAME)
    content = fields.Dict(
        required=True,
        metadata=example(
            {"subject": "Everything in bloom", "html": "<h1>Spring</h1>"},
            "Any object: 256 KiB as compact JSON, 16 levels and 10000 values at most.",
        ),
    )


class ListedAsset(Schema):
    """An asset without its content."""

    kind = fields.String(required=True, metadata={"enum": list(KINDS)})
    key = fields.String(required=True, metadata=KEY)
    name = fields.String(required=True, metadata=NAME)
    version = fields.Integer(required=True, metadata=example(1, "Counts how often it was put; its ETag."))
    created_at = fields.Instant(required=True)
    updated_at = fields.Instant(required=True)


class Asset(ListedAsset):
    content = fields.Dict(required=True, metadata=example({"subject": "Everything in bloom", "html": "<h1>Spring</h1>"}))


class ShareLinkRequest(Schema):
    """How long the template may be imported (R0.99)."""

    expires_at = fields.Instant(load_default=None, allow_none=True, metadata=described("Within a year; left out or null: in 30 days."))


class ShareLink(Schema):
    id = fields.Id("shl", required=True)
    key = fields.String(required=True, metadata=example("spring-sale", "Of the template."))
    created_at = fields.Instant(required=True)
    expires_at = fields.Instant(required=True)


class CreatedShareLink(ShareLink):
    token = fields.String(
        required=True,
        allow_none=True,
        metadata=example(
            "kJ0mWv2nq8rT5yB1cX7zL4pD9sF6gH3aQeUiOoNtRwM", "Shown once: null where the idempotency key repeats an earlier request."
        ),
    )


class ImportRequest(Schema):
    """Which template is wanted, and what it is to be called here (R0.99)."""

    token = fields.String(required=True, validate=SHORT, metadata=example("kJ0mWv2nq8rT5yB1cX7zL4pD9sF6gH3aQeUiOoNtRwM"))
    key = fields.String(
        load_default=None,
        allow_none=True,
        validate=SHORT,
        metadata=example("client-spring-sale", "Left out or null: the key that the template has where it comes from."),
    )
