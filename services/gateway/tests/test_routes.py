"""What each route asks which service, and what it makes of the answer."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from gateway.schemas import clocks
from gateway.schemas.accounts import Account, ListedAccount, PlanChange
from gateway.schemas.agency import Agency
from gateway.schemas.api_keys import ApiKey
from gateway.schemas.billing_profiles import BillingProfile
from gateway.schemas.catalog import Catalog
from gateway.schemas.credits import Balance, Transaction
from gateway.schemas.events import Event
from gateway.schemas.examples import ID_END, example_of
from gateway.schemas.invoices import Invoice
from gateway.schemas.notices import Notice
from gateway.schemas.quotes import Quote
from gateway.schemas.users import User
from gateway.schemas.views import View

from .conftest import AGENCY_ID, OWNER, Front, assert_problem

MakeFront = Callable[..., Front]

ACCOUNT_ID, QUOTE_ID, PROFILE_ID, INVOICE_ID, CLOCK_ID, USER_ID, VIEW_ID = (
    prefix + ID_END for prefix in ("acc", "quo", "bp", "inv", "clk", "usr", "viw")
)
USER = f"/v1/users/{USER_ID}"
SELECTION = {"pricing_version": "V3", "product": "EM", "plan": "Plus", "contacts": 1000, "frequency": "monthly"}
INNER = {"agency_id": AGENCY_ID, "version": 7}
"""What services answer for the gateway alone."""
RPC_ACCOUNT = {"selection" if name == "plan" else name: value for name, value in example_of(Account).items()} | INNER
RPC_AGENCY = {name: value for name, value in example_of(Agency).items() if name != "api"}
API = {
    "base_url": "http://localhost/v1",
    "openapi_url": "http://localhost/v1/openapi.json",
    "docs_url": "http://localhost/docs",
    "agency_api_paths": ["/api.php", "/admin/api.php"],
}
RPC_LISTED = RPC_ACCOUNT | {"button": "login"}
RPC_QUOTE = {"selection" if name == "plan" else name: value for name, value in example_of(Quote).items()} | INNER
SHOWN_QUOTE = example_of(Quote) | {"draws": None}
"""As it is where credits is away: the price is held all the same."""
RPC_CHANGE = {name.replace("_plan", "_selection"): value for name, value in example_of(PlanChange).items()}
APPLICATION = {
    "name": "acme",
    "client_name": "Acme SARL",
    "client_email": "owner@acme.example",
    "country": "FR",
    "language": "fr",
    "time_zone": "Europe/Paris",
}
LEFT_OUT = dict.fromkeys(("notification_email", "billing_profile_id", "custom_domain", "snapshot_id"))


def page(entry: dict[str, Any]) -> dict[str, Any]:
    return {"data": [entry], "next_cursor": "b64", "total": 51}


@pytest.mark.parametrize(
    ("path", "method", "asked", "answer", "shown"),
    [
        ("/v1/agency", "identity.agency", {}, RPC_AGENCY, RPC_AGENCY | {"api": API}),
        (USER, "identity.portal_user", {"portal_user_id": USER_ID}, example_of(User) | INNER, example_of(User)),
        ("/v1/users?limit=3", "identity.portal_users", {"limit": 3}, page(example_of(User) | INNER), page(example_of(User))),
        (f"/v1/api-keys/key{ID_END}", "identity.api_key", {"key_id": f"key{ID_END}"}, example_of(ApiKey), example_of(ApiKey)),
        ("/v1/api-keys", "identity.api_keys", {"limit": 50}, page(example_of(ApiKey) | {"secret": "no"}), page(example_of(ApiKey))),
        ("/v1/catalog", "billing.catalogue", None, example_of(Catalog), example_of(Catalog)),
        (f"/v1/quotes/{QUOTE_ID}", "billing.quote", {"quote_id": QUOTE_ID}, RPC_QUOTE, SHOWN_QUOTE),
        (f"/v1/accounts/{ACCOUNT_ID}", "accounts.account", {"account_id": ACCOUNT_ID}, RPC_ACCOUNT, example_of(Account)),
        (
            "/v1/accounts?status=active&plan=Plus&kind=paid&q=acme&sort=name&limit=2&cursor=b64",
            "accounts.accounts",
            {"status": "active", "plan": "Plus", "kind": "paid", "q": "acme", "sort": "name", "limit": 2, "cursor": "b64"},
            page(RPC_LISTED),
            page(example_of(ListedAccount)),
        ),
        ("/v1/accounts", "accounts.accounts", {"limit": 50, "sort": "-created_at"}, page(RPC_LISTED), page(example_of(ListedAccount))),
        (
            "/v1/accounts?filter[country]=FR&filter[custom_domain]=&filter[created_at][from]=2026-01-01&filter[created_at][to]=2026-02-01",
            "accounts.accounts",
            {
                "limit": 50,
                "sort": "-created_at",
                "filters": {"country": "FR", "custom_domain": "", "created_at": {"from": "2026-01-01", "to": "2026-02-01"}},
            },
            page(RPC_LISTED),
            page(example_of(ListedAccount)),
        ),
        (
            "/v1/accounts?fields=button,name",
            "accounts.accounts",
            {"limit": 50, "sort": "-created_at"},
            page(RPC_LISTED),
            page({name: value for name, value in example_of(ListedAccount).items() if name in {"id", "name", "button"}}),
        ),
        ("/v1/views", "accounts.views", {"owner": OWNER, "limit": 50}, page(example_of(View) | INNER), page(example_of(View))),
        (
            f"/v1/views/{VIEW_ID}",
            "accounts.view",
            {"owner": OWNER, "view_id": VIEW_ID},
            example_of(View) | INNER,
            example_of(View),
        ),
        (
            "/v1/billing-profiles",
            "billing.billing_profiles",
            {"limit": 50},
            page(example_of(BillingProfile)),
            page(example_of(BillingProfile)),
        ),
        (
            f"/v1/billing-profiles/{PROFILE_ID}",
            "billing.billing_profile",
            {"billing_profile_id": PROFILE_ID},
            example_of(BillingProfile) | {"payment_method": "pm_card_visa", "version": 1},
            example_of(BillingProfile),
        ),
        (
            f"/v1/invoices?account_id={ACCOUNT_ID}",
            "billing.invoices",
            {"limit": 50, "account_id": ACCOUNT_ID},
            page(example_of(Invoice)),
            page(example_of(Invoice)),
        ),
        (f"/v1/invoices/{INVOICE_ID}", "billing.invoice", {"invoice_id": INVOICE_ID}, example_of(Invoice), example_of(Invoice)),
        ("/v1/credits/prepaid", "credits.balance", {"kind": "prepaid"}, example_of(Balance), example_of(Balance)),
        (
            f"/v1/credits/prepaid?account_id={ACCOUNT_ID}",
            "credits.balance",
            {"kind": "prepaid", "account_id": ACCOUNT_ID},
            example_of(Balance),
            example_of(Balance),
        ),
        (
            "/v1/credits/prepaid/transactions",
            "credits.transactions",
            {"kind": "prepaid", "limit": 50},
            page(example_of(Transaction)),
            page(example_of(Transaction)),
        ),
        (
            f"/v1/notices?account_id={ACCOUNT_ID}",
            "notifications.notices",
            {"limit": 50, "account_id": ACCOUNT_ID},
            page(example_of(Notice)),
            page(example_of(Notice)),
        ),
        (
            f"/v1/test-clocks/{CLOCK_ID}",
            "identity.test_clock",
            {"clock_id": CLOCK_ID},
            example_of(clocks.TestClock) | INNER,
            example_of(clocks.TestClock),
        ),
        (
            "/v1/test-clocks",
            "identity.test_clocks",
            {"limit": 50},
            page(example_of(clocks.TestClock) | INNER),
            page(example_of(clocks.TestClock)),
        ),
        ("/v1/events?limit=200", "notifications.events", {"limit": 200}, page(example_of(Event)), page(example_of(Event))),
    ],
)
def test_a_question_is_asked_for_the_callers_agency(
    front: MakeFront, path: str, method: str, asked: dict[str, Any] | None, answer: dict[str, Any], shown: dict[str, Any]
) -> None:
    client = front(**{method.replace(".", "__"): lambda _: answer})
    got = client.get(path)
    assert (got.status_code, json.loads(got.data)) == (200, shown)
    assert list(json.loads(got.data)) == list(shown)
    assert client.services.asked() == [(method, {} if asked is None else {"agency_id": AGENCY_ID, **asked})]


# --- commands ---------------------------------------------------------------------------------------------------------------------------


def test_a_quote_is_asked_flat_and_found_at_its_address(front: MakeFront) -> None:
    client = front(billing__create_quote=lambda _: RPC_QUOTE)
    answer = client.post("/v1/quotes", {**SELECTION, "account_id": ACCOUNT_ID})
    assert (answer.status_code, json.loads(answer.data)) == (201, SHOWN_QUOTE)
    assert answer.headers["Location"] == f"/v1/quotes/{QUOTE_ID}"
    assert client.services.asked() == [
        (
            "billing.create_quote",
            {"agency_id": AGENCY_ID, "selection": SELECTION, "account_id": ACCOUNT_ID, "country": None, "effective": None, "purpose": None},
        )
    ]


def test_a_trial_needs_neither_contacts_nor_frequency(front: MakeFront) -> None:
    """R0.33, R0.34."""
    client = front(billing__create_quote=lambda _: RPC_QUOTE)
    trial = {"pricing_version": "V1", "product": "EM", "plan": "Trial"}
    client.post("/v1/quotes", {**trial, "country": "FR"})
    ((_, asked),) = client.services.asked()
    assert (asked["selection"], asked["country"]) == ({**trial, "contacts": None, "frequency": None}, "FR")


@pytest.mark.parametrize(
    ("chosen", "asked"),
    [
        ({"quote_id": QUOTE_ID}, {"quote_id": QUOTE_ID, "selection": None}),
        ({"plan": SELECTION}, {"quote_id": None, "selection": SELECTION}),
    ],
)
def test_an_account_is_accepted_and_found_at_its_address(front: MakeFront, chosen: dict[str, Any], asked: dict[str, Any]) -> None:
    """R0.48."""
    client = front(accounts__open_account=lambda _: RPC_ACCOUNT)
    answer = client.post("/v1/accounts", {**APPLICATION, **chosen})
    assert (answer.status_code, json.loads(answer.data)) == (202, example_of(Account))
    assert answer.headers["Location"] == f"/v1/accounts/{ACCOUNT_ID}"
    assert client.services.asked() == [("accounts.open_account", {"agency_id": AGENCY_ID, **APPLICATION, **LEFT_OUT, **asked})]


@pytest.mark.parametrize("chosen", [{}, {"quote_id": QUOTE_ID, "plan": SELECTION}, {"quote_id": None, "plan": None}])
@pytest.mark.parametrize(("path", "application"), [("/v1/accounts", APPLICATION), (f"/v1/accounts/{ACCOUNT_ID}/plan-changes", {})])
def test_either_a_quote_or_a_plan_is_given(front: MakeFront, path: str, application: dict[str, Any], chosen: dict[str, Any]) -> None:
    client = front()
    assert_problem(client.post(path, {**application, **chosen}), 422, "invalid_request", "plan")
    assert client.services.asked() == []


def test_what_an_account_needs_is_asked_for_by_name(front: MakeFront) -> None:
    answer = front().post("/v1/accounts", {"quote_id": QUOTE_ID})
    assert_problem(answer, 422, "invalid_request", *APPLICATION)


def test_a_plan_change_answers_with_the_account_and_the_change(front: MakeFront) -> None:
    client = front(accounts__change_plan=lambda _: {"account": RPC_ACCOUNT, "change": RPC_CHANGE})
    answer = client.post(f"/v1/accounts/{ACCOUNT_ID}/plan-changes", {"plan": SELECTION, "effective": "now"})
    assert (answer.status_code, json.loads(answer.data)) == (200, {"account": example_of(Account), "change": example_of(PlanChange)})
    assert client.services.asked() == [
        (
            "accounts.change_plan",
            {"agency_id": AGENCY_ID, "account_id": ACCOUNT_ID, "quote_id": None, "selection": SELECTION, "effective": "now"},
        )
    ]


def test_credentials_are_given_and_kept_by_nobody_on_the_way(front: MakeFront) -> None:
    credentials = {"login_url": "https://acme.comptoir.example/", "username": "admin", "password": "7k2mw-9hq4r-vb3tn-ze6pd"}
    client = front(accounts__claim_credentials=lambda _: credentials)
    answer = client.send("POST", f"/v1/accounts/{ACCOUNT_ID}/credentials")
    assert (answer.status_code, json.loads(answer.data)) == (200, credentials)
    assert answer.headers["Cache-Control"] == "no-store"
    assert client.services.asked() == [("accounts.claim_credentials", {"agency_id": AGENCY_ID, "account_id": ACCOUNT_ID})]
    assert credentials["password"] not in str(client.lines())


def test_credentials_take_no_fields(front: MakeFront) -> None:
    assert_problem(front().post(f"/v1/accounts/{ACCOUNT_ID}/credentials", {"username": "admin"}), 422, "invalid_request", "username")


def test_the_invoices_of_an_account_are_asked_for_once_it_is_known_to_be_the_callers(front: MakeFront) -> None:
    """R0.68."""
    client = front(accounts__account=lambda _: RPC_ACCOUNT, billing__invoices=lambda _: page(example_of(Invoice) | INNER))
    answer = client.get(f"/v1/accounts/{ACCOUNT_ID}/invoices?limit=1")
    assert (answer.status_code, json.loads(answer.data)) == (200, page(example_of(Invoice)))
    assert client.services.asked() == [
        ("accounts.account", {"agency_id": AGENCY_ID, "account_id": ACCOUNT_ID}),
        ("billing.invoices", {"agency_id": AGENCY_ID, "account_id": ACCOUNT_ID, "limit": 1}),
    ]


def test_credit_is_bought_by_an_invoice_that_will_be_paid(front: MakeFront) -> None:
    """R0.106."""
    client = front(billing__purchase_credits=lambda _: example_of(Invoice))
    answer = client.post("/v1/credits/prepaid/purchases", {"amount": {"amount": 10000, "currency": "EUR"}, "account_id": ACCOUNT_ID})
    assert (answer.status_code, json.loads(answer.data)) == (202, example_of(Invoice))
    assert answer.headers["Location"] == f"/v1/invoices/{INVOICE_ID}"
    money = {"amount": 10000, "currency": "EUR"}
    how = {"amount": money, "units": None, "billing_profile_id": None, "account_id": ACCOUNT_ID}
    assert client.services.asked() == [("billing.purchase_credits", {"agency_id": AGENCY_ID, "kind": "prepaid", **how})]


@pytest.mark.parametrize(
    ("given", "asked"), [({}, None), ({"now": None}, None), ({"now": "2026-02-28T11:00:00.5+01:00"}, "2026-02-28T10:00:00.500000Z")]
)
def test_a_test_clock_is_made_and_found_at_its_address(front: MakeFront, given: dict[str, Any], asked: str | None) -> None:
    client = front(identity__create_test_clock=lambda _: example_of(clocks.TestClock) | INNER)
    answer = client.post("/v1/test-clocks", given)
    assert (answer.status_code, json.loads(answer.data)) == (201, example_of(clocks.TestClock))
    assert answer.headers["Location"] == f"/v1/test-clocks/{CLOCK_ID}"
    assert client.services.asked() == [("identity.create_test_clock", {"agency_id": AGENCY_ID, "now": asked})]


def test_a_test_clock_is_advanced_to_a_moment(front: MakeFront) -> None:
    client = front(identity__advance_test_clock=lambda _: example_of(clocks.TestClock) | INNER)
    answer = client.post(f"/v1/test-clocks/{CLOCK_ID}/advance", {"to": "2026-02-28T10:00:00Z"})
    assert (answer.status_code, json.loads(answer.data)) == (200, example_of(clocks.TestClock))
    asked = {"agency_id": AGENCY_ID, "clock_id": CLOCK_ID, "to": "2026-02-28T10:00:00Z"}
    assert client.services.asked() == [("identity.advance_test_clock", asked)]
    for wrong in ({}, {"to": None}, {"to": "tomorrow"}, {"to": "2026-02-28T10:00:00"}):
        assert_problem(client.post(f"/v1/test-clocks/{CLOCK_ID}/advance", wrong), 422, "invalid_request", "to")


# --- ETags ------------------------------------------------------------------------------------------------------------------------------


def test_an_account_has_the_etag_of_its_version(front: MakeFront) -> None:
    account = dict(RPC_ACCOUNT)
    client = front(accounts__account=lambda _: account)
    path = f"/v1/accounts/{ACCOUNT_ID}"
    first = client.get(path)
    assert first.headers["ETag"] == '"7"'
    assert first.headers["Cache-Control"] == "private, no-cache"
    for known in ('"7"', 'W/"7"', '"6", "7"', "*"):
        again = client.get(path, If_None_Match=known)
        assert (again.status_code, again.data) == (304, b"")
        assert again.headers["ETag"] == '"7"'
    account["version"] = 8
    assert client.get(path, If_None_Match='"7"').status_code == 200


def test_what_has_no_version_has_the_etag_of_its_content(front: MakeFront) -> None:
    quote = dict(RPC_QUOTE)
    client = front(billing__quote=lambda _: quote)
    path = f"/v1/quotes/{QUOTE_ID}"
    etag = client.get(path).headers["ETag"]
    assert client.get(path, If_None_Match=etag).status_code == 304
    quote["state"] = "used"
    changed = client.get(path, If_None_Match=etag)
    assert changed.status_code == 200
    assert changed.headers["ETag"] != etag


def test_head_answers_as_get_without_the_body(front: MakeFront) -> None:
    answer = front(accounts__account=lambda _: RPC_ACCOUNT).send("HEAD", f"/v1/accounts/{ACCOUNT_ID}")
    assert (answer.status_code, answer.data, answer.headers["ETag"]) == (200, b"", '"7"')


# --- health -----------------------------------------------------------------------------------------------------------------------------


def test_ready_is_who_can_call(front: MakeFront) -> None:
    client = front()
    assert client.get("/readyz", key=None).status_code == 200
    client.services.ready = False
    assert_problem(client.get("/readyz", key=None), 503, "service_unavailable")
    assert client.get("/healthz", key=None).status_code == 200
