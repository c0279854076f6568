"""Counting in Redis, for every process of every replica together (`REDIS_URL`); in memory while Redis is away."""

import threading
from contextlib import suppress

import structlog
from prometheus_client import Counter
from redis import Redis
from redis.backoff import NoBackoff
from redis.exceptions import RedisError
from redis.retry import Retry

from gateway.limits import Budget, Headroom, Limits, Scale

TIMEOUT_SECONDS = 0.05
"""How long a request waits for Redis at most, before it is counted in memory."""
RETRY_SECONDS = 1.0
"""How often it is asked whether it is back, by a thread of its own: no request waits for that."""
PREFIX = "comptoir:rate:"
PROBE = "probe"

TAKE = """
local time = redis.call('TIME')
local now = time[1] + time[2] / 1000000
local interval, capacity = tonumber(ARGV[1]), tonumber(ARGV[2])
local used_until = tonumber(redis.call('GET', KEYS[1]) or now)
local ahead = math.max(used_until - now, 0) + interval
if ahead <= capacity + 0.000001 then
    redis.call('SET', KEYS[1], string.format('%.6f', now + ahead), 'PX', math.ceil(ahead * 1000))
end
return string.format('%.6f', ahead)
"""
"""`InMemory.take`, by the clock of Redis: all who count there agree on the time. An entry ends when its bucket is full."""

FALLBACKS = Counter("comptoir_rate_limit_fallbacks_total", "Requests counted in memory because Redis was away.")

log = structlog.get_logger()


class InRedis:
    """Counts in Redis by one script a request; `meanwhile` counts at first, and whenever Redis does not answer in time."""

    def __init__(self, url: str, budget: Budget, *, meanwhile: Limits) -> None:
        never_again = Retry(NoBackoff(), retries=0)
        self._redis = Redis.from_url(url, socket_timeout=TIMEOUT_SECONDS, socket_connect_timeout=TIMEOUT_SECONDS, retry=never_again)
        self._script = self._redis.register_script(TAKE)
        self._scale = Scale(budget)
        self._numbers = [self._scale.interval, self._scale.capacity]
        self._meanwhile = meanwhile
        self._is_reachable = False
        self._changing = threading.Lock()
        self._stopping = threading.Event()

    def start(self) -> "InRedis":
        """Begin to look for Redis."""
        self._look_for_it()
        return self

    def stop(self) -> None:
        """Look no more, and hang up."""
        self._stopping.set()
        self._redis.close()

    def take(self, name: str) -> Headroom:
        """Take one request of `name`'s budget, where there is one left; thread-safe."""
        if self._is_reachable:
            try:
                return self._scale.headroom(self._ahead(name))
            except RedisError as error:
                self._lost(error)
        FALLBACKS.inc()
        return self._meanwhile.take(name)

    def _ahead(self, name: str) -> float:
        return float(self._script(keys=[PREFIX + name], args=self._numbers))

    def _lost(self, error: RedisError) -> None:
        with self._changing:
            if not self._is_reachable:
                return
            self._is_reachable = False
        log.warning("Redis is away: requests are counted in memory", reason=type(error).__name__)
        self._look_for_it()

    def _look_for_it(self) -> None:
        threading.Thread(target=self._until_it_is_back, name="redis", daemon=True).start()

    def _until_it_is_back(self) -> None:
        while not self._stopping.is_set():
            with suppress(RedisError):  # that it is away was said when it was noticed
                self._ahead(PROBE)  # not by a PING: a replica that is read only, or one without memory left, answers that too
                self._is_reachable = True
                log.info("requests are counted in Redis")
                return
            self._stopping.wait(RETRY_SECONDS)
