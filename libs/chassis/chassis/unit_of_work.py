"""One use case, one transaction: state, outbox, inbox and idempotency key commit together or not at all."""

import contextvars
import functools
import json
import random
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Concatenate, ParamSpec, TypeVar

from sqlalchemy import Connection, TextClause, text
from sqlalchemy.orm import Session

from chassis import clocks, idempotency
from chassis import context as contexts
from chassis.database import Database, is_transient, translated, was_rolled_back
from chassis.errors import Refusal
from chassis.events import Event, Fact
from chassis.idempotency import PASSING, STORE_ANSWER, STORE_OUTCOMES, Answer, Call, Claim, Outcome
from chassis.messages import dumps, exchange_of
from chassis.queues import Queues

ATTEMPTS = 3
PAUSE_SECONDS = 0.05

P = ParamSpec("P")
R = TypeVar("R")
Clock = Callable[[], datetime]
Requests = Sequence[Mapping[str, Any]]


class RpcInsideTransaction(RuntimeError):
    """A service was called while a transaction was open: its locks would wait for a network. A defect of the caller."""


class NestedUnitOfWork(RuntimeError):
    """A unit of work was begun inside another: they would not commit together. A defect of the caller."""


_open: contextvars.ContextVar["UnitOfWork | None"] = contextvars.ContextVar("comptoir_unit_of_work", default=None)


def refuse_inside_transaction(target: str) -> None:
    """Raise `RpcInsideTransaction` where a unit of work is open here."""
    if _open.get() is not None:
        raise RpcInsideTransaction(f"{target} was called inside an open transaction: call before it begins, or between two units of work.")


class UnitOfWork:
    """What a use case gets: the transaction, the moment (one for the whole unit), and the way out for facts.

    `connection` is for statements that are written out and rows that are read as they are, `session` for objects; both are in the one
    transaction. `now` is the time of the agency whose work this is, and decides whatever is due in its business. `platform_now` is the time
    of everybody without a clock of their own, and decides what must not stand still with an agency's clock: patience with a process,
    leases, keys.
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

        Nothing that the unit does after this sees what it writes. A list is sent as a JSON array; where all parameters are lists, the same
        statement adds to them. Any other statement, and parameters of a name, are written once a unit.
        """
        known = self._last.get(statement)
        if known is not None and all(isinstance(value, list) for value in [*known.values(), *parameters.values()]):
            for name, rows in parameters.items():
                known[name] = known[name] + rows
        elif known is not None or any(parameters.keys() & others.keys() for others in self._last.values()):
            raise RuntimeError("This was written last already, or its parameters are called as those of something else that was.")
        else:
            self._last[statement] = dict(parameters)

    def do_part(self, effect: Callable[["UnitOfWork"], R], *, context: contextvars.Context, clock: datetime | None) -> R:
        """Do `effect` as a part of this unit, in a context of its own, whose agency's clock stands at `clock`.

        The facts that it tells and what it writes last are this unit's, unless it raises.
        """

        def do() -> R:
            _open.set(self)
            part = UnitOfWork(self.connection, platform_now=self.platform_now)
            part.note_clock(clock)
            try:
                result = effect(part)
                part.flush()
            finally:
                part.forget()
            self._facts += part._facts
            for statement, parameters in part._last.items():
                self.write_last(statement, parameters)
            return result

        return context.run(do)

    def flush(self) -> None:
        """Send what was done to objects."""
        if "session" in vars(self):
            self.session.flush()

    def forget(self) -> None:
        """Let go of the objects: the transaction is no longer theirs."""
        if "session" in vars(self):
            self.session.close()

    def close(self) -> None:
        """Write what is last in the transaction, and commit with it; the outbox after all else, to lock its rows for the shortest time."""
        if self._facts:
            self.write_last(INSERT_OUTBOX, {column: [fact[column] for fact in self._facts] for column in self._facts[0]})
        if self._last:
            written = [(name, value) for parameters in self._last.values() for name, value in parameters.items()]
            parameters = {name: dumps(value) if isinstance(value, list) else value for name, value in written}
            self.connection.execute(_in_one_go(*self._last, COMMIT), parameters)


@dataclass(frozen=True, kw_only=True, eq=False)
class _Turn:
    """One of the commands that are done together."""

    claim: Claim
    request: Mapping[str, Any]
    context: contextvars.Context

    def outcome(self, unit: UnitOfWork, usecase: Callable[..., object], prepared: object, *, clock: datetime | None) -> Outcome:
        """Do the command as a part of `unit`; raises what is no answer."""
        call = self.claim.call
        try:
            return unit.do_part(lambda part: call.dump(usecase(part, prepared, **self.request)), context=self.context, clock=clock)
        except Refusal as refusal:
            if refusal.kind in PASSING:
                raise
            return refusal


class Units:
    """Units of work on one database. Every public method is one transaction; the chassis alone commits."""

    def __init__(self, database: Database, *, clock: Clock = lambda: datetime.now(UTC)) -> None:
        self._database = database
        self._clock = clock
        self._queues: Queues[_Turn, Outcome] = Queues()

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

        The first answer or refusal is stored with the key, in the same transaction, and given again for 24 hours (of a key that was made of
        what is asked, the answer alone, for as long as its caller says). Callers that race with one key wait for the first.

        Raises `IdempotencyKeyReused` for the same key with another request.
        """
        return _told(self._outcome(lambda unit: usecase(unit, *args, **kwargs)))

    def once_together(
        self, usecase: Callable[..., object], *, prepare: Callable[[UnitOfWork, Requests], object], of: str, **request: Any
    ) -> Answer:
        """As `once`, for a command of which many may come at once for the same rows, which `of` names.

        Those that come while one is being done are done next, together in one transaction: `prepare(unit, requests)` locks and reads what
        all of them need, and `usecase(unit, prepared, **request)` does one after another. It tells facts and writes what is written last,
        nothing else, so that one that is refused leaves nothing. What cannot be done together is done one by one.
        """

        def alone() -> Outcome:
            return self._outcome(lambda unit: usecase(unit, prepare(unit, [request]), **request))

        claim = idempotency.claim_of(_current_call())
        if claim is None or claim.is_made:
            return _told(alone())
        turn = _Turn(claim=claim, request=request, context=contextvars.copy_context())
        together = functools.partial(self._together, usecase, prepare)
        return _told(self._queues.do((claim.call.method, of), turn, alone=alone, together=together))

    def handle(self, event: Event, usecase: Callable[Concatenate[UnitOfWork, P], object], *args: P.args, **kwargs: P.kwargs) -> bool:
        """Run `usecase` as the effect of `event` in its handler, once however often it is delivered; tell whether this was the time."""

        def attempt() -> bool:
            with self.begin() as unit:
                taken = {"event_id": event.id, "handler": event.handler, "scope": contexts.current().agency_id}
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
        claim = idempotency.claim_of(call)
        if claim is None:
            return None
        with self.rows() as connection:
            outcome = idempotency.kept_or_none(connection, claim, now=self._clock())
        return None if outcome is None else _told(outcome)

    def _outcome(self, effect: Callable[[UnitOfWork], object]) -> Outcome:
        call = _current_call()
        claim = idempotency.claim_of(call)
        if claim is None:
            return persistently(lambda: self._plain(call, effect), repeatable=False)
        return persistently(lambda: self._keyed(claim, effect))

    def _plain(self, call: Call, effect: Callable[[UnitOfWork], object]) -> Answer:
        with self.begin() as unit:
            return _dumped(call, unit, effect)

    def _keyed(self, claim: Claim, effect: Callable[[UnitOfWork], object]) -> Outcome:
        try:
            with self.begin() as unit:
                taken = idempotency.take(unit.connection, claim, now=unit.platform_now)
                if taken is None:
                    return idempotency.kept(unit.connection, claim, now=unit.platform_now)
                unit.note_clock(taken.clock)
                answer = _dumped(claim.call, unit, effect)
                unit.write_last(STORE_ANSWER, {"scope": claim.scope, "key": claim.key, "answer": json.dumps(answer)})
                return answer
        except Refusal as refusal:
            if refusal.kind in PASSING or claim.is_made:
                raise
            return self._keep_refusal(claim, refusal)

    def _keep_refusal(self, claim: Claim, refusal: Refusal) -> Outcome:
        """Store a refusal, whose unit of work is rolled back; where another caller with this key came first, its answer is the answer."""
        with self.begin() as unit:
            if idempotency.take(unit.connection, claim, now=unit.platform_now) is None:
                return idempotency.kept(unit.connection, claim, now=unit.platform_now)
            idempotency.keep_refusal(unit.connection, claim, refusal)
            return refusal

    def _together(
        self, usecase: Callable[..., object], prepare: Callable[[UnitOfWork, Requests], object], turns: Sequence[_Turn]
    ) -> Sequence[Outcome | None]:
        """The outcomes of these commands; None for one that is better done alone: its key is taken, or the database said «not now»."""
        first = {(turn.claim.scope, turn.claim.key): turn for turn in reversed(turns)}
        outcomes: dict[_Turn, Outcome] = {}
        try:
            with self.begin() as unit:
                clocks_of = idempotency.take_many(unit.connection, [turn.claim for turn in first.values()], now=unit.platform_now)
                taken = [turn for turn in turns if turn.claim in clocks_of]
                if taken:
                    prepared = prepare(unit, [turn.request for turn in taken])
                    for turn in taken:
                        outcomes[turn] = turn.outcome(unit, usecase, prepared, clock=clocks_of[turn.claim])
                    unit.write_last(STORE_OUTCOMES, {"outcomes": [turn.claim.stored(outcome) for turn, outcome in outcomes.items()]})
        except Refusal:
            return [None] * len(turns)
        return [outcomes.get(turn) for turn in turns]


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


def _told(outcome: Outcome) -> Answer:
    if isinstance(outcome, Refusal):
        raise outcome
    return outcome


def _current_call() -> Call:
    call = idempotency.current_call()
    if call is None:
        raise RuntimeError("work.once() belongs in a @command: use work.begin() elsewhere.")
    return call


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
)  # all in one round trip, in the order in which they were told; columns of many facts are read quicker than their rows
SELECT_CLOCK = text("SELECT now FROM agency_clocks WHERE agency_id = :agency_id")
INSERT_INBOX = text(
    "INSERT INTO inbox (event_id, handler) VALUES (:event_id, :handler) ON CONFLICT DO NOTHING"
    " RETURNING (SELECT now FROM agency_clocks WHERE agency_id = :scope) AS clock"
)  # whoever begins a unit learns the time of its agency in the same round trip
INSERT_LEASE = text("INSERT INTO leases (job, period) VALUES (:job, :period) ON CONFLICT DO NOTHING RETURNING job")
