"""The environment, read once: a frozen dataclass per service whose fields say which variable they come from."""

import logging
import math
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields
from typing import Any, Self


class ConfigurationError(Exception):
    """A variable is missing or does not parse; the sentence names it and says what would do."""


def setting(name: str, *, default: Any = ..., convert: Callable[[str], Any] = str) -> Any:
    """Declare a dataclass field read from the variable `name`; without `default` it must be given."""
    if default is ...:
        return field(metadata={"variable": name, "convert": convert})
    return field(default=default, metadata={"variable": name, "convert": convert})


def seconds_list(text: str) -> tuple[float, ...]:
    """`1,10,60` → (1.0, 10.0, 60.0)."""
    return tuple(float(part) for part in text.split(","))


def log_level(text: str) -> str:
    """`info` → `INFO`."""
    if text.upper() not in logging.getLevelNamesMapping():
        raise ValueError("it is one of DEBUG, INFO, WARNING, ERROR, CRITICAL")
    return text.upper()


def workers(text: str) -> int:
    """`10` → 10."""
    if int(text) < 0:
        raise ValueError("it is 0 or more")
    return int(text)


@dataclass(frozen=True, kw_only=True)
class Settings:
    """Anything read from the environment by `setting` fields."""

    @classmethod
    def from_environment(cls, environment: Mapping[str, str] = os.environ) -> Self:
        """Read every field; raises `ConfigurationError` that names the variable."""
        values: dict[str, Any] = {}
        for each in fields(cls):
            variable = each.metadata["variable"]
            if variable not in environment:
                continue
            try:
                values[each.name] = each.metadata["convert"](environment[variable])
            except ValueError as error:
                raise ConfigurationError(f"{variable}={environment[variable]!r} cannot be used: {error}") from None
        try:
            return cls(**values)
        except TypeError:
            missing = [
                each.metadata["variable"] for each in fields(cls) if each.name not in values and each.default is each.default_factory
            ]
            raise ConfigurationError(f"These variables must be set: {', '.join(missing)}") from None


@dataclass(frozen=True, kw_only=True)
class ProcessConfig(Settings):
    """What every process reads."""

    amqp_uri: str = setting("AMQP_URI", default="amqp://guest:guest@127.0.0.1:5672//")
    health_port: int = setting("HEALTH_PORT", default=0, convert=int)
    health_host: str = setting("HEALTH_HOST", default="0.0.0.0")  # noqa: S104  probes and scrapers come from outside the pod
    log_format: str = setting("LOG_FORMAT", default="json")
    log_level: str = setting("LOG_LEVEL", default="INFO", convert=log_level)
    topology_file: str = setting("TOPOLOGY_FILE", default="")
    startup_seconds: float = setting("STARTUP_SECONDS", default=60.0, convert=float)
    """How long to wait at start for the broker and for the schema."""


@dataclass(frozen=True, kw_only=True)
class ServiceConfig(ProcessConfig):
    """What every service process (serve, relay, migrate) reads."""

    database_url: str = setting("DATABASE_URL")
    rpc_workers: int = setting("RPC_WORKERS", default=10, convert=workers)
    """How many calls a process answers at once; 0: none, others of the service do."""
    event_workers: int = setting("EVENT_WORKERS", default=5, convert=workers)
    """How many events a process handles at once; 0: none, and nothing that is due either: others of the service do."""
    retry_delays_seconds: tuple[float, ...] = setting("RETRY_DELAYS_SECONDS", default=(1.0, 10.0, 60.0, 600.0), convert=seconds_list)
    statement_timeout_seconds: float = setting("STATEMENT_TIMEOUT_SECONDS", default=10.0, convert=float)
    drain_seconds: float = setting("DRAIN_SECONDS", default=25.0, convert=float)
    heartbeat_file: str = setting("HEARTBEAT_FILE", default="")
    relay_batch: int = setting("RELAY_BATCH", default=500, convert=int)
    housekeeping_seconds: float = setting("HOUSEKEEPING_SECONDS", default=60.0, convert=float)
    due_seconds: float = setting("DUE_SECONDS", default=math.inf, convert=float)
    """The longest that a period of due work is: less than it says itself for whoever moves clocks and waits for what follows."""

    def __post_init__(self) -> None:
        """Refuse a process that would do nothing."""
        if not (self.rpc_workers or self.event_workers):
            raise ConfigurationError("RPC_WORKERS and EVENT_WORKERS are both 0: a process answers calls, handles events, or does both.")
