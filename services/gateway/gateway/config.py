"""The gateway's environment."""

import math
import re
from dataclasses import dataclass
from urllib.parse import urlsplit

from chassis.config import ProcessConfig, setting

ORIGIN = re.compile(r"https?://[a-z0-9](?:[a-z0-9.-]*[a-z0-9])?(?::[0-9]{1,5})?")


def positive(text: str) -> float:
    """`0.5` → 0.5; nothing that is not a number above 0."""
    number = float(text)
    if not 0 < number < math.inf:
        raise ValueError("it is a number above 0")
    return number


def positive_whole(text: str) -> int:
    """`5` → 5; nothing below 1."""
    if (number := int(text)) < 1:
        raise ValueError("it is 1 at least")
    return number


def redis_url(text: str) -> str:
    """`redis://host:6379/0`, or nothing."""
    if text and urlsplit(text).scheme not in ("redis", "rediss", "unix"):
        raise ValueError("it begins with redis://, rediss:// or unix://")
    return text


def origins(text: str) -> tuple[str, ...]:
    """`https://desk.example,http://localhost:5173` → both; each as browsers send it, exactly."""
    listed = tuple(part.strip() for part in text.split(",")) if text else ()
    for origin in listed:
        if ORIGIN.fullmatch(origin) is None:
            raise ValueError(f"{origin!r} is no origin: write https://name, or https://name:port, in small letters and without a path")
    return listed


@dataclass(frozen=True, kw_only=True)
class Config(ProcessConfig):
    """What the gateway reads from its environment; `HEALTH_HOST:HEALTH_PORT` serves `/metrics` (0: nowhere)."""

    bind: str = setting("BIND", default="0.0.0.0:8000")
    """Where the world comes in: host:port."""
    forwarded_allow_ips: str = setting("FORWARDED_ALLOW_IPS", default="127.0.0.1")
    """The proxies whose X-Forwarded-Proto says whether we were asked by https: addresses joined by commas, or * for whoever reaches us."""
    web_workers: int = setting("WEB_WORKERS", default=2, convert=int)
    web_threads: int = setting("WEB_THREADS", default=8, convert=int)
    max_connections: int = setting("MAX_CONNECTIONS", default=1000, convert=positive_whole)
    """Connections of one worker process; for one more, that which has been of no use for the longest is closed."""
    max_requests_waiting: int = setting("MAX_REQUESTS_WAITING", default=32, convert=positive_whole)
    """Requests of one worker process that may wait for a thread; one more is answered 503 at once."""
    max_calls_in_flight: int = setting("MAX_CALLS_IN_FLIGHT", default=200, convert=int)
    """RPCs of one worker process that may wait at a time; one more is answered 503 at once."""
    max_calls_unanswered: int = setting("MAX_CALLS_UNANSWERED", default=4, convert=positive_whole)
    """RPCs of one worker process that may wait for one service while it answers none; then it hangs, and calls to it are answered 503."""
    rate_limit_per_second: float = setting("RATE_LIMIT_PER_SECOND", default=200.0, convert=positive)
    """Requests that one key may make each second over time; without Redis, of each replica."""
    rate_limit_burst: int = setting("RATE_LIMIT_BURST", default=400, convert=positive_whole)
    """Requests that one key may make at once after a pause."""
    redis_url: str = setting("REDIS_URL", default="", convert=redis_url)
    """Where the requests of a key are counted for all replicas together; empty: each worker process counts by itself."""
    cors_origins: tuple[str, ...] = setting("CORS_ORIGINS", default=(), convert=origins)
    """The origins whose programs in browsers may use /v1."""
    drain_seconds: int = setting("DRAIN_SECONDS", default=25, convert=int)
    """How long a worker finishes what it has begun after SIGTERM."""
    slow_client_seconds: int = setting("SLOW_CLIENT_SECONDS", default=10, convert=int)
    """How long a read from, or a write to, a client may stand still before its connection is closed."""
    request_seconds: int = setting("REQUEST_SECONDS", default=30, convert=positive_whole)
    """How long a request may take to arrive, whole, however steadily it does."""
    hosted_url_template: str = setting("HOSTED_URL_TEMPLATE", default="http://{name}.localhost:8000/login")
    """Where an account's users log in, as accounts has it: requests to such a host get the account's own pages."""
    api_host: str = setting("API_HOST", default="")
    """Where REST is reached, if that is a name under the accounts' domain: it is no account's then."""
    metrics_folder: str = setting("PROMETHEUS_MULTIPROC_DIR", default="")
    """Where the workers keep their counts; empty: a temporary folder."""
