"""Counting in a real Redis: one budget for all, and what happens while it is away."""

import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import structlog
from prometheus_client import REGISTRY
from redis import Redis

from chassis.config import ConfigurationError
from chassis.testing import eventually
from gateway.config import Config
from gateway.limits import Budget, Headroom, InMemory
from gateway.limits.shared import PREFIX, TIMEOUT_SECONDS, InRedis
from local_servers import RedisServer

from .at_the_door import PATH, RPC_ACCOUNT, Gateway, MakePeer, key_by_digest

WHOLE = Budget(per_second=0.01, burst=10)
SHARE = Budget(per_second=0.01, burst=3)

Make = Callable[[], InRedis]


@pytest.fixture(scope="module")
def server(server_folder: Path) -> Iterator[RedisServer]:
    """A Redis of our own: these tests kill it."""
    server = RedisServer(server_folder / "redis")
    server.start()
    yield server
    server.stop()


@pytest.fixture
def redis(server: RedisServer) -> RedisServer:
    """The Redis, empty."""
    with Redis.from_url(server.url) as client:
        client.flushall()
        client.script_flush()
    return server


@pytest.fixture
def process(redis: RedisServer) -> Iterator[Make]:
    """`process()`: what one worker process counts by, connected."""
    made: list[InRedis] = []

    def make() -> InRedis:
        made.append(InRedis(redis.url, WHOLE, meanwhile=InMemory(SHARE)).start())
        eventually(lambda: is_shared(made[-1]), what="it counts in Redis")
        return made[-1]

    yield make
    for each in made:
        each.stop()


def is_shared(limits: InRedis) -> bool:
    return "q=10;" in limits.take("somebody else").policy


def remaining(limits: InRedis, times: int) -> list[int]:
    return [limits.take("key_1").remaining for _ in range(times)]


def fallbacks() -> float:
    return REGISTRY.get_sample_value("comptoir_rate_limit_fallbacks_total") or 0.0


def test_processes_share_one_budget(process: Make) -> None:
    first, second = process(), process()
    assert remaining(first, 3) == [9, 8, 7]
    assert remaining(second, 3) == [6, 5, 4]
    assert remaining(first, 5) == [3, 2, 1, 0, 0]
    refused = second.take("key_1")
    assert refused == Headroom('"key";q=10;w=1000', 0, refused.full_in_seconds, refused.retry_after_seconds)
    assert 0 < refused.retry_after_seconds <= 100
    assert 900 < refused.full_in_seconds <= 1000


def test_never_more_than_the_budget_is_given_to_many_at_once(process: Make) -> None:
    counters = [process(), process()]
    with ThreadPoolExecutor(8) as pool:
        headrooms = list(pool.map(lambda number: counters[number % 2].take("key_1"), range(200)))
    assert sum(headroom.retry_after_seconds == 0 for headroom in headrooms if "q=10;" in headroom.policy) <= 10
    assert sum(headroom.retry_after_seconds == 0 for headroom in headrooms) >= 10


def test_what_is_kept_ends_with_its_bucket(process: Make, redis: RedisServer) -> None:
    remaining(process(), 2)
    with Redis.from_url(redis.url) as client:
        milliseconds = client.pttl(PREFIX + "key_1")
    assert isinstance(milliseconds, int)
    assert 190_000 < milliseconds <= 200_000


def test_while_redis_is_away_each_process_counts_its_share_and_says_so_once(process: Make, redis: RedisServer) -> None:
    limits = process()
    before = fallbacks()
    with structlog.testing.capture_logs() as said:
        redis.kill()
        try:
            headrooms = [limits.take("key_1") for _ in range(20)]
        finally:
            redis.start()
        eventually(lambda: is_shared(limits), what="it counts in Redis again, in the same process")
    assert {headroom.policy for headroom in headrooms} == {'"key";q=3;w=300'}
    assert [headroom.retry_after_seconds == 0 for headroom in headrooms] == [True] * 3 + [False] * 17
    assert fallbacks() - before >= 20
    warned = [line["event"] for line in said if line["log_level"] == "warning"]
    assert warned == ["Redis is away: requests are counted in memory"]


def test_a_redis_that_stands_still_holds_a_request_for_a_moment_and_the_others_not_at_all(process: Make, redis: RedisServer) -> None:
    limits = process()
    redis.pause()
    try:
        began = time.monotonic()
        limits.take("key_1")
        first_seconds = time.monotonic() - began
        began = time.monotonic()
        for _ in range(100):
            limits.take("key_1")
        rest_seconds = time.monotonic() - began
    finally:
        redis.go_on()
    assert first_seconds < 10 * TIMEOUT_SECONDS
    assert rest_seconds < 10 * TIMEOUT_SECONDS
    eventually(lambda: is_shared(limits), what="it counts in Redis again")


def test_a_redis_that_was_never_there_changes_nothing() -> None:
    limits = InRedis("redis://127.0.0.1:1/0", WHOLE, meanwhile=InMemory(SHARE)).start()
    assert remaining(limits, 4) == [2, 1, 0, 0]
    limits.stop()


def test_a_redis_that_cannot_write_is_one_that_is_away(process: Make, redis: RedisServer) -> None:
    limits = process()
    with Redis.from_url(redis.url) as client:
        client.replicaof("127.0.0.1", "1")  # read only from now on
        try:
            assert limits.take("key_1").policy == '"key";q=3;w=300'
        finally:
            client.replicaof("NO", "ONE")
    eventually(lambda: is_shared(limits), what="it counts in Redis again")


def test_an_address_that_is_none_is_refused_at_start() -> None:
    with pytest.raises(ConfigurationError, match="REDIS_URL"):
        Config.from_environment({"REDIS_URL": "127.0.0.1:6379"})
    assert Config.from_environment({"REDIS_URL": "redis://127.0.0.1:6379/0"}).redis_url == "redis://127.0.0.1:6379/0"


def test_the_workers_of_a_gateway_give_one_budget_together(start: Callable[..., Gateway], peer: MakePeer, redis: RedisServer) -> None:
    peer("identity", key_by_digest=key_by_digest)
    peer("accounts", account=lambda _: RPC_ACCOUNT)
    gateway = start(WEB_WORKERS="2", REDIS_URL=redis.url, RATE_LIMIT_PER_SECOND="0.001", RATE_LIMIT_BURST="6")
    eventually(lambda: gateway.process.text().count("requests are counted in Redis") == 2, what="both workers count there")
    with ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(lambda _: gateway.get(PATH), range(16)))
    assert sorted(answer.status_code for answer in answers) == [200] * 6 + [429] * 10
    assert {answer.headers["RateLimit-Policy"] for answer in answers} == {'"key";q=6;w=6000'}
    refused = next(answer for answer in answers if answer.status_code == 429)
    assert (refused.json()["code"], refused.json()["retry_after_seconds"]) == ("rate_limited", int(refused.headers["Retry-After"]))


def test_a_gateway_without_redis_opens_and_each_worker_gives_its_share(start: Callable[..., Gateway], peer: MakePeer) -> None:
    peer("identity", key_by_digest=key_by_digest)
    peer("accounts", account=lambda _: RPC_ACCOUNT)
    gateway = start(WEB_WORKERS="2", REDIS_URL="redis://127.0.0.1:1/0", RATE_LIMIT_PER_SECOND="0.001", RATE_LIMIT_BURST="6")
    answers = [gateway.get(PATH) for _ in range(16)]
    assert {answer.headers["RateLimit-Policy"] for answer in answers} == {'"key";q=3;w=6000'}
    assert 3 <= sum(answer.status_code == 200 for answer in answers) <= 6
    assert gateway.process.metric("comptoir_rate_limit_fallbacks_total") == 16
