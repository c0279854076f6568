"""A service that takes calls and answers none: it is answered for soon, the others' routes go on, and it is back without a restart."""

import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
import requests

from chassis.testing import eventually, quickest
from gateway.schemas.agency import Agency
from gateway.schemas.examples import example_of

from .at_the_door import PATH, RPC_ACCOUNT, Gateway, MakePeer, key_by_digest

AT_ONCE_SECONDS = 0.5
THREADS = 4


class Hanging:
    """Accounts, which answers until it hangs, and again when it is let go."""

    def __init__(self) -> None:
        self.runs = threading.Event()
        self.runs.set()

    def account(self, _request: dict[str, Any]) -> Any:
        assert self.runs.wait(60)
        return RPC_ACCOUNT


@pytest.fixture
def accounts(peer: MakePeer) -> Iterator[Hanging]:
    hanging = Hanging()
    peer("identity", key_by_digest=key_by_digest, agency=lambda _: example_of(Agency))
    peer("accounts", account=hanging.account)
    yield hanging
    hanging.runs.set()


@pytest.fixture
def gateway(start: Callable[..., Gateway], accounts: Hanging) -> Gateway:
    assert accounts.runs.is_set()
    gateway = start(WEB_WORKERS="1", WEB_THREADS=str(THREADS), MAX_CALLS_UNANSWERED="2")
    assert gateway.get(PATH).status_code == 200
    return gateway


def ask(gateway: Gateway, path: str) -> tuple[float, requests.Response]:
    began = time.monotonic()
    answer = gateway.get(path)
    return time.monotonic() - began, answer


def test_its_callers_are_told_within_two_seconds_and_then_at_once_while_the_others_go_on(gateway: Gateway, accounts: Hanging) -> None:
    accounts.runs.clear()
    with ThreadPoolExecutor(2 * THREADS) as pool:
        first = list(pool.map(lambda path: ask(gateway, path), [PATH] * THREADS))
        assert max(seconds for seconds, _ in first) < 2
        asked = [PATH, "/v1/agency"] * 40
        hung = first
        beside: list[int] = []

        def a_crowd_is_answered_at_once() -> bool:
            """What the machine does beside it is not its doing: one crowd of some is."""
            later = list(pool.map(lambda path: ask(gateway, path), asked))
            hung.extend(later[::2])
            beside.extend(answer.status_code for _, answer in later[1::2])
            refused = sorted(seconds for seconds, _ in later[::2])
            assert refused[len(refused) * 3 // 4] < AT_ONCE_SECONDS
            return max(seconds for seconds, _ in later[1::2]) < AT_ONCE_SECONDS

        eventually(a_crowd_is_answered_at_once, within_seconds=5)
    assert set(beside) == {200}
    assert max(seconds for seconds, _ in hung) < 2, "one call now and then asks whether it answers again"
    for _, answer in hung:
        assert (answer.status_code, answer.json()["code"]) == (503, "service_unavailable")
        assert int(answer.headers["Retry-After"]) == answer.json()["retry_after_seconds"] > 0
    assert gateway.process.metric("comptoir_rpc_hanging_refusals_total", service="accounts") >= len(hung) / 2


def test_it_is_back_without_a_restart_as_soon_as_it_answers(gateway: Gateway, accounts: Hanging) -> None:
    accounts.runs.clear()
    with ThreadPoolExecutor(THREADS) as pool:
        assert {answer.status_code for _, answer in pool.map(lambda path: ask(gateway, path), [PATH] * THREADS)} == {503}
    accounts.runs.set()
    eventually(lambda: gateway.get(PATH).status_code == 200, within_seconds=5, what="it is back")
    with ThreadPoolExecutor(THREADS) as pool:
        assert {answer.status_code for _, answer in pool.map(lambda path: ask(gateway, path), [PATH] * 40)} == {200}


def test_where_calls_are_few_it_is_known_after_some_that_ended_by_their_deadline(gateway: Gateway, accounts: Hanging) -> None:
    accounts.runs.clear()
    assert [gateway.get(PATH).status_code for _ in range(3)] == [504] * 3
    assert ask(gateway, PATH)[1].status_code == 503
    assert quickest(lambda: ask(gateway, PATH)) < AT_ONCE_SECONDS
