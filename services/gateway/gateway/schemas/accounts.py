"""Accounts: opened, listed, shown, changed."""

from collections.abc import Mapping
from typing import Any

from marshmallow import ValidationError, post_load, pre_load, validates, validates_schema
from marshmallow.validate import Length, OneOf, Range

from chassis.schemas import Schema, fields
from gateway.schemas import EMAIL, LONG, MOST_CONTACTS, SHORT, Json, PageRequest, Selection, described, example

LONGEST_CURSOR = 6000
"""As the service once gave them out; an address holds one, and as much beside it as a list can be asked with (`app/serving.py`)."""
_AN_ACCOUNT = "/v1/accounts/acc_01KAMV7Q9ZC4S2T1X8RJ5N6B3D"

FILTERS: Mapping[str, object] = {
    "name": "acme",
    "client_name": "Acme SARL",
    "client_email": "owner@acme.example",
    "notification_email": "ops@atelier.example",
    "status": "active",
    "kind": "paid",
    "plan": "plus",
    "country": "FR",
    "region": "eu",
    "language": "fr",
    "time_zone": "Europe/Paris",
    "billing_profile_id": "bp_01KAMV7Q9ZC4S2T1X8RJ5N6B3D",
    "custom_domain": "marketing.acme.example",
    "snapshot_id": "snp_01KAMV7Q9ZC4S2T1X8RJ5N6B3D",
    "contacts": "1000",
    "created_at": "2026-01-31",
    "updated_at": "2026-01-31",
    "activated_at": "2026-01-31",
    "renews_at": "2026-01-31",
    "expires_at": "2026-01-31",
    "cancelled_at": "2026-01-31",
    "expired_at": "2026-01-31",
    "archived_at": "2026-01-31",
}
"""The attributes that accounts are filtered and sorted by, with an example of each."""
RANGES = ("contacts", *(name for name in FILTERS if name.endswith("_at")))
FILTER_TEXTS = {
    "from": "From this number, moment or date on (R0.4).",
    "to": "Up to, but without, this number, moment or date (R0.4).",
}
FILTER_PARAMETERS: Mapping[str, tuple[str, str | None]] = {f"filter[{attribute}]": (attribute, None) for attribute in FILTERS} | {
    f"filter[{attribute}][{bound}]": (attribute, bound) for attribute in RANGES for bound in FILTER_TEXTS
}
"""Query parameter → the attribute it filters by, and whether it is a bound; empty: accounts without a value."""


def _filter_said(attribute: str, bound: str | None) -> Json:
    if bound is not None:
        return example(FILTERS[attribute], FILTER_TEXTS[bound])
    if attribute.endswith("_at"):
        return example("", "Empty: only accounts without it. Otherwise give its bounds (R0.4).")
    return example(FILTERS[attribute], f"Only accounts of this {attribute} (R0.4).")


class Limit(Schema):
    choice = fields.String(required=True, validate=SHORT, metadata=example("custom", "One of the catalogue's, or `custom`."))
    number = fields.Minor(
        load_default=None, allow_none=True, validate=Range(min=0, max=MOST_CONTACTS), metadata=example(50000, "For `custom` alone (R0.38).")
    )


class AccountPlan(Selection):
    """What an account is on. Limits and add-ons belong to paid plans alone (R0.37–R0.39)."""

    limits = fields.Dict(
        keys=fields.String(validate=SHORT),
        values=fields.Nested(Limit),
        validate=Length(max=50),
        metadata=example({}, "Item → what was chosen for it (R0.37)."),
    )
    add_ons = fields.List(
        fields.String(validate=SHORT),
        validate=Length(max=50),
        metadata=example([], "Their names, such as pipelines and sms, which are not for Starter (R0.39, R0.108)."),
    )


class _PlanOrQuote(Schema):
    """Either a quote or a plan."""

    quote_id = fields.Id(
        "quo", load_default=None, allow_none=True, metadata=described("What is bought, at the price that was quoted; or give `plan`.")
    )
    plan = fields.Nested(
        AccountPlan, load_default=None, allow_none=True, metadata=described("What is bought, at its price now; or give `quote_id`.")
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
        metadata=described("An upgrade: `now`; a downgrade: `period_end`."),
    )


class AccountChanges(Schema):
    """The settings of an account (R0.17, R0.65): what is left out stays, null clears."""

    notification_email = fields.String(validate=EMAIL, metadata=example("ops@atelier.example", "Where notices go (R0.74)."))
    client_name = fields.String(validate=SHORT, metadata=example("Acme SARL"))
    client_email = fields.String(validate=EMAIL, metadata=example("owner@acme.example"))
    custom_domain = fields.String(allow_none=True, validate=EMAIL, metadata=example("marketing.acme.example"))
    language = fields.String(validate=SHORT, metadata=example("fr"))
    time_zone = fields.String(validate=SHORT, metadata=example("Europe/Paris"))
    billing_profile_id = fields.Id("bp", allow_none=True, metadata=described("null: the agency's default."))


class _Overview(PageRequest):
    """Filters, search and order of the overview (R0.3–R0.12)."""

    cursor = fields.String(
        validate=Length(min=1, max=LONGEST_CURSOR), metadata=example("WyIyMDI2Il0", "Where to go on: the `next_cursor` of the page before.")
    )
    status = fields.String(
        validate=SHORT, metadata=example("active", "all, active, expired, cancelled, archived or disabled; left out: all (R0.5).")
    )
    plan = fields.String(
        validate=SHORT,
        metadata=example(
            "professional",
            "all, trials, sandbox, starter, plus, professional or enterprise, or a plan of the catalogue; left out: all (R0.6).",
        ),
    )
    kind = fields.String(validate=SHORT, metadata=example("paid", "paid, trial or sandbox; left out: all."))
    q = fields.String(
        validate=SHORT,
        metadata=example(
            "acme",
            "What to search for in name, client, e-mail and custom domain, whatever the accents and the case (R0.7): anywhere in them;"
            " where it has not three letters or digits side by side, where a word begins.",
        ),
    )
    sort = fields.String(
        load_default="-created_at",
        validate=SHORT,
        metadata=example("-created_at", f"One of {', '.join(FILTERS)}; `-` before it: descending. Accounts without a value come last."),
    )
    fields_ = fields.String(
        data_key="fields",
        validate=LONG,
        metadata=example("name,status,button", "Which fields of the accounts are wanted, joined by commas; `id` is always there (R0.11)."),
    )

    @pre_load
    def name_unknown_filters(self, request: Mapping[str, Any], **_options: object) -> Mapping[str, Any]:
        """Refuse a filter on what is no attribute, with all that are."""
        unknown = [name for name in request if name.startswith("filter") and name not in FILTER_PARAMETERS]
        if unknown:
            message = f"Unknown field: filters are {', '.join(FILTER_PARAMETERS)}."
            raise ValidationError({name: [message] for name in unknown})
        return request

    @post_load
    def gather(self, request: dict[str, Any], **_options: object) -> dict[str, Any]:
        """Put the filters together, as the service takes them, and split the names of fields."""
        filters: dict[str, Any] = {}
        for parameter, (attribute, bound) in FILTER_PARAMETERS.items():
            if parameter in request:
                value = request.pop(parameter)
                if bound is not None and isinstance(filters.get(attribute), str):
                    message = f"A filter is one value or a range: give filter[{attribute}] or its bounds."
                    raise ValidationError({parameter: [message]})
                filters[attribute] = value if bound is None else {**filters.get(attribute, {}), bound: value}
        if filters:
            request["filters"] = filters
        names = request.pop("fields_", None)
        if names is not None:
            request["fields"] = names.split(",")
        return request

    @validates("fields_")
    def known(self, value: str, **_options: object) -> None:
        """Refuse a field that accounts do not have, by its name."""
        possible = ListedAccount().fields
        unknown = [name for name in value.split(",") if name not in possible]
        if unknown:
            raise ValidationError(f"Unknown field {unknown[0]!r}: possible are {', '.join(possible)}.")


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
    plan = fields.Nested(AccountPlan, required=True, attribute="selection")
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


class Menu(Schema):
    """What the menu of a row leads to: these three (R0.16)."""

    change = fields.String(required=True, metadata=example(f"{_AN_ACCOUNT}/actions", "What may be changed now, and how if not (R0.17)."))
    branding = fields.String(required=True, metadata=example(f"{_AN_ACCOUNT}/branding", "How it looks (R0.18)."))
    billing_history = fields.String(required=True, metadata=example(f"{_AN_ACCOUNT}/invoices", "Its invoices (R0.19)."))


def menu_of(account_id: str) -> Json:
    """The menu of an account's row, as `Menu` describes it."""
    account = f"/v1/accounts/{account_id}"
    return {"change": f"{account}/actions", "branding": f"{account}/branding", "billing_history": f"{account}/invoices"}


class ListedAccount(Account):
    """A row of the list: its `id`, and what else was asked for."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        for name, field in self.fields.items():
            field.required = name == "id"

    button = fields.String(
        required=True, metadata={"enum": ["login", "renew"], "description": "What the row's button does: `renew` when archived (R0.13)."}
    )
    menu = fields.Nested(Menu, required=True, metadata=described("The row's menu: addresses of this API."))


AccountsRequest = _Overview.from_dict(
    {
        parameter: fields.String(
            data_key=parameter,
            attribute=parameter,
            validate=Length(min=1 if bound else 0, max=254),
            metadata=_filter_said(attribute, bound),
        )
        for parameter, (attribute, bound) in FILTER_PARAMETERS.items()
    },
    name="AccountsRequest",
)


class PlanChange(Schema):
    id = fields.Id("chg", required=True)
    effective = fields.String(required=True, metadata={"enum": ["now", "period_end"]})
    state = fields.String(required=True, metadata={"enum": ["scheduled", "applied", "dropped"]})
    due_at = fields.Instant(required=True, allow_none=True, metadata=described("When a scheduled one takes effect."))
    old_plan = fields.Nested(AccountPlan, required=True, attribute="old_selection")
    new_plan = fields.Nested(AccountPlan, required=True, attribute="new_selection")
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
