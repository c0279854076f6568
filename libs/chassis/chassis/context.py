"""The context of what is being done: it crosses gateway → RPC → outbox → event → handler in headers, and is on every log line."""

import re
import secrets
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, replace
from typing import Any

from chassis.fields import is_storable
from chassis.ids import new_id

PREFIX = "nameko."
"""nameko sends its context data under this prefix: stock callers and services take part without knowing us."""

TRACEPARENT = re.compile(r"00-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}")


@dataclass(frozen=True, kw_only=True)
class Context:
    """Who asks for what, since when and until when.

    `deadline` is in seconds of the Unix epoch; `depth` counts the service-to-service calls on the way here; `causation_id` is the id of the
    event at hand. `repeats_seconds`: the idempotency keys of calls made here are made of what is asked, by nobody's choice, so an answer
    is that of a repeat for so long only, and a refusal is kept for none (decision 0019).
    """

    request_id: str
    traceparent: str
    agency_id: str | None = None
    actor: str | None = None
    idempotency_key: str | None = None
    deadline: float | None = None
    depth: int = 0
    causation_id: str | None = None
    repeats_seconds: int | None = None

    def remaining_seconds(self) -> float | None:
        """Seconds until the deadline (negative: past), or None where nobody set one."""
        return None if self.deadline is None else self.deadline - time.time()

    def trace_id(self) -> str:
        """The 32 hexadecimal digits that all spans of this trace share (W3C Trace Context)."""
        return self.traceparent[3:35]


def new_traceparent(parent: str | None = None) -> str:
    """A W3C traceparent for a new span: of the trace of `parent` where that is a valid one, else of a new trace."""
    if parent is not None and TRACEPARENT.fullmatch(parent):
        return f"{parent[:36]}{secrets.token_hex(8)}{parent[52:]}"
    return f"00-{secrets.token_hex(16)}-{secrets.token_hex(8)}-01"


def new_context(*, request_id: str | None = None, traceparent: str | None = None, **values: Any) -> Context:
    """A context for something that begins here."""
    return Context(request_id=request_id or new_id("req"), traceparent=new_traceparent(traceparent), **values)


_current: ContextVar[Context | None] = ContextVar("comptoir_context", default=None)


def current_or_none() -> Context | None:
    """The context of what runs here, if anything set one."""
    return _current.get()


def current() -> Context:
    """The context of what runs here; a fresh one, kept by nobody, where nothing set one."""
    return _current.get() or new_context()


@contextmanager
def activated(context: Context) -> Iterator[Context]:
    """Run the block within `context`."""
    token = _current.set(context)
    try:
        yield context
    finally:
        _current.reset(token)


@contextmanager
def changed(**values: Any) -> Iterator[Context]:
    """Run the block within the current context with some values changed."""
    with activated(replace(current(), **values)) as context:
        yield context


def to_headers(
    context: Context,
    *,
    deadline: float | None = None,
    idempotency_key: str | None = None,
    repeats_seconds: int | None = None,
    depth: int | None = None,
) -> dict[str, Any]:
    """The message headers that carry `context`; what is None is left out. Deadlines travel in whole milliseconds."""
    headers: dict[str, Any] = {f"{PREFIX}request_id": context.request_id, f"{PREFIX}traceparent": context.traceparent}
    if context.agency_id is not None:
        headers[f"{PREFIX}agency_id"] = context.agency_id
    if context.actor is not None:
        headers[f"{PREFIX}actor"] = context.actor
    if deadline is not None:
        headers[f"{PREFIX}deadline_ms"] = int(deadline * 1000)
    if idempotency_key is not None:
        headers[f"{PREFIX}idempotency_key"] = idempotency_key
    if repeats_seconds is not None:
        headers[f"{PREFIX}repeats_seconds"] = repeats_seconds
    if depth is not None:
        headers[f"{PREFIX}depth"] = depth
    return headers


def from_headers(headers: Mapping[str, Any], *, causation_id: str | None = None) -> Context:
    """The context a message carries; what is missing or of the wrong type is as if it had not been sent."""
    deadline_ms = headers.get(f"{PREFIX}deadline_ms")
    depth = headers.get(f"{PREFIX}depth")
    repeats_seconds = headers.get(f"{PREFIX}repeats_seconds")
    traceparent = _text(headers, "traceparent") or ""
    return Context(
        request_id=_text(headers, "request_id") or new_id("req"),
        traceparent=traceparent if TRACEPARENT.fullmatch(traceparent) else new_traceparent(),
        agency_id=_text(headers, "agency_id"),
        actor=_text(headers, "actor"),
        idempotency_key=_text(headers, "idempotency_key"),
        deadline=deadline_ms / 1000 if isinstance(deadline_ms, int) else None,
        depth=depth if isinstance(depth, int) else 0,
        causation_id=causation_id,
        repeats_seconds=repeats_seconds if isinstance(repeats_seconds, int) else None,
    )


def _text(headers: Mapping[str, Any], name: str) -> str | None:
    value = headers.get(PREFIX + name)
    return value if isinstance(value, str) and is_storable(value) else None
