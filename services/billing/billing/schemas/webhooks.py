"""What the payment provider tells."""

from marshmallow.validate import Length

from chassis.schemas import Schema, fields

MOST_CHARACTERS = 256 * 1024


class ProviderTelling(Schema):
    """A request of the payment provider as it came: its body is signed to the byte."""

    body = fields.String(required=True, validate=Length(max=MOST_CHARACTERS))
    signature = fields.String(required=True, validate=Length(max=2000))


class ProviderHeard(Schema):
    """`effect`: whether anything is different now; the same event told again has none."""

    effect = fields.Boolean()
