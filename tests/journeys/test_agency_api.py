"""Programs that agencies have already, on libraries that others wrote, do what they always did; and no key of theirs is left anywhere."""

import hashlib
import time
from collections.abc import Iterator

import phpserialize
import pytest
import requests

from chassis.testing import eventually

from .clients import LIBRARIES, Program
from .conftest import Agency, Platform, unique_name

PLUS = {"tier": "Plus", "style": "EM", "term": "1", "limit_sub": "1000"}
PRO = {**PLUS, "tier": "Pro"}
ADD = {"name": "Boulangerie Martin", "language": "french", "timezone": "Europe/Paris"}


@pytest.fixture(params=LIBRARIES)
def program(request: pytest.FixtureRequest, platform: Platform, agency: Agency) -> Program:
    return Program(request.param, url=platform.url, key=agency.key)


@pytest.fixture(scope="module")
def agency(platform: Platform) -> Agency:
    agency = platform.agency()
    bought = agency.post("/v1/credits/inbox-preview/purchases", {"units": 1000})
    assert bought.status_code == requests.codes.accepted, bought.text
    eventually(lambda: agency.get("/v1/credits/inbox-preview").json()["units"] == 1000, what="the inbox previews")
    return agency


@pytest.fixture(scope="module", autouse=True)
def no_key_is_left_anywhere(platform: Platform, agency: Agency) -> Iterator[None]:
    """After everything here was done: in no output, no metric, no trace, no row of any database."""
    yield
    strange = f"ck_live_{'z' * 43}"
    md5 = hashlib.md5(agency.key.encode(), usedforsecurity=False).hexdigest()
    me = requests.get(f"{platform.url}/api.php", params={"api_user": "shop", "api_pass": md5, "api_action": "user_me"}, timeout=15)
    assert "<result_code>1</result_code>" in me.text
    for where in ({"api_key": strange}, {"api_user": "shop", "api_pass": strange}):
        said = requests.get(f"{platform.url}/api.php", params={**where, "api_action": "user_me", "api_output": "json"}, timeout=15).json()
        assert said["result_message"] == f"Authentication for API key 'ck_live_{'*' * 43}' failed."
    eventually(lambda: "/admin/api.php" in platform.processes["gateway serve"].text(), what="the access log")
    told = "".join(process.text() for process in platform.processes.values())
    told += "".join(requests.get(f"http://127.0.0.1:{process.port}/metrics", timeout=5).text for process in platform.processes.values())
    told += "".join(database.everything() for database in platform.databases.values())
    assert "comptoir_http_request_seconds" in told
    assert agency.id in told
    for key in (agency.key, strange, md5):
        assert key not in told
        assert key[8:] not in told


def plan_like(program: Program, wanted: dict[str, str]) -> str:
    """The number of a plan, as a program finds it."""
    plans = program.call("GET", "account_plans")["plans"]
    (number,) = [number for number, plan in plans.items() if wanted.items() <= plan.items()]
    return str(number)


def until(program: Program, name: str, status: str) -> None:
    """Ask for the status until it is this one, as programs do."""
    deadline = time.monotonic() + 60
    while (said := program.call("GET", "account_status", account=name))["status"] != status:
        assert said["status"] == "creating", said
        assert time.monotonic() < deadline
        time.sleep(0.5)


def previews_given(program: Program, name: str) -> None:
    """Hand the account thirty inbox previews, as soon as credits has heard of it."""
    eventually(
        lambda: program.call("POST", "account_emailtest_credits_apply", account=name, credits="30")["result_code"] == 1,
        what="the inbox previews handed over",
    )


def row_of(program: Program, name: str) -> dict[str, str]:
    (row,) = program.call("GET", "account_list", search=name)["accounts"]
    found: dict[str, str] = row
    return found


def test_the_usual_program_runs_unchanged(program: Program, agency: Agency, platform: Platform) -> None:
    """R0.116, R0.117."""
    name = unique_name()
    plus, pro = plan_like(program, PLUS), plan_like(program, PRO)
    assert program.call("GET", "user_me")["email"] == agency.notification_email
    assert program.call("GET", "group_view", id="3")["result_code"] == 1
    assert program.call("GET", "account_name_check", account=name)["result_code"] == 1

    added = program.call("POST", "account_add", account=name, email=f"owner@{name}.example", plan=plus, **ADD)
    assert (added["result_code"], added["username"]) == (1, "admin")
    taken = program.call("GET", "account_name_check", account=name)
    assert (taken["result_code"], "taken" in taken["result_message"]) == (0, True)
    until(program, name, "active")
    page = requests.get(f"{platform.url}/login", headers={"Host": added["account"]}, timeout=15)
    assert page.status_code == 200

    row = row_of(program, name)
    assert (row["account"], row["planid"], row["reseller_status"], row["cancelled"]) == (added["account"], plus, "0", "false")
    edited = program.call("POST", "account_edit", account=name, plan=pro, notification=f"ops@{name}.example")
    assert edited["result_code"] == 1, edited
    assert (row_of(program, name)["planid"], row_of(program, name)["notification"]) == (pro, f"ops@{name}.example")

    disabled = program.call("GET", "account_status_set", account=added["account"], status="1", message="Please call us.")
    assert disabled["result_code"] == 1, disabled
    assert program.call("GET", "account_status", account=name)["status"] == "disabled"
    assert row_of(program, name)["reseller_status"] == "1"
    assert program.call("GET", "account_status_set", account=name, status="0")["result_code"] == 1
    until(program, name, "active")

    previews_given(program, name)
    assert program.call("POST", "account_emailtest_credits_apply", account=name, credits="30")["result_code"] == 1
    account_id = agency.get(f"/v1/accounts?q={name}").json()["data"][0]["id"]
    assert agency.get(f"/v1/credits/inbox-preview?account_id={account_id}").json()["units"] == 30

    token = program.call("POST", "singlesignon", account=name, sso_addr="192.0.2.1", sso_user="admin", sso_duration="15")["token"]
    main = f"{platform.url}/admin/main.php?_ssot={token}"
    opened = requests.get(main, headers={"Host": added["account"]}, allow_redirects=False, timeout=15)
    assert (opened.status_code, opened.headers["Location"]) == (303, "/")

    eventually(
        lambda: program.call("GET", "account_cancel", account=name, reason="The client has gone.")["result_code"] == 1,
        what="the account cancelled",
    )
    assert program.call("GET", "account_status", account=name)["status"] == "cancelled"
    assert row_of(program, name)["cancelled"] == "true"


def test_the_same_call_sent_again_is_done_and_charged_once_and_has_a_password_that_opens(program: Program, agency: Agency) -> None:
    name = unique_name()
    asked = {"account": name, "email": f"owner@{name}.example", "plan": plan_like(program, PLUS), **ADD}
    first, again = program.call("POST", "account_add", **asked), program.call("POST", "account_add", **asked)
    assert (first["result_code"], again["result_code"], first["account"]) == (1, 1, again["account"])
    assert first["password"] != again["password"]
    other = program.call("POST", "account_add", **{**asked, "email": f"other@{name}.example"})
    assert (other["result_code"], "taken" in other["result_message"]) == (0, True)
    until(program, name, "active")
    (account,) = agency.get(f"/v1/accounts?q={name}").json()["data"]
    invoices = agency.get(f"/v1/accounts/{account['id']}/invoices").json()
    assert (invoices["total"], invoices["data"][0]["status"]) == (1, "paid")


def test_what_was_refused_is_done_when_it_is_mended_and_sent_again(platform: Platform) -> None:
    """Trap: within ten minutes the refusal is given again, whatever was mended."""
    agency = platform.agency()
    program = Program(LIBRARIES[0], url=platform.url, key=agency.key)
    name = unique_name()
    program.call("POST", "account_add", account=name, email=f"owner@{name}.example", plan=plan_like(program, PLUS), **ADD)
    until(program, name, "active")
    assert program.call("POST", "account_emailtest_credits_apply", account=name, credits="30")["result_code"] == 0
    assert agency.post("/v1/credits/inbox-preview/purchases", {"units": 1000}).status_code == requests.codes.accepted
    eventually(lambda: agency.get("/v1/credits/inbox-preview").json()["units"] == 1000, what="the inbox previews")
    previews_given(program, name)


def test_xml_and_php_say_what_json_says(platform: Platform, agency: Agency) -> None:
    query = {"api_key": agency.key, "api_action": "account_name_check", "account": "admin"}
    said = {
        output: requests.get(f"{platform.url}/api.php", params={**query, "api_output": output}, timeout=15)
        for output in ("json", "serialize")
    }
    assert phpserialize.loads(said["serialize"].content, decode_strings=True) == {**said["json"].json(), "result_output": "serialize"}
    xml = requests.get(f"{platform.url}/api.php", params=query, timeout=15)
    assert "<result_code>0</result_code>" in xml.text
