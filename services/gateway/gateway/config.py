"""The gateway's environment."""

from dataclasses import dataclass

from chassis.config import ProcessConfig, setting


@dataclass(frozen=True, kw_only=True)
class Config(ProcessConfig):
    """What the gateway reads from its environment; `HEALTH_HOST:HEALTH_PORT` serves `/metrics` (0: nowhere)."""

    bind: str = setting("BIND", default="0.0.0.0:8000")
    """Where the world comes in: host:port."""
    forwarded_allow_ips: str = setting("FORWARDED_ALLOW_IPS", default="127.0.0.1")
    """The proxies whose X-Forwarded-Proto says whether we were asked by https: addresses joined by commas, or * for whoever reaches us."""
    web_workers: int = setting("WEB_WORKERS", default=2, convert=int)
    web_threads: int = setting("WEB_THREADS", default=8, convert=int)
    max_calls_in_flight: int = setting("MAX_CALLS_IN_FLIGHT", default=200, convert=int)
    """RPCs of one worker process that may wait at a time; one more is answered 503 at once."""
    drain_seconds: int = setting("DRAIN_SECONDS", default=25, convert=int)
    """How long a worker finishes what it has begun after SIGTERM."""
    slow_client_seconds: int = setting("SLOW_CLIENT_SECONDS", default=10, convert=int)
    """How long a read from, or a write to, a client may stand still before its connection is closed."""
    hosted_url_template: str = setting("HOSTED_URL_TEMPLATE", default="http://{name}.localhost:8000/login")
    """Where an account's users log in, as accounts has it: requests to such a host get the account's own pages."""
    api_host: str = setting("API_HOST", default="")
    """Where REST is reached, if that is a name under the accounts' domain: it is no account's then."""
    metrics_folder: str = setting("PROMETHEUS_MULTIPROC_DIR", default="")
    """Where the workers keep their counts; empty: a temporary folder."""
