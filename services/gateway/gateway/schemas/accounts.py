"""Accounts: opened, listed, shown, changed."""

from typing import Any

from marshmallow import ValidationError, validates_schema
from marshmallow.validate import OneOf

from chassis.schemas import Schema, fields
from gateway.schemas import EMAIL, SHORT, PageRequest, Selection, described, example


class _PlanOrQuote(Schema):
    """Either a quote or a plan."""

    quote_id = fields.Id(
        "quo", load_default=None, allow_none=True, metadata=described("What is bought, at the price that was quoted; or give `plan`.")
    )
    plan = fields.Nested(
        Selection, load_default=None, allow_none=True, metadata=described("What is bought, at its price now; or give `quote_id`.")
    )

    @validates_schema
    def either(self, request: dict[str, Any], **_options: object) -> None:
        """Refuse both and neither."""
        if (request.get("quote_id") is None) == (request.get("plan") is None):
            raise ValidationError("Give either quote_id or plan, and not both.", "plan")


class AccountRequest(_PlanOrQuote):
    """What «Add account» asks for (R0.20–R0.40)."""

    name = fields.String(
        required=True,
        validate=SHORT,
        metadata=example(
            "acme", "The host label that the client logs in at, unique for ever: 3 to 63 lower-case letters, digits and hyphens."
        ),
    )
    client_name = fields.String(required=True, validate=SHORT, metadata=example("Acme SARL"))
    client_email = fields.String(
        required=True, validate=EMAIL, metadata=example("owner@acme.example", "Kept for the agency; we never write to it (R0.75).")
    )
    notification_email = fields.String(
        load_default=None,
        allow_none=True,
        validate=EMAIL,
        metadata=example("ops@atelier.example", "Where notices go (R0.74); the agency's own when left out."),
    )
    country = fields.String(
        required=True, validate=SHORT, metadata=example("FR", "ISO 3166-1; the data is kept in the region nearest to it (R0.26).")
    )
    language = fields.String(required=True, validate=SHORT, metadata=example("fr"))
    time_zone = fields.String(required=True, validate=SHORT, metadata=example("Europe/Paris", "A name of the IANA time zone database."))
    billing_profile_id = fields.Id("bp", load_default=None, allow_none=True, metadata=described("Required for a paid plan (R0.40)."))
    custom_domain = fields.String(load_default=None, allow_none=True, validate=EMAIL, metadata=example("marketing.acme.example"))
    snapshot_id = fields.Id(
        "snp", load_default=None, allow_none=True, metadata=described("The snapshot that the workspace is copied from (R0.20).")
    )


class PlanChangeRequest(_PlanOrQuote):
    """Another plan, or another number of contacts (R0.118); a paid plan for a trial (R0.88) or for what has expired (R0.93)."""

    effective = fields.String(
        load_default=None,
        allow_none=True,
        validate=OneOf(["now", "period_end"]),
        metadata=described("An upgrade: `now`; a downgrade: `period_end`, or `now`."),
    )


class AccountsRequest(PageRequest):
    """Filters, search and order of the overview (R0.3–R0.12)."""

    status = fields.String(validate=SHORT, metadata=described("active, expired, cancelled, archived or disabled; left out: all (R0.5)."))
    plan = fields.String(validate=SHORT, metadata=described("A plan of the catalogue, such as Plus; left out: all (R0.6)."))
    kind = fields.String(validate=SHORT, metadata=described("paid, trial or sandbox; left out: all."))
    q = fields.String(validate=SHORT, metadata=described("A word to search for (R0.7)."))
    sort = fields.String(
        load_default="-created_at",
        validate=SHORT,
        metadata=described("created_at, name, client_name, contacts, kind, plan or status; `-` before it: descending."),
    )


class NameRequest(Schema):
    name = fields.String(required=True, validate=SHORT, metadata=example("acme", "The name asked about."))


class NameAvailability(Schema):
    name = fields.String(required=True, metadata=example("acme"))
    available = fields.Boolean(required=True)
    code = fields.String(required=True, allow_none=True, metadata=example("name_taken", "Why not, for programs."))
    reason = fields.String(required=True, allow_none=True, metadata=example("The name acme is taken: choose another one.", "Why not."))


class AccountFailure(Schema):
    code = fields.String(required=True, metadata=example("card_declined"))
    reason = fields.String(required=True, metadata=example("The card was declined."))


class Account(Schema):
    id = fields.Id("acc", required=True)
    name = fields.String(required=True, metadata=example("acme"))
    host = fields.String(required=True, metadata=example("acme.comptoir.example"))
    login_url = fields.String(required=True, metadata=example("https://acme.comptoir.example/"))
    kind = fields.String(required=True, metadata={"enum": ["paid", "trial", "sandbox"]})
    status = fields.String(
        required=True, metadata={"enum": ["creating", "failed", "active", "disabled", "cancelled", "expired", "archived"]}
    )
    plan = fields.Nested(Selection, required=True, attribute="selection")
    client_name = fields.String(required=True, metadata=example("Acme SARL"))
    client_email = fields.String(required=True, metadata=example("owner@acme.example"))
    notification_email = fields.String(required=True, metadata=example("ops@atelier.example"))
    country = fields.String(required=True, metadata=example("FR"))
    region = fields.String(required=True, metadata=example("eu"))
    language = fields.String(required=True, metadata=example("fr"))
    time_zone = fields.String(required=True, metadata=example("Europe/Paris"))
    billing_profile_id = fields.Id("bp", required=True, allow_none=True)
    custom_domain = fields.String(required=True, allow_none=True)
    snapshot_id = fields.Id("snp", required=True, allow_none=True)
    quote_id = fields.Id("quo", required=True)
    failure = fields.Nested(AccountFailure, required=True, allow_none=True, metadata=example(None, "Why the account failed, where it did."))
    created_at = fields.Instant(required=True)
    updated_at = fields.Instant(required=True)
    activated_at = fields.Instant(required=True, allow_none=True)
    renews_at = fields.Instant(required=True, allow_none=True, metadata=described("The end of the paid period."))
    expires_at = fields.Instant(required=True, allow_none=True, metadata=described("The end of a trial, or of a cancelled account."))
    cancelled_at = fields.Instant(required=True, allow_none=True)
    cancellation_reason = fields.String(required=True, allow_none=True)
    expired_at = fields.Instant(required=True, allow_none=True)
    archived_at = fields.Instant(required=True, allow_none=True)


class PlanChange(Schema):
    id = fields.Id("chg", required=True)
    effective = fields.String(required=True, metadata={"enum": ["now", "period_end"]})
    state = fields.String(required=True, metadata={"enum": ["scheduled", "applied", "dropped"]})
    due_at = fields.Instant(required=True, allow_none=True, metadata=described("When a scheduled one takes effect."))
    old_plan = fields.Nested(Selection, required=True, attribute="old_selection")
    new_plan = fields.Nested(Selection, required=True, attribute="new_selection")
    quote_id = fields.Id("quo", required=True)
    created_at = fields.Instant(required=True)


class PlanChangeResult(Schema):
    account = fields.Nested(Account, required=True)
    change = fields.Nested(PlanChange, required=True)


class Credentials(Schema):
    """What opens the account, given once (R0.50–R0.52)."""

    login_url = fields.String(required=True, metadata=example("https://acme.comptoir.example/"))
    username = fields.String(required=True, metadata=example("admin"))
    password = fields.String(required=True, metadata=example("7k2mw-9hq4r-vb3tn-ze6pd"))
