"""The agency API: how it is reached, how it answers, and what it never tells. What each call does: test_agency_api_calls.py."""

import hashlib
import json
import os
import subprocess
import sys
from typing import Any
from xml.etree.ElementTree import fromstring

import phpserialize
import pytest
from prometheus_client import generate_latest
from werkzeug.test import TestResponse

from chassis.errors import DeadlineExceeded, InternalError, Unavailable
from gateway.agency_api import PATHS
from gateway.agency_api.table import ACTIONS, FORM

from .conftest import AGENCY_ID, KEY, KEY_ID, Front, Services, UnknownKey
from .test_routes import RPC_AGENCY, MakeFront

STRANGE = "ck_live_" + "b" * 43
OTHER = "nothing-like-a-key"
MD5_OF_KEY = hashlib.md5(KEY.encode(), usedforsecurity=False).hexdigest()


def read(answer: TestResponse, output: str) -> dict[str, Any]:
    """The members of an answer, each as a text, whichever way it is written."""
    if output == "json":
        members = json.loads(answer.data)
    elif output == "serialize":
        members = phpserialize.loads(answer.data, decode_strings=True)
    else:
        members = {child.tag: child.text or "" for child in fromstring(answer.data)}  # noqa: S314  our own
    return {name: str(value) for name, value in members.items()}


def called(client: Front, action: str, *, path: str = PATHS[0], output: str = "json", **parameters: str) -> dict[str, Any]:
    """Call by the address, as JSON unless said otherwise."""
    query = {"api_key": KEY, "api_action": action, "api_output": output, **parameters}
    answer = client._client.get(path, query_string=query)
    assert answer.status_code == 200
    return read(answer, output)


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize(
    ("output", "media_type"),
    [("json", "application/json"), ("xml", "text/xml; charset=utf-8"), ("serialize", "text/plain; charset=utf-8")],
)
def test_both_paths_answer_in_all_three_formats(front: MakeFront, path: str, output: str, media_type: str) -> None:
    client = front(identity__agency=lambda _: {**RPC_AGENCY, "name": "Atelier «Démo» & fils"})
    query = {"api_key": KEY, "api_action": "user_me", "api_output": output}
    answer = client._client.get(path, query_string=query)
    assert answer.content_type == media_type
    assert read(answer, output) == {
        "username": "Atelier «Démo» & fils",
        "email": RPC_AGENCY["notification_email"],
        "apiurl": "http://localhost",
        "apikey": "ck_live_" + "*" * 43,
        "result_code": "1",
        "result_message": "Success: Something is returned",
        "result_output": output,
    }


def test_xml_is_written_where_nothing_else_is_asked_for(front: MakeFront) -> None:
    answer = front()._client.get(PATHS[0], query_string={"api_key": KEY, "api_action": "group_view", "id": "3"})
    assert answer.data.startswith(b'<?xml version="1.0" encoding="utf-8"?>\n<group_view><id>3</id>')


def test_how_it_went_is_a_number_in_json_and_php_for_programs_ask_whether_it_is_true(front: MakeFront) -> None:
    for result, parameters in ((1, {"id": "3"}), (0, {})):
        query = {"api_key": KEY, "api_action": "group_view", **parameters}
        assert json.loads(front()._client.get(PATHS[0], query_string={**query, "api_output": "json"}).data)["result_code"] is result
        php = front()._client.get(PATHS[0], query_string={**query, "api_output": "serialize"}).data
        assert phpserialize.loads(php)[b"result_code"] is result


@pytest.mark.parametrize("place", ["query", "form", "user", "md5", "token", "bearer", "plain"])
def test_a_key_is_taken_wherever_programs_put_it(front: MakeFront, place: str) -> None:
    client = front()
    query = {"api_action": "group_view", "api_output": "json", "id": "3"}
    headers = {"token": {"Api-Token": KEY}, "bearer": {"Authorization": f"Bearer {KEY}"}, "plain": {"Authorization": KEY}}.get(place, {})
    by_password = {"user": KEY, "md5": MD5_OF_KEY}
    given = {"api_user": "shop", "api_pass": by_password[place]} if place in by_password else {"api_key": KEY} if place == "query" else {}
    form = {"api_key": KEY} if place == "form" else {}
    answer = client._client.open(
        PATHS[1], method="POST" if form else "GET", query_string={**query, **given}, headers=headers, data=form or None
    )
    assert json.loads(answer.data)["result_code"] == 1
    (line,) = client.lines()
    assert (line["actor"], line["agency_id"], line["path"]) == (KEY_ID, AGENCY_ID, PATHS[1])


def test_the_md5_of_a_key_opens_this_door_alone(front: MakeFront) -> None:
    client = front()._client
    assert client.get("/v1/agency", headers={"Authorization": f"Bearer {KEY}"}).status_code != 401
    assert client.get("/v1/agency", headers={"Authorization": f"Bearer {MD5_OF_KEY}"}).status_code == 401


@pytest.mark.parametrize("action", ["user_me", "no_such_call", ""])
def test_a_key_that_is_none_is_told_again_masked_and_nothing_else(front: MakeFront, action: str) -> None:
    def unknown(_request: dict[str, Any]) -> Any:
        raise UnknownKey

    for key in (STRANGE, OTHER, "ck"):
        said = called(front(identity__key_by_digest=unknown), action, api_key=key)
        assert said == {
            "result_code": "0",
            "result_message": f"Authentication for API key '{key[:8]}{'*' * (len(key) - 8)}' failed.",
            "result_output": "json",
        }


def test_who_sends_no_key_is_told_where_it_goes(front: MakeFront) -> None:
    assert "api_key" in called(front(), "user_me", api_key="")["result_message"]


@pytest.mark.parametrize(
    ("query", "words"),
    [
        ({"api_action": "account_delete"}, "There is no call 'account_delete': api_action is one of account_add, account_cancel,"),
        ({}, "There is no call ''"),
        ({"api_action": "account_status"}, "account_status needs the parameter account: send it in the address."),
        ({"api_action": "account_status", "account": "  "}, "account_status needs the parameter account"),
        ({"api_action": "account_add", "account": "acme"}, "Send account_add by POST."),
        ({"api_action": "group_view", "id": "4"}, "id cannot be '4': the only group is 3."),
        ({"api_action": "account_list", "page": "two"}, "page cannot be 'two': it is a whole number."),
        ({"api_action": "account_list", "page": "501", "planfilter": "7"}, "narrow it by search"),
        ({"api_action": "account_credits_apply", "account": "acme", "credits": "0", "kind": "sms"}, "credits cannot be '0'"),
        ({"api_action": "account_credits_apply", "account": "acme", "credits": "5", "kind": "gold"}, "kind cannot be 'gold'"),
        ({"api_action": "account_status_set", "account": "acme", "status": "2"}, "status cannot be '2': it is 0 (active) or 1 (inactive)."),
        ({"api_action": "account_conversations"}, "Conversations are not offered here"),
        ({"api_action": "account_scoring"}, "Scoring is not switched here"),
        ({"api_action": "account_view"}, "say which account you mean by the parameter account"),
    ],
)
def test_what_is_wrong_with_a_call_is_a_sentence_that_says_what_to_do(front: MakeFront, query: dict[str, str], words: str) -> None:
    client = front(accounts__accounts=lambda _: {"data": [], "next_cursor": None, "total": 0}, billing__plans=lambda _: {"data": []})
    answer = client._client.get(PATHS[0], query_string={"api_key": KEY, "api_output": "json", **query})
    assert answer.status_code == 200
    said = json.loads(answer.data)
    assert (said["result_code"], said["result_output"]) == (0, "json")
    assert words in said["result_message"]


def test_a_format_that_is_none_is_refused_in_xml(front: MakeFront) -> None:
    answer = front()._client.get(PATHS[0], query_string={"api_key": KEY, "api_action": "user_me", "api_output": "yaml"})
    assert answer.status_code == 200
    assert read(answer, "xml")["result_message"] == "api_output is xml, json or serialize, and not 'yaml'."


def test_a_method_that_no_call_is_made_by_is_told_so(front: MakeFront) -> None:
    for method in ("PUT", "PATCH", "DELETE"):
        answer = front()._client.open(PATHS[0], method=method, query_string={"api_key": KEY, "api_action": "user_me", "api_output": "json"})
        assert (answer.status_code, json.loads(answer.data)["result_message"]) == (200, "Send user_me by GET or POST.")


def test_a_key_without_the_scope_is_told_which(front: MakeFront) -> None:
    for name, action in ACTIONS.items():
        method = "POST" if action.verbs == FORM else "GET"
        client = front(scopes=("webhooks:read",))
        answer = client._client.open(PATHS[0], method=method, query_string={"api_key": KEY, "api_action": name, "api_output": "json"})
        assert (answer.status_code, json.loads(answer.data)["result_code"]) == (200, 0)
        assert f"does not have the scope {action.scope.value}" in answer.text
        assert client.services.asked() == []


def _raising(failure: Exception) -> Any:
    def method(_request: dict[str, Any]) -> Any:
        raise failure

    return method


@pytest.mark.parametrize(
    ("failure", "words"),
    [
        (Unavailable(service="identity", reason="it is away"), "identity cannot be reached right now: it is away. Try again in a moment."),
        (DeadlineExceeded(service="identity", method="agency"), "identity.agency did not answer in time."),
        (InternalError(), "Something failed on our side. The request id finds it in our logs. It is req_"),
    ],
)
def test_a_service_that_is_away_or_fails_is_a_sentence(front: MakeFront, failure: Exception, words: str) -> None:
    assert called(front(identity__agency=_raising(failure)), "user_me")["result_message"].startswith(words)


def test_a_defect_of_ours_is_no_page_and_no_trace(front: MakeFront) -> None:
    said = called(front(identity__agency=lambda _: {}), "user_me")
    assert said["result_code"] == "0"
    assert said["result_message"].startswith("Something failed on our side.")


def test_a_form_that_is_too_large_is_refused_in_the_format_that_the_address_asks_for(front: MakeFront) -> None:
    query = {"api_key": KEY, "api_action": "account_add", "api_output": "json"}
    answer = front()._client.post(PATHS[0], query_string=query, data={"account": "a" * 1_100_000})
    assert (answer.status_code, json.loads(answer.data)["result_message"]) == (200, "A body is smaller than 1 MB.")


def test_what_xml_cannot_write_is_replaced_and_what_it_can_is_escaped(front: MakeFront) -> None:
    answer = front()._client.get(PATHS[0], query_string={"api_key": KEY, "api_action": "<a&\x00\x1b>"})
    root = fromstring(answer.data)  # noqa: S314  our own
    assert root.tag == "result"
    assert "'<a&\N{REPLACEMENT CHARACTER}\N{REPLACEMENT CHARACTER}>'" in (root.findtext("result_message") or "")


def test_of_a_parameter_given_twice_the_last_counts_and_the_bodys_before_the_addresss(front: MakeFront) -> None:
    client = front()
    path = f"{PATHS[0]}?api_key={KEY}&api_action=group_view&api_output=json&id=4&id=3"
    assert json.loads(client._client.get(path).data)["result_code"] == 1
    assert "'5'" in client._client.post(path, data={"id": "5"}).text


CALLS_OF_EVERY_KIND = """
import sys
from chassis import logs
logs.configure(service="gateway", process="serve", log_format=sys.argv[1], level="DEBUG")
from services.gateway.tests.test_agency_api import call_in_every_way
call_in_every_way()
"""


def call_in_every_way() -> None:
    """Call with keys that open and keys that do not, in every place, also where the call fails; print what is logged and counted."""
    for failure in (None, Unavailable(service="identity", reason="it is away"), InternalError(), KeyError("a defect")):
        client = Front(Services(("admin",), {"identity__agency": (lambda _: RPC_AGENCY) if failure is None else _raising(failure)}))
        for key in (KEY, STRANGE, OTHER, MD5_OF_KEY):
            called(client, "user_me", api_key=key)
            called(client, "user_me", api_key="", api_user="shop", api_pass=key)
            client._client.get(PATHS[1], query_string={"api_action": "user_me"}, headers={"Api-Token": key})
            client._client.get(PATHS[1], query_string={"api_action": "user_me"}, headers={"Authorization": f"Bearer {key}"})
        sys.stdout.write(json.dumps(client.lines()))
    sys.stdout.write(generate_latest().decode())


@pytest.mark.parametrize("log_format", ["json", "console"])
def test_no_key_reaches_a_log_line_or_a_metric(log_format: str) -> None:
    """As a process writes them, defects with their traces too. Over a whole platform: tests/journeys/test_agency_api.py."""
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    command = [sys.executable, "-c", CALLS_OF_EVERY_KIND, log_format]
    ended = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=60, check=True)
    told = ended.stdout + ended.stderr
    assert PATHS[0] in told
    assert "a request failed" in told
    assert "comptoir_http_request_seconds" in told
    for key in (KEY, STRANGE, OTHER, MD5_OF_KEY):
        assert key not in told
        assert key[8:] not in told
