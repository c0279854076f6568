"""How accounts look to their users."""

from marshmallow.validate import Length

from chassis.schemas import Schema, fields
from gateway.schemas import LONG, SHORT, example

LONGEST_BASE64 = 400_000
PIXELS = "iVBORw0KGgoAAAANSUhEUgAAABAAAAAQCAAAAAA6mKC9AAAADUlEQVR42mNgGAXIAAABEAABf80DtQAAAABJRU5ErkJggg=="
"""A PNG of 16 × 16 pixels."""


class Logo(Schema):
    content_type = fields.String(
        required=True, validate=SHORT, metadata=example("image/png", "image/png, image/jpeg, image/gif or image/webp.")
    )
    data = fields.String(
        required=True,
        validate=Length(min=1, max=LONGEST_BASE64),
        metadata=example(PIXELS, "The file in base64: 256 KB and 2000 × 2000 pixels at most, 16 × 16 at least."),
    )


class BrandingRequest(Schema):
    """How the account is to look, whole (R0.18, R0.86, R0.113): what is left out or null looks as the platform does."""

    brand_name = fields.String(load_default=None, allow_none=True, validate=SHORT, metadata=example("Acme Mail"))
    primary_colour = fields.String(load_default=None, allow_none=True, validate=SHORT, metadata=example("#1f4e79", "Of buttons and bars."))
    text_colour = fields.String(
        load_default=None,
        allow_none=True,
        validate=SHORT,
        metadata=example("#ffffff", "Of text on the primary colour, with a contrast of at least 4.5; left out: white."),
    )
    footer_text = fields.String(
        load_default=None, allow_none=True, validate=LONG, metadata=example("Acme SARL, Lyon", "Plain text, 500 characters at most.")
    )
    logo = fields.Nested(Logo, load_default=None, allow_none=True)


class Branding(Schema):
    account_id = fields.Id("acc", required=True)
    brand_name = fields.String(required=True, allow_none=True, metadata=example("Acme Mail"))
    primary_colour = fields.String(required=True, allow_none=True, metadata=example("#1f4e79"))
    text_colour = fields.String(required=True, allow_none=True, metadata=example("#ffffff"))
    footer_text = fields.String(required=True, allow_none=True, metadata=example("Acme SARL, Lyon"))
    logo = fields.Nested(Logo, required=True, allow_none=True)
    updated_at = fields.Instant(required=True, allow_none=True, metadata=example("2026-01-31T10:00:00Z"))
