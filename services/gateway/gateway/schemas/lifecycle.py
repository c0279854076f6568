"""The lifecycle of accounts: what may be done, what is asked for it, and what was done."""

from marshmallow.validate import Length

from chassis.schemas import Schema, fields
from gateway.schemas import described, example

TEXT = Length(min=1, max=1000)


class Action(Schema):
    action = fields.String(required=True, metadata=example("renew"))
    allowed = fields.Boolean(required=True)
    code = fields.String(required=True, allow_none=True, metadata=example("renew_by_plan_change", "Why not, for programs."))
    reason = fields.String(required=True, allow_none=True, metadata=described("Why not, and what would be allowed instead."))
    until = fields.Instant(required=True, allow_none=True, metadata=described("When it stops being allowed by itself; null: never."))


class Suspension(Schema):
    reason = fields.String(required=True, metadata={"enum": ["agency", "payment", "abuse", "platform"]})
    message = fields.String(required=True, allow_none=True, metadata=described("What the login page says."))
    suspended_at = fields.Instant(required=True)


class Actions(Schema):
    """Every action, and whether it is allowed now."""

    status = fields.String(required=True, metadata=example("active"))
    suspensions = fields.List(fields.Nested(Suspension), required=True)
    data = fields.List(fields.Nested(Action), required=True)


class CancellationRequest(Schema):
    """R0.100."""

    reason = fields.String(load_default=None, allow_none=True, validate=TEXT, metadata=example("The client has gone."))


class SuspensionRequest(Schema):
    """Disable an account; it is billed as before (R0.60)."""

    message = fields.String(
        load_default=None, allow_none=True, validate=TEXT, metadata=example("Please call your agency.", "Shown at login.")
    )


class RenewalRequest(Schema):
    """R0.89."""

    billing_profile_id = fields.Id("bp", load_default=None, allow_none=True, metadata=described("What pays from now on."))
    quote_id = fields.Id(
        "quo", load_default=None, allow_none=True, metadata=described("For an archived account: the price seen; left out: its price now.")
    )


class AccountEvent(Schema):
    """One change of an account: the members that changed, before and after."""

    id = fields.Integer(required=True, metadata=example(42))
    at = fields.Instant(required=True)
    actor = fields.String(required=True, metadata=example("platform", "The API key that did it, or `platform`."))
    action = fields.String(required=True, metadata=example("cancel"))
    before = fields.Dict(required=True, metadata=example({"status": "active"}))
    after = fields.Dict(required=True, metadata=example({"status": "cancelled"}))
