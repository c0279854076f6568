"""Changes of plan."""

from accounts import domain
from accounts.schemas.accounts import Account
from accounts.schemas.lists import SHORT, Listed
from accounts.schemas.selections import Selection
from chassis.schemas import Schema, fields


class ChangePlan(Schema):
    agency_id = fields.Id("agy", required=True)
    account_id = fields.String(required=True, validate=SHORT)
    quote_id = fields.Id("quo", load_default=None, allow_none=True)
    selection = fields.Nested(Selection, load_default=None, allow_none=True)
    effective = fields.Enum(domain.Effective, by_value=True, load_default=None, allow_none=True)


class PlanChange(Schema):
    id = fields.Id("chg")
    effective = fields.String()
    state = fields.String()
    due_at = fields.Instant(allow_none=True)
    old_selection = fields.Nested(Selection)
    new_selection = fields.Nested(Selection)
    quote_id = fields.Id("quo")
    created_at = fields.Instant()


class ChangedPlan(Schema):
    account = fields.Nested(Account)
    change = fields.Nested(PlanChange)


class PlanChangePage(Listed):
    data = fields.List(fields.Nested(PlanChange))
