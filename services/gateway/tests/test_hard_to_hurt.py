"""Clients that are slow, many, or up to no good: each holds little, and the others are answered as ever."""

import os
import signal
import socket
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from typing import Any

import psutil
import pytest
import requests

from chassis.testing import eventually

from .at_the_door import KEY, PATH, RPC_ACCOUNT, Gateway, MakePeer, key_by_digest

SOON_SECONDS = 10
"""Much less than what a client that does nothing may stay for, with room for a busy machine."""
ASKED, BUSY, WAITING = 24, 2, 4
GET = f"GET {PATH} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {KEY}\r\n\r\n".encode()
MakeGateway = Callable[..., Gateway]


@pytest.fixture
def served(start: MakeGateway, peer: MakePeer) -> MakeGateway:
    """A gateway with one worker process and two threads, whose services answer at once."""
    peer("identity", key_by_digest=key_by_digest)
    peer("accounts", account=lambda _: RPC_ACCOUNT)
    return lambda **environment: start(WEB_WORKERS="1", WEB_THREADS="2", **{"SLOW_CLIENT_SECONDS": "30", **environment})


@pytest.fixture
def opened() -> Iterator[Callable[[Gateway], socket.socket]]:
    """`opened(gateway)`: one more connection, open until the test ends."""
    with ExitStack() as stack:
        yield lambda gateway: stack.enter_context(socket.create_connection(("127.0.0.1", gateway.port), timeout=10))


def drip(connection: socket.socket, *, seconds: float) -> None:
    """Send a byte now and then."""
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        connection.sendall(b"a")
        time.sleep(0.2)


def assert_answers_soon(gateway: Gateway) -> None:
    began = time.monotonic()
    assert gateway.get(PATH).status_code == 200
    assert time.monotonic() - began < SOON_SECONDS


def test_connections_that_say_nothing_hold_no_thread(served: MakeGateway, opened: Callable[[Gateway], socket.socket]) -> None:
    gateway = served()
    for _ in range(50):
        opened(gateway)
    assert_answers_soon(gateway)


def test_who_does_not_hang_up_after_the_last_answer_holds_nothing_up(
    served: MakeGateway, opened: Callable[[Gateway], socket.socket]
) -> None:
    gateway = served()
    for _ in range(10):
        connection = opened(gateway)
        connection.sendall(b"GARBAGE\r\n\r\n" + b"x" * 1000)
        assert b" 400 " in connection.recv(4096)
    assert_answers_soon(gateway)


def test_for_a_new_client_one_that_does_nothing_must_go(served: MakeGateway, opened: Callable[[Gateway], socket.socket]) -> None:
    gateway = served(MAX_CONNECTIONS="10")
    idle = [opened(gateway) for _ in range(30)]
    assert_answers_soon(gateway)
    assert idle[0].recv(1) == b"", "the oldest was closed"


def test_those_who_hang_up_the_moment_one_of_them_must_go_hurt_nobody(
    served: MakeGateway, opened: Callable[[Gateway], socket.socket]
) -> None:
    gateway = served(MAX_CONNECTIONS="10")
    known = [opened(gateway) for _ in range(9)]
    known[-1].sendall(GET)
    assert known[-1].recv(65536).startswith(b"HTTP/1.1 200")
    [worker] = gateway.workers()
    os.kill(worker, signal.SIGSTOP)
    new = opened(gateway)
    for each in known:
        each.close()
    os.kill(worker, signal.SIGCONT)
    new.sendall(GET)
    assert new.recv(65536).startswith(b"HTTP/1.1 200")
    assert gateway.workers() == [worker]


def test_where_no_more_files_may_be_open_a_new_client_takes_the_place_of_one_that_does_nothing(
    served: MakeGateway, opened: Callable[[Gateway], socket.socket]
) -> None:
    gateway = served()
    worker = psutil.Process(gateway.workers()[0])
    worker.rlimit(psutil.RLIMIT_NOFILE, (worker.num_fds() + 8, worker.rlimit(psutil.RLIMIT_NOFILE)[1]))
    for _ in range(30):
        opened(gateway)
    assert_answers_soon(gateway)
    assert gateway.workers() == [worker.pid]


def test_who_sends_a_byte_now_and_then_is_hung_up_on(served: MakeGateway, opened: Callable[[Gateway], socket.socket]) -> None:
    gateway = served(REQUEST_SECONDS="2", SLOW_CLIENT_SECONDS="1")
    connection = opened(gateway)
    connection.settimeout(0.2)
    connection.sendall(b"GET /healthz HTTP/1.1\r\nX-Long: ")
    began = time.monotonic()
    with pytest.raises(OSError, match=r"Broken pipe|reset"):
        drip(connection, seconds=20)
    assert 2 <= time.monotonic() - began < 10
    assert "Traceback" not in gateway.process.text()


def test_what_comes_after_a_request_is_another_one_or_the_end(served: MakeGateway) -> None:
    answers = served().raw(GET, GET, b"GARB\x00GE\r\n\r\n", GET)
    assert [status for status in (b"200", b"400") for _ in range(answers.count(b"HTTP/1.1 " + status))] == [b"200", b"200", b"400"]


@pytest.mark.parametrize("headers", [b"X-Many: x\r\n" * 101, b"X-Long: " + b"a" * 9000 + b"\r\n"])
def test_headers_are_bounded(served: MakeGateway, headers: bytes) -> None:
    answer = served().raw(b"GET /healthz HTTP/1.1\r\nHost: x\r\n" + headers + b"\r\n")
    assert answer.startswith(b"HTTP/1.1 431 ")


def test_under_overload_what_is_admitted_is_answered_and_the_rest_is_refused_at_once(start: MakeGateway, peer: MakePeer) -> None:
    """Two are being answered and four wait, as long as their patience lasts; all others have their answer before any of these."""
    may_answer = threading.Event()

    def held(_request: dict[str, Any]) -> Any:
        may_answer.wait(ASKED)
        return RPC_ACCOUNT

    peer("identity", key_by_digest=key_by_digest)
    peer("accounts", account=held)
    gateway = start(WEB_WORKERS="1", WEB_THREADS=str(BUSY), MAX_REQUESTS_WAITING=str(WAITING))
    with ThreadPoolExecutor(ASKED + 1) as pool:
        asked = [pool.submit(gateway.get, PATH) for _ in range(ASKED)]
        eventually(lambda: sum(each.done() for each in asked) >= ASKED - BUSY - WAITING)
        probe = pool.submit(requests.get, f"{gateway.url}/healthz", timeout=15)
        may_answer.set()
        answers = [each.result() for each in asked]
    refused = [answer for answer in answers if answer.status_code != 200]
    assert BUSY <= ASKED - len(refused) <= BUSY + WAITING
    for answer in refused:
        assert (answer.status_code, answer.json()["code"], answer.headers["Retry-After"]) == (503, "too_busy", "2")
        assert answer.headers["Content-Type"] == "application/problem+json"
        assert answer.headers["X-Request-Id"] == answer.json()["request_id"]
    assert probe.result().status_code == 200, "a process that is busy is not ill"
    eventually(lambda: gateway.process.metric("comptoir_http_requests_turned_away_total") == len(refused))
    assert_answers_soon(gateway)
