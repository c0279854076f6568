"""The caller's own agency."""

from marshmallow.validate import OneOf

from chassis.schemas import Schema, fields
from gateway.schemas import EMAIL, SHORT, example

LANGUAGES = ["en", "fr", "pt", "es"]
AGENCY_API_PATHS = ["/api.php", "/admin/api.php"]


class AgencyChange(Schema):
    """What is left out, or null, stays as it is."""

    name = fields.String(load_default=None, allow_none=True, validate=SHORT, metadata=example("Atelier Démo"))
    notification_email = fields.String(
        load_default=None,
        allow_none=True,
        validate=EMAIL,
        metadata=example("ops@atelier.example", "A mailbox that is read: where notices go, if an account has no address of its own."),
    )
    language = fields.String(
        load_default=None, allow_none=True, validate=OneOf(LANGUAGES), metadata=example("fr", "What we write to you in.")
    )


class ApiAddresses(Schema):
    """Where programs of the agency reach us (R0.117)."""

    base_url = fields.String(required=True, metadata=example("https://comptoir.example/v1", "Of every route but those below."))
    openapi_url = fields.String(required=True, metadata=example("https://comptoir.example/v1/openapi.json", "What there is, for programs."))
    docs_url = fields.String(required=True, metadata=example("https://comptoir.example/docs", "The same, for people."))
    agency_api_paths = fields.List(
        fields.String(), required=True, metadata=example(AGENCY_API_PATHS, "On the same host: for programs written against the agency API.")
    )


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
    api = fields.Nested(ApiAddresses, required=True)
