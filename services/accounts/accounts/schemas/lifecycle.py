"""What may be done to an account, is done, and was."""

from marshmallow.validate import NoneOf

from accounts import domain
from accounts.schemas.lists import TEXT, AccountReference, Listed
from chassis.schemas import Schema, fields


class CancelAccount(AccountReference):
    reason = fields.String(load_default=None, allow_none=True, validate=TEXT)


class DisableAccount(AccountReference):
    message = fields.String(load_default=None, allow_none=True, validate=TEXT)


class SuspendAccount(AccountReference):
    reason = fields.Enum(domain.SuspensionReason, by_value=True, required=True, validate=NoneOf([domain.SuspensionReason.AGENCY]))
    message = fields.String(load_default=None, allow_none=True, validate=TEXT)


class LiftSuspension(AccountReference):
    reason = fields.Enum(domain.SuspensionReason, by_value=True, required=True, validate=NoneOf([domain.SuspensionReason.AGENCY]))


class RenewAccount(AccountReference):
    billing_profile_id = fields.Id("bp", load_default=None, allow_none=True)
    quote_id = fields.Id("quo", load_default=None, allow_none=True)


class Action(Schema):
    action = fields.String(attribute="verb")
    allowed = fields.Boolean()
    code = fields.String(allow_none=True)
    reason = fields.String(allow_none=True)
    until = fields.Instant(allow_none=True)


class Suspension(Schema):
    reason = fields.String()
    message = fields.String(allow_none=True)
    suspended_at = fields.Instant()


class Actions(Schema):
    status = fields.String()
    suspensions = fields.List(fields.Nested(Suspension))
    data = fields.List(fields.Nested(Action))


class AccountEvent(Schema):
    id = fields.Integer()
    at = fields.Instant()
    actor = fields.String()
    action = fields.String()
    before = fields.Dict()
    after = fields.Dict()


class AccountEventPage(Listed):
    data = fields.List(fields.Nested(AccountEvent))
