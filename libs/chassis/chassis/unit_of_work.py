"""One use case, one transaction: state, outbox, inbox and idempotency key commit together or not at all."""

import functools
import hashlib
import json
import random
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Concatenate, ParamSpec, TypeVar

import marshmallow
from sqlalchemy import Connection, TextClause, text
from sqlalchemy.orm import Session

from chassis import clocks
from chassis import context as contexts
from chassis.database import Database, is_transient, translated, was_rolled_back
from chassis.errors import IdempotencyKeyReused, Refusal, Refused
from chassis.events import Event, Fact
from chassis.messages import dumps, exchange_of

KEY_LIFETIME = timedelta(hours=24)
PASSING = frozenset({"unavailable", "timeout", "internal"})
"""Refusals of these kinds are not the answer to a command: the next try with the same key may succeed."""

ATTEMPTS = 3
PAUSE_SECONDS = 0.05

P = ParamSpec("P")
R = TypeVar("R")
Clock = Callable[[], datetime]


class RpcInsideTransaction(RuntimeError):
    """A service was called while a transaction was open: its locks would wait for a network. A defect of the caller."""


class NestedUnitOfWork(RuntimeError):
    """A unit of work was begun inside another: they would not commit together. A defect of the caller."""


class Answer(dict[str, Any]):
    """An answer that is dumped already: it goes out as it is."""


@dataclass(frozen=True, kw_only=True)
class Call:
    """The command being executed: what makes a repetition recognisable and how its answer is stored."""

    method: str
    payload: Mapping[str, Any]
    answer: marshmallow.Schema | None

    def request_hash(self) -> str:
        """SHA-256 over method and body, whatever the order of the members."""
        body = json.dumps([self.method, self.payload], sort_keys=True, separators=(",", ":"))
        return hashlib.sha256(body.encode()).hexdigest()

    def dump(self, result: object) -> Answer:
        """`result` as the answer of the command."""
        if isinstance(result, Answer):
            return result
        return Answer(self.answer.dump(result) if self.answer is not None else {})


_open: ContextVar["UnitOfWork | None"] = ContextVar("comptoir_unit_of_work", default=None)
_call: ContextVar[Call | None] = ContextVar("comptoir_call", default=None)


def refuse_inside_transaction(target: str) -> None:
    """Raise `RpcInsideTransaction` where a unit of work is open here."""
    if _open.get() is not None:
        raise RpcInsideTransaction(f"{target} was called inside an open transaction: call before it begins, or between two units of work.")


@contextmanager
def calling(call: Call) -> Iterator[None]:
    """Run the block as the execution of `call`."""
    token = _call.set(call)
    try:
        yield
    finally:
        _call.reset(token)


class UnitOfWork:
    """What a use case gets: the transaction, the moment (one for the whole unit), and the way out for facts.

    `connection` is for statements that are written out and rows that are read as they are, `session` for objects; both are in the one
    transaction. `now` is the time of the agency whose work this is, and decides whatever is due in its business. `platform_now` is the time of everybody
    without a clock of their own, and decides what must not stand still with an agency's clock: patience with a process, leases, keys.
    """

    def __init__(self, connection: Connection, *, platform_now: datetime) -> None:
        self.connection = connection
        self.platform_now = platform_now
        self._clocks: dict[str, datetime | None] = {}
        self._facts: list[dict[str, Any]] = []
        self._last: dict[str, dict[str, Any]] = {}

    @functools.cached_property
    def session(self) -> Session:
        """Made when somebody asks, as it costs more than a statement does."""
        return Session(self.connection, expire_on_commit=False)

    @property
    def now(self) -> datetime:
        """The time of the agency in the current context; the platform's where it has no clock, or there is no agency."""
        return self.now_of(contexts.current().agency_id)

    def now_of(self, agency_id: str | None) -> datetime:
        """The time of this agency: for work that handles many. Its clock is looked up once a unit, and only when somebody asks."""
        if agency_id is None:
            return self.platform_now
        if agency_id not in self._clocks:
            self._clocks[agency_id] = self.connection.scalar(SELECT_CLOCK, {"agency_id": agency_id})
        return self._clocks[agency_id] or self.platform_now

    def note_clock(self, clock: datetime | None) -> None:
        """Take over where the clock of the agency in the current context stands, read with another question; None: it has no clock."""
        agency_id = contexts.current().agency_id
        if agency_id is not None:
            self._clocks[agency_id] = clock

    def move_clock(self, *, agency_id: str, now: datetime) -> None:
        """Bring the agency's clock to `now`; one that is further already stays there."""
        self.connection.execute(clocks.moved(agency_id=agency_id, now=now))
        self._clocks.pop(agency_id, None)

    def emit(self, fact: Fact) -> None:
        """Tell `fact` if and only if this unit commits. The time of its envelope is the platform's: readers order facts by it."""
        context = contexts.current()
        envelope = fact.envelope(now=self.platform_now, context=context)
        self._facts.append(
            {
                "event_id": envelope["id"],
                "exchange": exchange_of(fact.source),
                "routing_key": fact.name,
                "headers": contexts.to_headers(context),
                "body": envelope,
            }
        )

    def write_last(self, statement: str, parameters: Mapping[str, Any]) -> None:
        """Send `statement` with all that is written last, in one round trip: for what is written while many wait for a lock of this unit.

        Nothing that the unit does after this sees what it writes. One statement, and parameters, of a name are written once a unit.
        """
        if statement in self._last or any(parameters.keys() & others.keys() for others in self._last.values()):
            raise RuntimeError("This was written last already, or its parameters are called as those of something else that was.")
        self._last[statement] = dict(parameters)

    def flush(self) -> None:
        """Send what was done to objects."""
        if "session" in vars(self):
            self.session.flush()

    def forget(self) -> None:
        """Let go of the objects: the transaction is no longer theirs."""
        if "session" in vars(self):
            self.session.close()

    def close(self) -> None:
        """Write what is last in the transaction and commit with it; the outbox after all else: its rows are locked for the shortest time."""
        if self._facts:
            columns = {column: [fact[column] for fact in self._facts] for column in self._facts[0]}
            self.write_last(INSERT_OUTBOX, {column: dumps(values) for column, values in columns.items()})
        if self._last:
            parameters = {name: value for each in self._last.values() for name, value in each.items()}
            self.connection.execute(_in_one_go(*self._last, COMMIT), parameters)


class Units:
    """Units of work on one database. Every public method is one transaction; the chassis alone commits."""

    def __init__(self, database: Database, *, clock: Clock = lambda: datetime.now(UTC)) -> None:
        self._database = database
        self._clock = clock

    @contextmanager
    def begin(self) -> Iterator[UnitOfWork]:
        """A unit of work that commits at the end of the block, or not at all if it raises."""
        if _open.get() is not None:
            raise NestedUnitOfWork("A unit of work is open here already: pass it on instead of beginning another.")
        with translated(), self._database.engine.begin() as connection:
            unit = UnitOfWork(connection, platform_now=self._clock())
            token = _open.set(unit)
            try:
                yield unit
                unit.flush()
                unit.close()
            finally:
                _open.reset(token)
                unit.forget()

    @contextmanager
    def reading(self) -> Iterator[Session]:
        """A session for SELECTs, outside of any transaction."""
        with self._database.reading() as session:
            yield session

    @contextmanager
    def rows(self) -> Iterator[Connection]:
        """A bare connection for SELECTs of plain rows, outside of any transaction: for the hottest questions."""
        with self._database.rows() as connection:
            yield connection

    def once(self, usecase: Callable[Concatenate[UnitOfWork, P], R], *args: P.args, **kwargs: P.kwargs) -> Answer:
        """Run `usecase` as the effect of the command being executed, once per idempotency key; give its dumped answer.

        The first answer or refusal is stored with the key, in the same transaction, and given again for 24 hours. Callers that race with
        one key wait for the first. Raises `IdempotencyKeyReused` for the same key with another request.
        """
        call = _call.get()
        if call is None:
            raise RuntimeError("work.once() belongs in a @command: use work.begin() elsewhere.")
        key = contexts.current().idempotency_key
        if key is None:
            return persistently(lambda: self._plain(call, lambda unit: usecase(unit, *args, **kwargs)), repeatable=False)
        outcome = persistently(lambda: self._keyed(call, key, lambda unit: usecase(unit, *args, **kwargs)))
        if isinstance(outcome, Refusal):
            raise outcome
        return outcome

    def handle(self, event: Event, usecase: Callable[Concatenate[UnitOfWork, P], object], *args: P.args, **kwargs: P.kwargs) -> bool:
        """Run `usecase` as the effect of `event` in its handler, once however often it is delivered; tell whether this was the time."""

        def attempt() -> bool:
            with self.begin() as unit:
                taken = {"event_id": event.id, "handler": event.handler, "scope": _scope()}
                inserted = unit.connection.execute(INSERT_INBOX, taken).first()
                if inserted is None:
                    return False
                unit.note_clock(inserted.clock)
                usecase(unit, *args, **kwargs)
                return True

        return persistently(attempt)

    def take_lease(self, job: str, period: int) -> bool:
        """Whether this replica is the one that does `job` in `period`; one is, however many ask."""
        with self.begin() as unit:
            return unit.connection.execute(INSERT_LEASE, {"job": job, "period": period}).first() is not None

    def stored_answer(self, call: Call) -> Answer | None:
        """The answer that `call`'s idempotency key has already, if any; raises the refusal where that was the answer."""
        key = contexts.current().idempotency_key
        if key is None:
            return None
        with self.reading() as session:
            row = session.execute(SELECT_KEY, {"scope": _scope(), "key": key, "since": self._clock() - KEY_LIFETIME}).one_or_none()
        if row is None:
            return None
        outcome = _replayed(call, row)
        if isinstance(outcome, Refusal):
            raise outcome
        return outcome

    def _plain(self, call: Call, effect: Callable[[UnitOfWork], object]) -> Answer:
        with self.begin() as unit:
            return _dumped(call, unit, effect)

    def _keyed(self, call: Call, key: str, effect: Callable[[UnitOfWork], object]) -> Answer | Refusal:
        try:
            with self.begin() as unit:
                parameters = _parameters(call, key, unit.platform_now)
                claimed = unit.connection.execute(CLAIM_KEY, parameters).first()
                if claimed is None:
                    return _replayed(call, unit.connection.execute(SELECT_KEY, parameters).one())
                unit.note_clock(claimed.clock)
                answer = _dumped(call, unit, effect)
                unit.write_last(STORE_ANSWER, {"scope": parameters["scope"], "key": key, "answer": json.dumps(answer)})
                return answer
        except Refusal as refusal:
            if refusal.kind in PASSING:
                raise
            return self._keep_refusal(call, key, refusal)

    def _keep_refusal(self, call: Call, key: str, refusal: Refusal) -> Answer | Refusal:
        """Store a refusal, whose unit of work is rolled back; where another caller with this key came first, its answer is the answer."""
        with self.begin() as unit:
            parameters = _parameters(call, key, unit.platform_now)
            if unit.connection.execute(CLAIM_KEY, parameters).first() is None:
                return _replayed(call, unit.connection.execute(SELECT_KEY, parameters).one())
            unit.connection.execute(STORE_REFUSAL, {**parameters, "refusal": json.dumps(refusal.to_wire())})
            return refusal


@functools.cache  # a few combinations of statements, all written in the code
def _in_one_go(*statements: str) -> TextClause:
    return text("; ".join(statements))


def persistently(attempt: Callable[[], R], *, repeatable: bool = True) -> R:
    """Do it again, at most three times in all, where the database says that the same work may succeed.

    A commit whose acknowledgement was lost is covered by the key or the inbox row, which the next attempt finds: that is `repeatable`, as
    is everything that only reads. Without them only what was certainly rolled back is done again.
    """
    for number in range(1, ATTEMPTS):
        try:
            return attempt()
        except Refusal as refusal:
            cause = refusal.__cause__
            if cause is None or not (was_rolled_back(cause) or (repeatable and is_transient(cause))):
                raise
        time.sleep(random.uniform(0, number * PAUSE_SECONDS))  # noqa: S311  so that two that met do not meet again
    return attempt()


def _dumped(call: Call, unit: UnitOfWork, effect: Callable[[UnitOfWork], object]) -> Answer:
    """The answer as it will be once committed: what the database fills in (version counters, defaults) is there after the flush."""
    result = effect(unit)
    unit.flush()
    return call.dump(result)


def _parameters(call: Call, key: str, now: datetime) -> dict[str, Any]:
    return {"scope": _scope(), "key": key, "since": now - KEY_LIFETIME, "hash": call.request_hash(), "now": now}


def _scope() -> str:
    return contexts.current().agency_id or ""


def _replayed(call: Call, row: Any) -> Answer | Refusal:
    if row.request_hash != call.request_hash():
        raise IdempotencyKeyReused
    return Refused.from_wire(row.refusal) if row.refusal is not None else Answer(row.answer)


COMMIT = "COMMIT AND CHAIN"
"""Sent with what is written last, it spares those who wait for a lock of the unit a round trip and our own preparations for it.

The driver knows nothing of it and commits once more: the empty transaction that was chained to this one.
"""
INSERT_OUTBOX = (
    "INSERT INTO outbox (event_id, exchange, routing_key, headers, body)"
    " SELECT event_id, exchange, routing_key, CAST(CAST(headers AS text) AS jsonb), CAST(body AS text)"
    " FROM ROWS FROM (json_array_elements_text(CAST(:event_id AS json)), json_array_elements_text(CAST(:exchange AS json)),"
    " json_array_elements_text(CAST(:routing_key AS json)), json_array_elements(CAST(:headers AS json)),"
    " json_array_elements(CAST(:body AS json)))"
    " WITH ORDINALITY AS f (event_id, exchange, routing_key, headers, body, told) ORDER BY told"
)  # all in one round trip, in the order in which they were told; a column is one JSON array, quicker to write and read than an SQL one
SELECT_CLOCK = text("SELECT now FROM agency_clocks WHERE agency_id = :agency_id")
INSERT_INBOX = text(
    "INSERT INTO inbox (event_id, handler) VALUES (:event_id, :handler) ON CONFLICT DO NOTHING"
    " RETURNING (SELECT now FROM agency_clocks WHERE agency_id = :scope) AS clock"
)  # whoever begins a unit learns the time of its agency in the same round trip
INSERT_LEASE = text("INSERT INTO leases (job, period) VALUES (:job, :period) ON CONFLICT DO NOTHING RETURNING job")
CLAIM_KEY = text(
    "INSERT INTO idempotency_keys AS k (scope, key, request_hash, created_at) VALUES (:scope, :key, :hash, :now)"
    " ON CONFLICT (scope, key) DO UPDATE"
    " SET request_hash = excluded.request_hash, answer = NULL, refusal = NULL, created_at = excluded.created_at"
    " WHERE k.created_at <= :since RETURNING (SELECT now FROM agency_clocks WHERE agency_id = :scope) AS clock"
)
SELECT_KEY = text("SELECT request_hash, answer, refusal FROM idempotency_keys WHERE scope = :scope AND key = :key AND created_at > :since")
STORE_ANSWER = "UPDATE idempotency_keys SET answer = CAST(:answer AS jsonb) WHERE scope = :scope AND key = :key"
STORE_REFUSAL = text("UPDATE idempotency_keys SET refusal = CAST(:refusal AS jsonb) WHERE scope = :scope AND key = :key")
