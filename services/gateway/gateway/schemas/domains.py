"""Checks of custom domains."""

from chassis.schemas import Schema, fields
from gateway.schemas import described, example


class DomainCheck(Schema):
    account_id = fields.Id("acc", required=True)
    custom_domain = fields.String(required=True, allow_none=True, metadata=example("marketing.acme.example"))
    expected_target = fields.String(
        required=True, metadata=example("acme.comptoir.example", "What the CNAME record of the custom domain has to point to.")
    )
    state = fields.String(
        required=True,
        metadata={
            "enum": ["none", "pending", "verified", "failed"],
            "description": "pending: looked up again every hour, for three days; then it is failed.",
        },
    )
    code = fields.String(required=True, allow_none=True, metadata=example("cname_missing", "Why it is not verified, for programs."))
    reason = fields.String(required=True, allow_none=True, metadata=described("Why it is not verified."))
    started_at = fields.Instant(required=True, allow_none=True)
    checked_at = fields.Instant(required=True, allow_none=True)
    next_check_at = fields.Instant(required=True, allow_none=True)
