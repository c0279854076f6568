"""The caller's own agency."""

from chassis.schemas import Schema, fields
from gateway.schemas import example


class Agency(Schema):
    id = fields.Id("agy", required=True)
    name = fields.String(required=True, metadata=example("Atelier Démo"))
    programme = fields.String(
        required=True,
        metadata={"enum": ["reseller", "commission"], "description": "Who is billed: the agency (reseller), or its client (commission)."},
    )
    currency = fields.String(required=True, metadata=example("EUR", "ISO 4217; every amount of this agency is in it."))
    discount_basis_points = fields.Integer(required=True, metadata=example(2000, "The reseller discount: hundredths of a percent."))
    notification_email = fields.String(required=True, metadata=example("ops@atelier.example"))
    language = fields.String(required=True, metadata=example("fr"))
    entitlements = fields.List(fields.String(), required=True, metadata=example(["snapshots"]))
    test_mode = fields.Boolean(required=True)
    created_at = fields.Instant(required=True)
