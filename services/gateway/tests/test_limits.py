"""How many requests a key may make: what is counted, what the caller is told, and what it costs."""

import re
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chassis.config import ConfigurationError
from gateway.config import Config
from gateway.limits import Budget, InMemory

from .conftest import Front, assert_problem

ACCOUNT = "/v1/accounts/acc_01KAMV7Q9ZC4S2T1X8RJ5N6B3D"
HEADERS = ("RateLimit-Policy", "RateLimit")
SMALL = Budget(per_second=2, burst=4)


class Clock:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


# --- counting ---------------------------------------------------------------------------------------------------------------------------


def test_a_burst_is_taken_at_once_and_comes_back_steadily() -> None:
    clock = Clock()
    limits = InMemory(SMALL, clock=clock)
    assert [limits.take("key_1").remaining for _ in range(4)] == [3, 2, 1, 0]
    refused = limits.take("key_1")
    assert (refused.remaining, refused.retry_after_seconds, refused.full_in_seconds) == (0, 1, 2)
    clock.now += 0.5
    assert limits.take("key_1").retry_after_seconds == 0
    assert limits.take("key_1").retry_after_seconds == 1
    clock.now += 60
    assert [limits.take("key_1").remaining for _ in range(4)] == [3, 2, 1, 0]


def test_what_is_refused_costs_nothing() -> None:
    clock = Clock()
    limits = InMemory(SMALL, clock=clock)
    for _ in range(100):
        limits.take("key_1")
    clock.now += 0.5
    assert limits.take("key_1").retry_after_seconds == 0


def test_keys_have_budgets_of_their_own() -> None:
    limits = InMemory(Budget(per_second=1, burst=1), clock=Clock())
    assert limits.take("key_1").retry_after_seconds == 0
    assert limits.take("key_1").retry_after_seconds == 1
    assert limits.take("key_2").retry_after_seconds == 0


@given(
    rate=st.integers(1, 1000),
    burst=st.integers(1, 1000),
    pauses=st.lists(st.floats(0, 3), min_size=1, max_size=200),
)
def test_never_more_than_the_burst_and_what_came_back_and_never_less(rate: int, burst: int, pauses: list[float]) -> None:
    clock = Clock()
    limits = InMemory(Budget(per_second=rate, burst=burst), clock=clock)
    tokens = float(burst)
    for pause in pauses:
        clock.now += pause
        tokens = min(burst, tokens + pause * rate)
        headroom = limits.take("key_1")
        if headroom.retry_after_seconds:
            assert tokens < 1.01
            assert headroom.remaining == 0
        else:
            assert tokens > 0.99
            tokens -= 1
            assert headroom.remaining == pytest.approx(tokens, abs=1.01)


def test_threads_share_one_budget() -> None:
    limits = InMemory(Budget(per_second=0.001, burst=500))
    with ThreadPoolExecutor(8) as pool:
        taken = list(pool.map(lambda _: limits.take("key_1").retry_after_seconds == 0, range(2000)))
    assert sum(taken) == 500


def test_memory_is_bounded_and_who_was_quiet_is_forgotten_first() -> None:
    limits = InMemory(Budget(per_second=1, burst=1), most=2, clock=Clock())
    for name in ("key_1", "key_2", "key_1", "key_3"):
        limits.take(name)
    assert len(limits) == 2
    assert limits.take("key_1").retry_after_seconds > 0, "it was asked for last but one"
    assert limits.take("key_2").retry_after_seconds == 0, "it was forgotten"


def test_a_share_is_never_nothing() -> None:
    assert Budget(per_second=10, burst=20).share(2) == Budget(per_second=5, burst=10)
    assert Budget(per_second=1, burst=1).share(4) == Budget(per_second=0.25, burst=1)


@pytest.mark.parametrize(
    "given_",
    [{"RATE_LIMIT_PER_SECOND": "0"}, {"RATE_LIMIT_PER_SECOND": "inf"}, {"RATE_LIMIT_BURST": "0"}, {"RATE_LIMIT_BURST": "1.5"}],
)
def test_a_budget_that_is_none_is_refused_at_start(given_: dict[str, str]) -> None:
    with pytest.raises(ConfigurationError, match=next(iter(given_))):
        Config.from_environment(given_)


# --- telling ----------------------------------------------------------------------------------------------------------------------------


def test_every_answer_to_a_known_caller_says_what_is_left(front: Callable[..., Front]) -> None:
    client = front(limits=InMemory(Budget(per_second=100, burst=200), clock=Clock()), scopes=("accounts:read",))
    answers = [client.get("/v1/accounts?colour=red"), client.get("/v1/users"), client.get("/v1/accounts?limit=0"), client.post("/v1/users")]
    assert [answer.status_code for answer in answers] == [422, 403, 422, 403]
    assert [answer.headers["RateLimit"] for answer in answers] == [f'"key";r={left};t=1' for left in (199, 198, 197, 196)]
    assert {answer.headers["RateLimit-Policy"] for answer in answers} == {'"key";q=200;w=2'}


def test_strangers_are_told_nothing_about_budgets(front: Callable[..., Front]) -> None:
    client = front()
    for answer in (client.get(ACCOUNT, key=None), client.get("/healthz"), client.get("/v1/nothing")):
        assert not set(HEADERS) & set(answer.headers.keys())


def test_who_asks_too_often_is_told_when_to_come_back_and_no_service_is_asked(front: Callable[..., Front]) -> None:
    clock = Clock()
    client = front(limits=InMemory(Budget(per_second=0.5, burst=1), clock=clock), accounts__accounts=lambda _: {})
    client.get("/v1/accounts?limit=0")
    refused = client.get("/v1/accounts")
    problem = assert_problem(refused, 429, "rate_limited")
    assert problem["retry_after_seconds"] == 2
    assert refused.headers["RateLimit"] == '"key";r=0;t=2'
    assert client.services.asked() == []
    clock.now += 2
    assert client.get("/v1/accounts?limit=0").status_code == 422


def test_the_headers_are_structured_fields_as_the_draft_has_them(front: Callable[..., Front]) -> None:
    answer = front().get("/v1/accounts?limit=0")
    assert re.fullmatch(r'"key";q=[1-9][0-9]*;w=[1-9][0-9]*', answer.headers["RateLimit-Policy"])
    assert re.fullmatch(r'"key";r=[0-9]+;t=[0-9]+', answer.headers["RateLimit"])
