"""Structured logs: JSON for machines, columns on a terminal; the context is on every line, and no line holds a secret."""

import logging
import sys
import threading
from types import TracebackType
from typing import Any

import structlog

from chassis import context as contexts

SECRET_NAMES = frozenset({"password", "secret", "api_key", "authorization", "token", "payment_method"})


def configure(*, service: str, process: str, log_format: str, level: str) -> None:
    """Set up structlog, and let the standard library's loggers go the same way."""
    shared: list[Any] = [
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        _with_context,
        _without_secrets,
        structlog.processors.format_exc_info,
    ]
    renderer: Any = (
        structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty()) if log_format == "console" else structlog.processors.JSONRenderer()
    )
    structlog.configure(
        processors=[_named(service, process), *shared, renderer],
        wrapper_class=structlog.make_filtering_bound_logger(logging.getLevelNamesMapping()[level]),
        logger_factory=structlog.WriteLoggerFactory(file=sys.stderr),  # a line is one write: processes share the file
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(structlog.stdlib.ProcessorFormatter(foreign_pre_chain=[_named(service, process), *shared], processor=renderer))
    logging.basicConfig(handlers=[handler], level=logging.WARNING, force=True)
    logging.getLogger("nameko").setLevel(logging.CRITICAL)
    sys.excepthook = _say_uncaught
    threading.excepthook = lambda told: _say_uncaught(told.exc_type, told.exc_value or told.exc_type(), told.exc_traceback)


def _say_uncaught(kind: type[BaseException], error: BaseException, traceback: TracebackType | None) -> None:
    """What nobody caught is a line like every other."""
    structlog.get_logger().critical("uncaught", exc_info=(kind, error, traceback))


def _named(service: str, process: str) -> Any:
    def add(_logger: object, _method: str, event: dict[str, Any]) -> dict[str, Any]:
        event["service"] = service
        event["process"] = process
        return event

    return add


def _with_context(_logger: object, _method: str, event: dict[str, Any]) -> dict[str, Any]:
    context = contexts.current_or_none()
    if context is not None:
        event.setdefault("request_id", context.request_id)
        event.setdefault("trace_id", context.trace_id())
        if context.agency_id is not None:
            event.setdefault("agency_id", context.agency_id)
    return event


def _without_secrets(_logger: object, _method: str, event: dict[str, Any]) -> dict[str, Any]:
    return {name: _masked(name, value) for name, value in event.items()}


def _masked(name: object, value: Any) -> Any:
    if name in SECRET_NAMES:
        return "…"
    if isinstance(value, dict):
        return {inner: _masked(inner, each) for inner, each in value.items()}
    if isinstance(value, list):
        return [_masked(None, each) for each in value]
    return value
