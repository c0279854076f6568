"""Whatever arrives for the agency API, by whichever client: the answer is HTTP 200, and says what to do."""

import json
import socket
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from xml.etree.ElementTree import fromstring

import phpserialize
import pytest
import requests

from chassis.testing import eventually
from gateway.agency_api import PATHS

from .at_the_door import KEY, Gateway, MakePeer, key_by_digest
from .test_routes import RPC_AGENCY

QUERY = f"api_key={KEY}&api_action=group_view&api_output=json&id=3"
HOST = b"Host: x\r\n"
CLOSE = b"Connection: close\r\n"
FORM = b"Content-Type: application/x-www-form-urlencoded\r\n"
MakeGateway = Callable[..., Gateway]


@pytest.fixture
def gateway(start: MakeGateway, peer: MakePeer) -> Gateway:
    """A gateway, and an identity that knows one key."""
    peer("identity", key_by_digest=key_by_digest, agency=lambda _: RPC_AGENCY)
    return start(WEB_WORKERS="1", WEB_THREADS="2")


def said(answer: bytes) -> dict[str, Any]:
    """What a call got by JSON; it is one answer, of HTTP 200."""
    head, _, body = answer.partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 200 "), answer
    read: dict[str, Any] = json.loads(body)
    return read


def line(method: str = "GET", query: str = QUERY, path: str = PATHS[0]) -> bytes:
    return f"{method} {path}?{query} HTTP/1.1\r\n".encode()


CHUNKED = line("POST") + HOST + CLOSE + FORM + b"Transfer-Encoding: chunked\r\n\r\n"


UNREADABLE = [
    (CHUNKED + b"zz\r\nid=3\r\n0\r\n\r\n", "The body cannot be read: send it whole, as a form"),
    (CHUNKED + b"4\r\nid=3XX0\r\n\r\n", "The body cannot be read"),
    (line() + HOST + b"X-Many: x\r\n" * 101 + b"\r\n", "There are 100 headers at most"),
    (line() + HOST + b"X-Long: " + b"a" * 9000 + b"\r\n\r\n", "There are 100 headers at most"),
    (line() + HOST + b"No header\r\n\r\n", "The request cannot be read."),
    (
        line(query=f"{QUERY}&search={'a' * 9000}") + HOST + b"\r\n",
        "A request line, which is the method and the address, has 8190 bytes at most.",
    ),
    (line("get") + HOST + b"\r\n", "The request cannot be read."),
    (line("POST") + HOST + CLOSE + FORM + b"Content-Length: 9000000\r\n\r\n", "A body is smaller than 1 MB."),
    (line("POST") + HOST + CLOSE + FORM + b"Content-Length: many\r\n\r\n", "The request cannot be read."),
    (line("POST") + HOST + CLOSE + FORM + b"Content-Length: 13\r\n\r\nname=Soci\xe9t\xe9x", "The parameters are not UTF-8"),
    (line(query=f"{QUERY}&name=Soci%E9t%E9") + HOST + CLOSE + b"\r\n", "The parameters are not UTF-8"),
    (line("OPTIONS") + HOST + CLOSE + b"\r\n", "Send a call by GET or POST."),
    (line("PROPFIND") + HOST + CLOSE + b"\r\n", "Send a call by GET or POST."),
    (line("PUT") + HOST + CLOSE + b"Content-Length: 0\r\n\r\n", "Send group_view by GET or POST."),
]


def test_what_cannot_be_read_is_http_200_and_a_sentence_in_the_format_that_is_asked_for(gateway: Gateway) -> None:
    for path in PATHS:
        for sent, words in UNREADABLE:
            answer = said(gateway.raw(sent.replace(PATHS[0].encode(), path.encode())))
            assert (answer["result_code"], answer["result_output"]) == (0, "json")
            assert words in answer["result_message"]
    eventually(lambda: '"path": "/admin/api.php"' in gateway.process.text(), what="the access log")
    told = gateway.process.text()
    assert "Traceback" not in told
    assert '"level": "error"' not in told
    assert KEY[8:] not in told


def test_also_where_no_call_was_read_the_format_is_the_one_asked_for(gateway: Gateway) -> None:
    for output in ("", "&api_output=xml", "&api_output=serialize", "&api_output=yaml"):
        sent = line(query=f"api_key={KEY}&api_action=user_me{output}") + HOST + b"No header\r\n\r\n"
        head, _, body = gateway.raw(sent).partition(b"\r\n\r\n")
        assert head.startswith(b"HTTP/1.1 200 OK\r\n")
        if "serialize" in output:
            assert phpserialize.loads(body)[b"result_code"] == 0
        else:
            assert fromstring(body).findtext("result_code") == "0"  # noqa: S314  our own


def test_what_is_no_call_is_answered_as_ever(gateway: Gateway) -> None:
    for path in ("/api.phpx", "/x/api.php", "/v1/agency"):
        assert gateway.raw(line(path=path) + HOST + b"No header\r\n\r\n").startswith(b"HTTP/1.1 400 ")
    assert gateway.raw(b"GARBAGE\r\n\r\n").startswith(b"HTTP/1.1 400 ")


def test_a_head_is_the_beginning_of_the_answer(gateway: Gateway) -> None:
    head, _, body = gateway.raw(line("HEAD") + HOST + CLOSE + b"\r\n").partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 200 ")
    assert body == b""


def test_a_client_that_breaks_off_is_no_failure_of_ours(gateway: Gateway) -> None:
    for beginning in (CHUNKED + b"64\r\nid=", line("POST") + HOST + FORM + b"Content-Length: 100\r\n\r\nid="):
        with socket.create_connection(("127.0.0.1", gateway.port), timeout=10) as connection:
            connection.sendall(beginning)
            connection.shutdown(socket.SHUT_WR)
            assert b" 200 " in connection.recv(4096)
    with socket.create_connection(("127.0.0.1", gateway.port), timeout=10) as connection:
        connection.sendall(CHUNKED + b"64\r\nid=")  # and says nothing more, for longer than SLOW_CLIENT_SECONDS
        assert b" 200 " in connection.recv(4096)
    assert "a request failed" not in gateway.process.text()


def test_forms_of_every_kind_are_read(gateway: Gateway) -> None:
    """PHP sends an array of fields as multipart, and a text of them urlencoded."""
    url = f"{gateway.url}{PATHS[1]}?api_key={KEY}&api_action=group_view&api_output=json"
    charset = {"Content-Type": "application/x-www-form-urlencoded; charset=ISO-8859-1"}
    for options in ({"data": {"id": "3"}}, {"files": {"id": (None, "3")}}, {"data": "id=3", "headers": charset}):
        answer = requests.post(url, timeout=10, **options)
        assert answer.json()["result_code"] == 1, answer.text
    unread = requests.post(url, json={"id": "3"}, timeout=10).json()
    assert unread["result_message"] == "group_view needs the parameter id: send it in the address."


def test_when_too_many_wait_calls_are_turned_away_by_http_200(start: MakeGateway, peer: MakePeer) -> None:
    def slow(_request: dict[str, Any]) -> Any:
        time.sleep(0.1)
        return RPC_AGENCY

    peer("identity", key_by_digest=key_by_digest, agency=slow)
    gateway = start(WEB_WORKERS="1", WEB_THREADS="1", MAX_REQUESTS_WAITING="2")
    url = f"{gateway.url}{PATHS[0]}?api_key={KEY}&api_action=user_me&api_output=json"
    assert requests.get(url, timeout=10).json()["result_code"] == 1
    with ThreadPoolExecutor(24) as pool:
        answers = list(pool.map(lambda _: requests.get(url, timeout=10), range(72)))
    assert {answer.status_code for answer in answers} == {200}
    refused = [answer.json()["result_message"] for answer in answers if not answer.json()["result_code"]]
    assert refused
    assert all("try again in a moment" in message for message in refused)
    assert KEY[8:] not in gateway.process.text()


def test_a_service_away_or_beside_itself_is_told_and_no_key_is(start: MakeGateway, peer: MakePeer) -> None:
    """Over the broker, with the traces that real processes write."""
    peer("identity", key_by_digest=key_by_digest, agency=lambda _: {"nothing": "of what is asked"})
    gateway = start(WEB_WORKERS="1")
    for action, words in (
        ("account_status&account=acme", "accounts cannot be reached right now"),
        ("user_me", "Something failed on our side."),
    ):
        for parameters, headers in (
            ({"api_key": KEY}, {}),
            ({"api_user": "shop", "api_pass": KEY}, {}),
            ({}, {"Api-Token": KEY}),
        ):
            began = time.monotonic()
            url = f"{gateway.url}{PATHS[0]}?api_action={action}&api_output=json"
            answer = requests.get(url, params=parameters, headers=headers, timeout=10)
            assert time.monotonic() - began < 3
            assert (answer.status_code, answer.json()["result_code"]) == (200, 0)
            assert words in answer.json()["result_message"]
    eventually(lambda: gateway.process.text().count('"path": "/api.php"') == 6, what="the access log")
    told = gateway.process.text() + requests.get(f"http://127.0.0.1:{gateway.process.port}/metrics", timeout=5).text
    assert "a request failed" in told
    assert "Traceback" in told
    assert KEY[8:] not in told
