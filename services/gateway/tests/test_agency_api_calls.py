"""What each call of the agency API about accounts asks which service, and what it makes of the answer."""

import json
from typing import Any

import pytest

from chassis.errors import InvalidRequest, Refused
from gateway.agency_api import PATHS

from .agency_calls import ACCOUNT, ADD, CREDENTIALS, FREE, OLD, PLANS, account_page, get, keys_of, platform_of, post, told
from .conftest import KEY, Front
from .test_routes import ACCOUNT_ID, RPC_AGENCY, SELECTION, MakeFront


@pytest.fixture
def client(front: MakeFront) -> Front:
    """A platform with one account, acme."""
    return platform_of(front)


def test_a_free_name_is_free_and_a_taken_one_is_told_with_that_word(front: MakeFront, client: Front) -> None:
    assert get(client, "account_name_check", account="acme")["result_code"] == 1
    taken = {"name": "acme", "available": False, "code": "name_taken", "reason": "The name acme is taken: choose another one."}
    said = get(front(accounts__name_availability=lambda _: taken), "account_name_check", account="acme")
    assert (said["result_code"], said["result_message"]) == (0, taken["reason"])


def test_an_account_is_added_by_the_number_of_its_plan_and_has_a_password_at_once(client: Front) -> None:
    said = post(
        client, "account_add", {**ADD, "language": "portuguese - brazil", "cname": "mail.acme.example", "notification": "x@y.example"}
    )
    members = {"account": "acme.comptoir.example", "username": "admin", "password": "7k2mw"}
    assert said == {**members, "result_code": 1, "result_message": said["result_message"], "result_output": "json"}
    assert told(client, "accounts.open_account") == [
        {
            "name": "acme",
            "quote_id": None,
            "selection": SELECTION,
            "client_name": "Acme SARL",
            "client_email": "owner@acme.example",
            "notification_email": "x@y.example",
            "country": "FR",
            "language": "pt",
            "time_zone": "Europe/Paris",
            "billing_profile_id": None,
            "custom_domain": "mail.acme.example",
            "snapshot_id": None,
        }
    ]


def test_what_is_left_out_follows_from_the_agency_and_what_is_given_beside_a_plan_takes_its_place(client: Front) -> None:
    form = {"plan": "8", "timezone": "", "country": "fr", "contacts": "2500", "product": "SENDS", "frequency": "monthly"}
    assert post(client, "account_add", {**ADD, **form})["result_code"] == 1
    (asked,) = told(client, "accounts.open_account")
    assert (asked["country"], asked["language"], asked["time_zone"]) == ("FR", RPC_AGENCY["language"], "UTC")
    assert asked["selection"] == {**SELECTION, "contacts": 2500, "product": "SENDS"}


def test_plan_0_with_free_is_a_sandbox(client: Front) -> None:
    for free in ({"plan": "0", "free": "1"}, {"plan": "", "free": "on"}):
        assert post(client, "account_add", {**ADD, **free})["result_code"] == 1
    assert [asked["selection"] for asked in told(client, "accounts.open_account")] == [FREE, FREE]


@pytest.mark.parametrize(
    ("form", "words"),
    [
        ({"plan": ""}, "account_add needs the parameter plan: send it as a number of account_plans, or free=1 with plan=0."),
        ({"plan": "0"}, "plan cannot be '0': plan 0 is that of a free account"),
        ({"plan": "99"}, "plan cannot be '99': account_plans shows the numbers there are."),
        ({"plan": "1" * 13}, "it is a whole number"),
        ({"free": "perhaps", "plan": ""}, "free cannot be 'perhaps': it is 1 or 0."),
        ({"timezone": ""}, "Say where the client is"),
        ({"timezone": "UTC"}, "Say where the client is"),
        ({"name": ""}, "account_add needs the parameter name: send it in the body, as a form."),
    ],
)
def test_what_an_account_cannot_be_opened_with_is_told_and_nothing_is_asked_for(client: Front, form: dict[str, str], words: str) -> None:
    said = post(client, "account_add", {**ADD, **form})
    assert said["result_code"] == 0
    assert words in said["result_message"]
    assert told(client, "accounts.open_account") == []


def test_refusals_are_the_services_own_under_the_names_that_programs_have(front: MakeFront) -> None:
    def refuse(_request: dict[str, Any]) -> Any:
        faults = [("client_email", "No mail gets there."), ("time_zone", "There is no such zone."), ("elsewhere", "No.")]
        raise InvalidRequest(errors=[{"field": field, "code": "invalid", "message": message} for field, message in faults])

    client = front(identity__agency=lambda _: RPC_AGENCY, billing__plans=lambda _: {"data": PLANS}, accounts__open_account=refuse)
    said = post(client, "account_add", ADD)
    assert said["result_message"] == "email: No mail gets there. timezone: There is no such zone. elsewhere: No."


def test_the_same_call_has_the_same_idempotency_key_and_every_other_another(client: Front) -> None:
    post(client, "account_add", ADD)
    post(client, "account_add", dict(reversed(ADD.items())))
    post(client, "account_add", {**ADD, "unknown": "1"})
    post(client, "account_add", {**ADD, "email": "other@acme.example"})
    first, again, beside, other = keys_of(client, "accounts.open_account")
    assert first == again == beside
    assert first is not None
    assert first != other
    assert len(set(keys_of(client, "accounts.issue_credentials"))) == 4


def test_a_repeat_opens_anew_what_has_failed_since(front: MakeFront) -> None:
    """Who mends the card and sends the same again gets another account, not the one that failed."""
    opened: list[str] = []

    def open_account(_request: dict[str, Any]) -> Any:
        opened.append(f"{ACCOUNT_ID[:-1]}{len(opened)}")
        return {**ACCOUNT, "id": opened[-1]}

    def issue(request: dict[str, Any]) -> Any:
        if request["account_id"] in opened[:failing]:
            raise Refused(kind="conflict", code="not_in_this_status", message="It has failed.", details={"status": "failed"})
        return CREDENTIALS

    methods = {"accounts__open_account": open_account, "accounts__issue_credentials": issue}
    client = front(identity__agency=lambda _: RPC_AGENCY, billing__plans=lambda _: {"data": PLANS}, **methods)
    failing = 2
    assert post(client, "account_add", ADD)["result_code"] == 1
    assert len(set(keys_of(client, "accounts.open_account"))) == 3
    failing = 10**6
    assert post(client, "account_add", ADD)["result_message"] == "It has failed."


def test_an_edit_changes_the_plan_and_the_settings_that_are_given(client: Front) -> None:
    form = {"account": "ACME.comptoir.example", "plan": "8", "cname": "mail.acme.example", "notification": ""}
    assert post(client, "account_edit", form)["result_code"] == 1
    about = {"account_id": ACCOUNT["id"]}
    change = {"quote_id": None, "selection": PLANS[2]["selection"], "effective": None}
    assert told(client, "accounts.change_plan") == [{**about, **change}]
    assert told(client, "accounts.edit_account") == [{**about, "expected_version": None, "custom_domain": "mail.acme.example"}]


def test_an_edit_to_what_is_so_already_changes_nothing(client: Front) -> None:
    assert post(client, "account_edit", {"account": "acme", "plan": "7", "free": "0"})["result_code"] == 1
    assert post(client, "account_edit", {"account": "acme"})["result_code"] == 1
    assert told(client, "accounts.change_plan") == told(client, "accounts.edit_account") == []


@pytest.mark.parametrize(("plan_number", "words"), [("8", "The plan was changed, the rest was not: It is taken."), ("7", "It is taken.")])
def test_an_edit_that_is_done_by_half_says_so(front: MakeFront, plan_number: str, words: str) -> None:
    def refuse(_request: dict[str, Any]) -> Any:
        raise Refused(kind="conflict", code="custom_domain_taken", message="It is taken.")

    client = front(
        billing__plans=lambda _: {"data": PLANS},
        accounts__accounts=account_page(ACCOUNT),
        accounts__change_plan=lambda _: {},
        accounts__edit_account=refuse,
    )
    said = post(client, "account_edit", {"account": "acme", "plan": plan_number, "cname": "mail.acme.example"})
    assert (said["result_code"], said["result_message"]) == (0, words)


def test_a_list_has_everything_as_texts(client: Front) -> None:
    said = get(client, "account_list", search="acm")
    assert said["accounts"] == [
        {
            "account": "acme.comptoir.example",
            "cname": "",
            "planid": "7",
            "client_name": "Marie Curie Sklodowska",
            "notification": "ops@atelier.example",
            "subscribers": "0",
            "emails_sent": "0",
            "expire": "2026-02-28",
            "expired": "0",
            "reseller_status": "0",
            "cancelled": "false",
            "foreverfree": "0",
        }
    ]
    assert said["count"] == "1"
    assert told(client, "accounts.accounts") == [{"limit": 20, "skip": 0, "q": "acm"}]


def test_the_status_of_an_account_is_told_in_the_words_of_a_list(front: MakeFront) -> None:
    states = {
        "disabled": ("0", "1", "false"),
        "creating": ("0", "0", "false"),
        "cancelled": ("0", "0", "true"),
        "expired": ("1", "0", "true"),
        "archived": ("1", "0", "true"),
        "failed": ("1", "0", "true"),
    }
    accounts = [{**ACCOUNT, "status": status, "renews_at": None} for status in states]
    accounts.append({**ACCOUNT, "kind": "sandbox", "selection": {**FREE, "limits": {}, "add_ons": []}})
    client = front(billing__plans=lambda _: {"data": PLANS}, accounts__accounts=account_page(*accounts))
    rows = get(client, "account_list")["accounts"]
    assert [(row["expired"], row["reseller_status"], row["cancelled"]) for row in rows[:-1]] == list(states.values())
    assert (rows[0]["expire"], rows[-1]["foreverfree"], rows[-1]["planid"]) == ("", "1", "2")


def test_pages_are_twenty_accounts_however_far_and_the_list_of_one_plan_is_walked(front: MakeFront) -> None:
    everything = [{**ACCOUNT, "name": f"a{number}", "host": f"a{number}.comptoir.example"} for number in range(450)]
    for account in everything[1::2]:
        account["selection"] = {**OLD, "limits": {}, "add_ons": []}

    def accounts(asked: dict[str, Any]) -> Any:
        start = int(asked.get("cursor") or asked.get("skip", 0))
        rows = everything[start : start + asked["limit"]]
        end = start + len(rows)
        return {"data": rows, "next_cursor": str(end) if end < len(everything) else None, "total": len(everything)}

    client = front(billing__plans=lambda _: {"data": PLANS}, accounts__accounts=accounts)

    def hosts(**parameters: str) -> list[str]:
        said = get(client, "account_list", **parameters)
        assert said["count"] == str(len(said["accounts"]))
        return [row["account"].partition(".")[0] for row in said["accounts"]]

    assert hosts() == [f"a{number}" for number in range(20)]
    assert hosts(page="12") == [f"a{number}" for number in range(220, 240)]
    assert hosts(page="23") == [f"a{number}" for number in range(440, 450)]
    assert hosts(page="24") == []
    assert hosts(page="107374184") == []
    skipped = [asked["skip"] for asked in told(client, "accounts.accounts")]
    assert skipped == [0, 220, 440, 460], "one question a page, and none for what no agency has"
    assert hosts(page="2", planfilter="9") == [f"a{number}" for number in range(41, 81, 2)]
    assert "the list of one plan is shown up to page 500" in get(client, "account_list", planfilter="9", page="501")["result_message"]
    assert "planfilter cannot be '99'" in get(client, "account_list", planfilter="99")["result_message"]


def test_an_account_is_found_by_its_name_or_host_and_of_those_that_failed_the_last(front: MakeFront) -> None:
    failed = [{**ACCOUNT, "status": "failed", "failure": {"code": "x", "reason": f"Reason {number}."}} for number in (1, 2)]
    client = front(accounts__accounts=account_page(*failed, ACCOUNT))
    for account in ("acme", "Acme", "acme.comptoir.example", "acme.comptoir.example:8000"):
        assert get(client, "account_status", account=account)["status"] == "active"
    assert told(client, "accounts.accounts")[0] == {"filters": {"name": "acme"}}
    assert get(client, "account_status", account="acme.elsewhere.example")["result_code"] == 0
    said = get(front(accounts__accounts=account_page(*failed)), "account_status", account="acme")
    assert (said["status"], said["result_message"]) == (
        "cancelled",
        "The account was not opened, and nothing stays charged: Reason 1.",
    )
    unknown = get(front(accounts__accounts=account_page()), "account_status", account="acme")
    assert unknown["result_message"] == "You have no account 'acme': account_list shows those you have."


def test_an_account_is_shown_as_its_programs_know_it(front: MakeFront, client: Front) -> None:
    said = get(client, "account_view", account="acme")
    assert {name: said[name] for name in ("fname", "lname", "subscriber_limit", "status", "credits")} == {
        "fname": "Marie",
        "lname": "Curie Sklodowska",
        "subscriber_limit": "1000",
        "status": "nobody",
        "credits": "0",
    }
    assert "trial" not in said
    trial = {**ACCOUNT, "kind": "trial", "status": "disabled", "selection": {**FREE, "limits": {}, "add_ons": []}}
    other = get(front(billing__plans=lambda _: {"data": PLANS}, accounts__accounts=account_page(trial)), "account_view", account="acme")
    assert (other["trial"], other["status"], other["credits"]) == ("1", "suspend", "100")


def test_on_an_accounts_own_host_the_account_is_that_one(client: Front) -> None:
    query = {"api_key": KEY, "api_action": "account_view", "api_output": "json"}
    answer = client._client.get(PATHS[1], query_string=query, base_url="http://acme.localhost")
    assert json.loads(answer.data)["account"] == "acme.comptoir.example"
    assert told(client, "accounts.accounts") == [{"filters": {"name": "acme"}}]


def test_an_account_is_disabled_with_a_message_and_enabled_where_it_is_not(front: MakeFront, client: Front) -> None:
    assert get(client, "account_status_set", account="acme", status="1", message="Call us.")["result_code"] == 1
    assert told(client, "accounts.disable_account") == [{"account_id": ACCOUNT["id"], "message": "Call us."}]
    assert get(client, "account_status_set", account="acme", status="0")["result_code"] == 1
    assert told(client, "accounts.enable_account") == []
    off = front(accounts__accounts=account_page({**ACCOUNT, "status": "disabled"}), accounts__enable_account=lambda _: ACCOUNT)
    assert get(off, "account_status_set", account="acme", status="0")["result_code"] == 1
    assert told(off, "accounts.enable_account") == [{"account_id": ACCOUNT["id"]}]


def test_a_cancelled_account_is_usable_to_its_end_and_its_data_is_kept(front: MakeFront, client: Front) -> None:
    said = get(client, "account_cancel", account="acme", reason="Gone.", retaindata="0")
    assert said["result_message"] == "The account is cancelled, and usable until 2026-02-28. Its data is kept."
    assert told(client, "accounts.cancel_account") == [{"account_id": ACCOUNT["id"], "reason": "Gone."}]
    at_once = front(accounts__accounts=account_page(ACCOUNT), accounts__cancel_account=lambda _: ACCOUNT)
    assert get(at_once, "account_cancel", account="acme")["result_message"] == "The account is cancelled. Its data is kept."
