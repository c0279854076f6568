"""Commands that are done once per idempotency key: what makes a repetition recognisable, and the answer that is kept for it."""

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

import marshmallow
from sqlalchemy import Connection, CursorResult, Row, text

from chassis import context as contexts
from chassis.errors import IdempotencyKeyReused, Refusal, Refused

KEY_LIFETIME = timedelta(hours=24)
PASSING = frozenset({"unavailable", "timeout", "internal"})
"""Refusals of these kinds are not the answer to a command: the next try with the same key may succeed."""


class Answer(dict[str, Any]):
    """An answer that is dumped already: it goes out as it is."""


Outcome = Answer | Refusal


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


_call: ContextVar[Call | None] = ContextVar("comptoir_call", default=None)


@contextmanager
def calling(call: Call) -> Iterator[None]:
    """Run the block as the execution of `call`."""
    token = _call.set(call)
    try:
        yield
    finally:
        _call.reset(token)


def current_call() -> Call | None:
    """The command that is being executed here, if any is."""
    return _call.get()


@dataclass(frozen=True, kw_only=True, eq=False)
class Claim:
    """The key that a command comes with; the same key of another agency is another one.

    `is_made`: it was made of what is asked, so its answer is good for `lifetime` only, and a refusal is not kept: who mends what was
    refused has no other key to ask again with.
    """

    call: Call
    scope: str
    key: str
    lifetime: timedelta = KEY_LIFETIME
    is_made: bool = False

    def stored(self, outcome: Outcome) -> dict[str, Any]:
        """What STORE_OUTCOMES keeps."""
        answer, refusal = (None, outcome.to_wire()) if isinstance(outcome, Refusal) else (outcome, None)
        return {"scope": self.scope, "key": self.key, "answer": answer, "refusal": refusal}

    def replayed(self, row: Row[Any]) -> Outcome:
        """The outcome that is kept; raises `IdempotencyKeyReused` where it is another request's."""
        if row.request_hash != self.call.request_hash():
            raise IdempotencyKeyReused
        return Refused.from_wire(row.refusal) if row.refusal is not None else Answer(row.answer)


def claim_of(call: Call) -> Claim | None:
    """The claim of `call` in the current context; None where it comes without a key."""
    context = contexts.current()
    if context.idempotency_key is None:
        return None
    claim = Claim(call=call, scope=context.agency_id or "", key=context.idempotency_key)
    if context.repeats_seconds is None:
        return claim
    return replace(claim, lifetime=min(KEY_LIFETIME, timedelta(seconds=context.repeats_seconds)), is_made=True)


def take(connection: Connection, claim: Claim, *, now: datetime) -> Row[Any] | None:
    """Take the key and give where the `clock` of its agency stands; None where somebody has it. Waits for whoever is taking it."""
    taken = {"scope": claim.scope, "key": claim.key, "since": now - claim.lifetime, "hash": claim.call.request_hash(), "now": now}
    return connection.execute(TAKE_KEY, taken).first()


def take_many(connection: Connection, claims: Sequence[Claim], *, now: datetime) -> dict[Claim, datetime | None]:
    """Take those of the keys, which differ, that nobody has, in one order; give where the clocks of their agencies stand."""
    of = {(claim.scope, claim.key): claim for claim in claims}
    keys = sorted(of)
    taken = {
        "scopes": [scope for scope, _ in keys],
        "keys": [key for _, key in keys],
        "hashes": [of[each].call.request_hash() for each in keys],
        "since": now - KEY_LIFETIME,
        "now": now,
    }
    return {of[row.scope, row.key]: row.clock for row in connection.execute(TAKE_KEYS, taken)}


def kept(connection: Connection, claim: Claim, *, now: datetime) -> Outcome:
    """The outcome of the command that took the key first; raises `IdempotencyKeyReused` where that was another request."""
    return claim.replayed(_asked(connection, claim, now=now).one())


def kept_or_none(connection: Connection, claim: Claim, *, now: datetime) -> Outcome | None:
    """As `kept`; None where nobody took the key."""
    row = _asked(connection, claim, now=now).one_or_none()
    return None if row is None else claim.replayed(row)


def keep_refusal(connection: Connection, claim: Claim, refusal: Refusal) -> None:
    """Keep a refusal as the outcome of the command that has the key."""
    connection.execute(STORE_REFUSAL, {"scope": claim.scope, "key": claim.key, "refusal": json.dumps(refusal.to_wire())})


def _asked(connection: Connection, claim: Claim, *, now: datetime) -> CursorResult[Any]:
    return connection.execute(SELECT_KEY, {"scope": claim.scope, "key": claim.key, "since": now - claim.lifetime})


TAKEN = (
    "ON CONFLICT (scope, key) DO UPDATE"
    " SET request_hash = excluded.request_hash, answer = NULL, refusal = NULL, created_at = excluded.created_at"
    " WHERE k.created_at <= :since RETURNING scope, key, (SELECT now FROM agency_clocks WHERE agency_id = k.scope) AS clock"
)  # whoever begins a unit learns the time of its agency in the same round trip
TAKE = "INSERT INTO idempotency_keys AS k (scope, key, request_hash, created_at)"
TAKE_KEY = text(f"{TAKE} VALUES (:scope, :key, :hash, :now) {TAKEN}")
TAKE_KEYS = text(f"""
    {TAKE} SELECT scope, key, hash, :now
    FROM unnest(CAST(:scopes AS varchar[]), CAST(:keys AS varchar[]), CAST(:hashes AS varchar[])) AS wanted (scope, key, hash)
    {TAKEN}
""")  # noqa: S608  both parts are written above
SELECT_KEY = text("SELECT request_hash, answer, refusal FROM idempotency_keys WHERE scope = :scope AND key = :key AND created_at > :since")
STORE_ANSWER = "UPDATE idempotency_keys SET answer = CAST(:answer AS jsonb) WHERE scope = :scope AND key = :key"
STORE_REFUSAL = text("UPDATE idempotency_keys SET refusal = CAST(:refusal AS jsonb) WHERE scope = :scope AND key = :key")
STORE_OUTCOMES = (
    "UPDATE idempotency_keys AS k SET answer = done.answer, refusal = done.refusal"
    " FROM json_to_recordset(CAST(:outcomes AS json)) AS done (scope text, key text, answer jsonb, refusal jsonb)"
    " WHERE k.scope = done.scope AND k.key = done.key"
)
