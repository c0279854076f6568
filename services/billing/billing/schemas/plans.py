"""Plans by their numbers, asked and answered."""

from billing.domain.catalogue import Frequency, Kind
from chassis.schemas import Schema, fields


class PlansWanted(Schema):
    agency_id = fields.Id("agy", required=True)


class PlainSelection(Schema):
    """A selection without limits and add-ons, which have no number."""

    pricing_version = fields.String()
    product = fields.String()
    plan = fields.String()
    contacts = fields.Integer(allow_none=True)
    frequency = fields.Enum(Frequency, by_value=True, allow_none=True)


class NumberedPlan(Schema):
    id = fields.Integer(attribute="number")
    selection = fields.Nested(PlainSelection)
    on_sale = fields.Boolean()
    kind = fields.Enum(Kind, by_value=True, allow_none=True)
    contacts = fields.Integer(allow_none=True)
    monthly_sends = fields.Integer(allow_none=True)
    price = fields.MoneyField(allow_none=True)


class NumberedPlans(Schema):
    data = fields.List(fields.Nested(NumberedPlan))
