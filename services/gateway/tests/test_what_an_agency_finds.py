"""What an agency and its programs find from the overview, from their own page, and in the documentation."""

import json
from collections.abc import Callable

from gateway.schemas.accounts import Account
from gateway.schemas.examples import example_of

from .conftest import AGENCY_ID, Front, assert_problem
from .test_openapi import DOCUMENT
from .test_routes import ACCOUNT_ID, API, PROFILE_ID, RPC_ACCOUNT, RPC_AGENCY, RPC_LISTED, page

MakeFront = Callable[..., Front]
PATH = f"/v1/accounts/{ACCOUNT_ID}"


def test_the_menu_of_a_row_has_exactly_three_items_each_an_address_of_this_api(front: MakeFront) -> None:
    """R0.16, R0.17, R0.18, R0.19."""
    client = front(accounts__accounts=lambda _: page(RPC_LISTED))
    [row] = json.loads(client.get("/v1/accounts").data)["data"]
    assert list(row["menu"]) == ["change", "branding", "billing_history"]
    documented = {path.replace("{account_id}", ACCOUNT_ID) for path, item in DOCUMENT["paths"].items() if "get" in item}
    assert set(row["menu"].values()) <= documented
    [chosen] = json.loads(client.get("/v1/accounts?fields=menu,name").data)["data"]
    assert chosen == {"id": ACCOUNT_ID, "name": row["name"], "menu": row["menu"]}


def test_an_account_is_added_from_the_list() -> None:
    """R0.8."""
    accounts = DOCUMENT["paths"]["/v1/accounts"]
    assert accounts["post"]["operationId"] in accounts["get"]["summary"] + accounts["get"]["description"]


def test_an_account_is_renewed_on_another_billing_profile(front: MakeFront) -> None:
    """R0.14, R0.89."""
    client = front(accounts__renew_account=lambda _: RPC_ACCOUNT)
    answer = client.post(f"{PATH}/renewals", {"billing_profile_id": PROFILE_ID})
    assert (answer.status_code, json.loads(answer.data)) == (200, example_of(Account))
    asked = {"agency_id": AGENCY_ID, "account_id": ACCOUNT_ID, "billing_profile_id": PROFILE_ID, "quote_id": None}
    assert client.services.asked() == [("accounts.renew_account", asked)]


def test_an_agency_finds_where_its_programs_reach_us_at_the_host_that_it_asked(front: MakeFront) -> None:
    """R0.117."""
    client = front(identity__agency=lambda _: RPC_AGENCY)
    api = json.loads(client.get("/v1/agency", Host="api.comptoir.example:8443").data)["api"]
    assert api == {
        "base_url": "http://api.comptoir.example:8443/v1",
        "openapi_url": "http://api.comptoir.example:8443/v1/openapi.json",
        "docs_url": "http://api.comptoir.example:8443/docs",
        "agency_api_paths": ["/api.php", "/admin/api.php"],
    }
    for address in (API["openapi_url"], API["docs_url"]):
        assert client.get(str(address).removeprefix("http://localhost"), key=None).status_code == 200


def test_an_agency_changes_its_name_its_address_and_its_language(front: MakeFront) -> None:
    client = front(identity__update_agency=lambda _: RPC_AGENCY)
    answer = client.send("PATCH", "/v1/agency", data=b'{"language":"pt"}', Content_Type="application/json", Idempotency_Key="k1")
    assert (answer.status_code, json.loads(answer.data)) == (200, RPC_AGENCY | {"api": API})
    asked = {"agency_id": AGENCY_ID, "name": None, "notification_email": None, "language": "pt"}
    assert client.services.asked() == [("identity.update_agency", asked)]
    assert "k1" in client.services.call.keys


def test_what_of_an_agency_is_ours_to_say_is_refused_by_name(front: MakeFront) -> None:
    answer = front().send("PATCH", "/v1/agency", data=b'{"currency":"USD"}', Content_Type="application/json")
    assert_problem(answer, 422, "invalid_request", "currency")
    reader = front(scopes=("accounts:read", "accounts:write"))
    assert_problem(reader.send("PATCH", "/v1/agency", data=b"{}", Content_Type="application/json"), 403, "scope_missing")


def test_the_documentation_says_what_a_client_could_still_see(front: MakeFront) -> None:
    """R0.115."""
    said = " ".join(DOCUMENT["info"]["description"].split())
    assert "What a client could still see" in said
    assert "IP addresses that an account is hosted on, and that its mail is sent from, may reveal us as the provider" in said
    assert "What a client could still see" in front().get("/docs", key=None).text
