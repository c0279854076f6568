"""The real process: gunicorn's workers, on a real broker."""

import json
import os
import resource
import shutil
import signal
import socket
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import psutil
import pytest
import requests

from chassis.errors import Refused
from chassis.testing import Bus, Peer, eventually
from gateway.app.connections import Worker
from gateway.app.serving import SPARE_FILES
from gateway.auth import VALID_SECONDS
from gateway.routes import accounts
from gateway.schemas.agency import Agency
from gateway.schemas.examples import example_of
from local_servers import RabbitNode

from .at_the_door import ACCOUNT_ID, PATH, RPC_ACCOUNT, SLOW_CLIENT_SECONDS, Gateway, MakePeer, key_by_digest
from .conftest import AGENCY_ID, KEY, KEY_ID


def test_a_request_crosses_the_broker_and_carries_its_context(start: Callable[..., Gateway], peer: MakePeer) -> None:
    identity = peer("identity", key_by_digest=key_by_digest)
    accounts_service = peer("accounts", account=lambda _: RPC_ACCOUNT)
    gateway = start()
    answer = gateway.get(PATH, **{"X-Request-Id": "case-1"})
    assert (answer.status_code, answer.json()) == (200, accounts.show(RPC_ACCOUNT))
    assert identity.calls[0][0] == "key_by_digest"
    assert accounts_service.calls == [("account", {"agency_id": AGENCY_ID, "account_id": ACCOUNT_ID})]
    (headers,) = accounts_service.headers
    assert (headers["nameko.request_id"], headers["nameko.agency_id"], headers["nameko.actor"]) == ("case-1", AGENCY_ID, KEY_ID)
    eventually(lambda: any(line.get("request_id") == "case-1" and line["event"] == "request" for line in gateway.lines()))


def test_a_refusal_of_a_service_crosses_the_broker(start: Callable[..., Gateway], peer: MakePeer) -> None:
    def not_found(_request: dict[str, Any]) -> Any:
        raise Refused(kind="not_found", code="account_not_found", message="There is no account of this id.")

    peer("identity", key_by_digest=key_by_digest)
    peer("accounts", account=not_found)
    answer = start().get(PATH)
    assert (answer.status_code, answer.json()["code"]) == (404, "account_not_found")


def test_an_address_of_ours_is_by_https_where_a_proxy_that_is_trusted_says_so(start: Callable[..., Gateway], peer: MakePeer) -> None:
    """R0.117."""
    peer("identity", key_by_digest=key_by_digest, agency=lambda _: example_of(Agency))
    for trusted, scheme in (("127.0.0.1", "https"), ("192.0.2.1", "http")):
        gateway = start(FORWARDED_ALLOW_IPS=trusted)
        api = gateway.get("/v1/agency", **{"X-Forwarded-Proto": "https"}).json()["api"]
        assert api["base_url"] == f"{scheme}://127.0.0.1:{gateway.port}/v1"


def test_the_metrics_are_those_of_all_workers(start: Callable[..., Gateway], peer: MakePeer) -> None:
    peer("identity", key_by_digest=key_by_digest)
    peer("accounts", account=lambda _: RPC_ACCOUNT)
    gateway = start(WEB_WORKERS="2", WEB_THREADS="2")
    with ThreadPoolExecutor(8) as pool:
        statuses = list(pool.map(lambda _: gateway.get(PATH).status_code, range(80)))
    assert statuses == [200] * 80
    name = "comptoir_http_request_seconds_count"
    eventually(lambda: gateway.process.metric(name, route="/v1/accounts/{account_id}", status="200") == 80)
    assert len(gateway.workers()) == 2


def test_what_was_begun_is_finished_after_sigterm(start: Callable[..., Gateway], peer: MakePeer) -> None:
    entered, release = threading.Event(), threading.Event()

    def slow(_request: dict[str, Any]) -> Any:
        entered.set()
        assert release.wait(10)
        return RPC_ACCOUNT

    peer("identity", key_by_digest=key_by_digest)
    peer("accounts", account=slow)
    gateway = start()
    with ThreadPoolExecutor(1) as pool:
        answer = pool.submit(gateway.get, PATH)
        assert entered.wait(10)
        gateway.process.signal(signal.SIGTERM)
        eventually(lambda: "Handling signal: term" in gateway.process.text())
        release.set()
        assert answer.result().status_code == 200
    assert gateway.process.wait() == 0
    eventually(lambda: any(line.get("path") == PATH for line in gateway.lines()), what="the line of the last request")


def test_as_many_connections_as_may_be_can_be_open(start: Callable[..., Gateway]) -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (1024, hard))
    try:
        gateway = start(WEB_WORKERS="1", MAX_CONNECTIONS="2000")
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    [worker] = gateway.workers()
    assert psutil.Process(worker).rlimit(psutil.RLIMIT_NOFILE) == (2000 + SPARE_FILES, hard)


def test_a_worker_that_ends_takes_nothing_of_the_others_with_it(start: Callable[..., Gateway], peer: MakePeer) -> None:
    peer("identity", key_by_digest=key_by_digest)
    peer("accounts", account=lambda _: RPC_ACCOUNT)
    gateway = start(WEB_WORKERS="1")
    [first] = gateway.workers()
    os.kill(first, signal.SIGTERM)
    eventually(lambda: len(gateway.workers()) == 2)
    eventually(gateway.process.ready)
    assert gateway.get(PATH).status_code == 200
    assert gateway.process.metric("comptoir_http_request_seconds_count", route="/v1/accounts/{account_id}") == 1


def test_a_request_that_cannot_be_counted_is_answered(start: Callable[..., Gateway], peer: MakePeer, tmp_path: Path) -> None:
    peer("identity", key_by_digest=key_by_digest)
    peer("accounts", account=lambda _: RPC_ACCOUNT)
    folder = tmp_path / "metrics"
    gateway = start(WEB_WORKERS="1", PROMETHEUS_MULTIPROC_DIR=str(folder))
    shutil.rmtree(folder)
    os.kill(gateway.workers()[0], signal.SIGKILL)
    eventually(lambda: len(gateway.workers()) == 2)
    eventually(gateway.process.ready)
    assert gateway.get(PATH).status_code == 200
    eventually(lambda: "a request was not counted" in gateway.process.text())


def test_a_worker_that_dies_is_replaced(start: Callable[..., Gateway], peer: MakePeer) -> None:
    peer("identity", key_by_digest=key_by_digest)
    peer("accounts", account=lambda _: RPC_ACCOUNT)
    gateway = start(WEB_WORKERS="1")
    [first] = gateway.workers()
    os.kill(first, signal.SIGKILL)
    eventually(lambda: len(gateway.workers()) == 2)
    eventually(gateway.process.ready)
    assert gateway.get(PATH).status_code == 200
    assert gateway.process.metric("comptoir_http_request_seconds_count", route="/readyz", status="200") >= 1


def test_while_the_broker_is_away_answers_come_soon_and_say_so(start: Callable[..., Gateway], peer: MakePeer, rabbit: RabbitNode) -> None:
    peer("identity", key_by_digest=key_by_digest)
    peer("accounts", account=lambda _: RPC_ACCOUNT)
    gateway = start()
    assert gateway.get(PATH).status_code == 200
    rabbit.stop()
    try:
        eventually(lambda: not gateway.process.ready())
        began = time.monotonic()
        answer = gateway.get(PATH)
        assert time.monotonic() - began < 2
        assert (answer.status_code, answer.json()["code"]) == (503, "service_unavailable")
        assert int(answer.headers["Retry-After"]) > 0
        assert requests.get(f"{gateway.url}/healthz", timeout=5).status_code == 200
    finally:
        rabbit.start()
    eventually(gateway.process.ready)


class Revocable:
    """Identity, which knows one key until it is revoked."""

    def __init__(self) -> None:
        self.revoked = False

    def key_by_digest(self, request: dict[str, Any]) -> dict[str, Any]:
        if self.revoked:
            raise Refused(kind="unauthenticated", code="invalid_api_key", message="The API key is not valid.")
        return key_by_digest(request)


def statuses(gateway: Gateway, times: int = 24) -> set[int]:
    with ThreadPoolExecutor(8) as pool:
        return set(pool.map(lambda _: gateway.get(PATH).status_code, range(times)))


def asked_of(identity: Peer, gateway: Gateway) -> int:
    """How often many requests made the gateway ask identity."""
    before = len(identity.calls)
    assert statuses(gateway) == {200}
    return len(identity.calls) - before


def test_a_revoked_key_opens_nothing_any_more_in_any_worker_as_soon_as_it_is_told(
    start: Callable[..., Gateway], peer: MakePeer, bus: Bus
) -> None:
    known = Revocable()
    identity = peer("identity", key_by_digest=known.key_by_digest)
    peer("accounts", account=lambda _: RPC_ACCOUNT)
    gateway = start(WEB_WORKERS="2", WEB_THREADS="2")
    eventually(lambda: asked_of(identity, gateway) == 0 and len(identity.calls) >= 2, what="both workers know the key")
    known.revoked = True
    assert 200 in statuses(gateway, 2), "they have not heard yet"
    bus.publish("identity", "api_key_revoked", {"key_id": KEY_ID}, agency_id=AGENCY_ID)
    told_at = time.monotonic()
    eventually(lambda: statuses(gateway) == {401}, within_seconds=VALID_SECONDS / 2)
    assert time.monotonic() - told_at < VALID_SECONDS, "it was not forgotten by its age"


def test_after_the_connection_was_lost_every_key_is_asked_about_again(
    start: Callable[..., Gateway], peer: MakePeer, rabbit: RabbitNode
) -> None:
    known = Revocable()
    peer("identity", key_by_digest=known.key_by_digest)
    peer("accounts", account=lambda _: RPC_ACCOUNT)
    gateway = start(WEB_WORKERS="1")
    assert gateway.get(PATH).status_code == 200
    known.revoked = True
    rabbit.close_all_connections()
    began = time.monotonic()
    eventually(lambda: gateway.get(PATH).status_code == 401, within_seconds=VALID_SECONDS / 2)
    assert time.monotonic() - began < VALID_SECONDS


def test_what_is_no_http_gets_a_problem_too(gateway: Gateway) -> None:
    for request_bytes, status, code in (
        (b"GET /\x01 HTTX/9\r\n\r\n", 400, "malformed_request"),
        (b"GET /" + b"a" * 8190 + b" HTTP/1.1\r\nHost: x\r\n\r\n", 414, "address_too_long"),
        (b"GET / HTTP/1.1\r\nHost: x\r\nX-Long: " + b"a" * 9000 + b"\r\n\r\n", 431, "headers_too_large"),
        (b"GET / HTTP/1.1\r\nHost: x\r\nNo Name: x\r\n\r\n", 400, "malformed_request"),
    ):
        head, _, body = gateway.raw(request_bytes).partition(b"\r\n\r\n")
        assert head.startswith(f"HTTP/1.1 {status} ".encode())
        assert b"Content-Type: application/problem+json" in head
        problem = json.loads(body)
        assert (problem["status"], problem["code"]) == (status, code)
    eventually(lambda: "LimitRequestHeaders" in gateway.process.text())
    assert "aaaa" not in gateway.process.text()


def test_a_failure_before_the_application_says_nothing_of_itself(capfd: pytest.CaptureFixture[str]) -> None:
    ours, theirs = socket.socketpair()
    with ours, theirs:
        Worker.handle_error(object.__new__(Worker), None, ours, None, ZeroDivisionError("a secret of ours"))
        head, _, body = theirs.recv(65536).partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 500 ")
    assert json.loads(body)["code"] == "internal_error"
    assert b"secret" not in body
    written = capfd.readouterr()
    assert "a secret of ours" in written.out + written.err


def test_a_client_that_stands_still_is_hung_up_on(gateway: Gateway) -> None:
    began = time.monotonic()
    assert gateway.raw(b"GET /healthz HTTP/1.1\r\nHo") == b""
    body_missing = gateway.raw(
        b"POST /v1/quotes HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer " + KEY.encode() + b"\r\nContent-Length: 9\r\n\r\n{"
    )
    assert b" 400 " in body_missing.partition(b"\r\n")[0]
    assert b"malformed_request" in body_missing
    assert time.monotonic() - began < 6 * SLOW_CLIENT_SECONDS
    assert "Traceback" not in gateway.process.text()


CHUNKED = (
    b"POST /v1/quotes HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\nContent-Type: application/json\r\nConnection: close\r\n"
    b"Authorization: Bearer " + KEY.encode() + b"\r\n\r\n"
)


def test_a_chunked_body_has_the_same_limit(gateway: Gateway) -> None:
    body = b'{"colour": "' + b"x" * (999_999 - 14) + b'"}'
    for padding, status in ((b"", b" 422 "), (b" ", b" 413 "), (b" " * 9, b" 413 ")):
        chunk = f"{len(body + padding):x}".encode() + b"\r\n" + body + padding + b"\r\n"
        assert status in gateway.raw(CHUNKED, chunk, b"0\r\n\r\n").partition(b"\r\n")[0]


def test_broken_chunks_are_the_clients_fault(gateway: Gateway) -> None:
    for chunks in (b"zz\r\n{}\r\n", b"2\r\n{}xx", b"2;\x00\r\n{}\r\n"):
        answer = gateway.raw(CHUNKED, chunks)
        assert b" 400 " in answer.partition(b"\r\n")[0]
        assert b"malformed_request" in answer
    assert "Traceback" not in gateway.process.text()


@pytest.fixture
def gateway(start: Callable[..., Gateway], peer: MakePeer) -> Gateway:
    peer("identity", key_by_digest=lambda _: {**key_by_digest({}), "scopes": ["admin"]})
    return start(WEB_WORKERS="1")


def test_a_service_that_goes_away_is_answered_for_within_two_seconds_while_the_others_go_on_and_comes_back_by_itself(
    start: Callable[..., Gateway], peer: MakePeer
) -> None:
    peer("identity", key_by_digest=key_by_digest, agency=lambda _: example_of(Agency))
    accounts_service = peer("accounts", account=lambda _: RPC_ACCOUNT)
    gateway = start()
    assert gateway.get(PATH).status_code == 200
    accounts_service.stop()

    def ask(path: str) -> tuple[float, requests.Response]:
        began = time.monotonic()
        answer = gateway.get(path)
        return time.monotonic() - began, answer

    with ThreadPoolExecutor(12) as pool:
        away = list(pool.map(ask, [PATH] * 12))  # some are on their way while it is noticed
        beside = list(pool.map(ask, ["/v1/agency"] * 12))
    assert max(seconds for seconds, _ in away) < 2
    for _, answer in away:
        assert answer.status_code == 503
        assert answer.json()["code"] in ("service_unavailable", "too_busy"), (
            "who waited for a thread behind them is not kept waiting either"
        )
        assert int(answer.headers["Retry-After"]) == answer.json()["retry_after_seconds"] > 0
    assert {answer.status_code for _, answer in beside} == {200}
    assert max(seconds for seconds, _ in beside) < 2
    eventually(lambda: ask(PATH)[0] < 0.5, what="each worker knows it, and says so at once")
    assert ask(PATH)[1].json()["code"] == "service_unavailable"
    peer("accounts", account=lambda _: RPC_ACCOUNT)
    eventually(lambda: gateway.get(PATH).status_code == 200, what="it is back, without a restart")
    assert "Traceback" not in gateway.process.text()
