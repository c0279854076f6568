"""Who asks, and what they may do."""

import hashlib
import re
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import Generic, TypeVar

from chassis.errors import Refused
from gateway.clients import Service
from gateway.errors import KeyInvalid, KeyMissing, ScopeMissing

Value = TypeVar("Value")

KEY = re.compile(r"ck_(live|test)_[A-Za-z0-9]{20,100}")
"""What a key looks like: anything else is no key, and identity need not be asked."""

MD5 = re.compile(r"[0-9a-f]{32}")
"""What the md5 of a key looks like, which programs of the agency API send."""

VALID_SECONDS = 30.0
"""How long a key that was revoked may still be taken by a process that did not hear of it."""
INVALID_SECONDS = 5.0
MOST_VALID = 10_000
MOST_INVALID = 1_000
"""Keys kept by a process; a stranger who tries many drives out other strangers' tries, and no customer's key."""


class Scope(StrEnum):
    """What a key may do; `admin` may do all of it."""

    ACCOUNTS_READ = "accounts:read"
    ACCOUNTS_WRITE = "accounts:write"
    BILLING_READ = "billing:read"
    BILLING_WRITE = "billing:write"
    CREDITS_READ = "credits:read"
    CREDITS_WRITE = "credits:write"
    SNAPSHOTS_READ = "snapshots:read"
    SNAPSHOTS_WRITE = "snapshots:write"
    WEBHOOKS_READ = "webhooks:read"
    WEBHOOKS_WRITE = "webhooks:write"
    ADMIN = "admin"


@dataclass(frozen=True, kw_only=True, slots=True)
class Caller:
    """The agency that asks, and the key it asks with; `owner` is whose what it saves is: a person's id, or that of a key's whole line."""

    key_id: str
    agency_id: str
    owner: str
    scopes: frozenset[str]

    def needs(self, scope: Scope) -> None:
        """Refuse (`ScopeMissing`) where the key has neither the scope nor `admin`."""
        if scope not in self.scopes and Scope.ADMIN not in self.scopes:
            raise ScopeMissing(scope=scope.value)


class _Memory(Generic[Value]):
    """A bounded memory, thread-safe: an entry is forgotten after `seconds`, and the oldest when there are more than `most`."""

    def __init__(self, *, seconds: float, most: int, clock: Callable[[], float]) -> None:
        self._seconds = seconds
        self._most = most
        self._clock = clock
        self._entries: dict[str, tuple[float, Value]] = {}
        self._writing = threading.Lock()

    def __len__(self) -> int:
        return len(self._entries)

    def get(self, name: str) -> Value | None:
        entry = self._entries.get(name)
        return None if entry is None or entry[0] <= self._clock() else entry[1]

    def put(self, name: str, value: Value) -> None:
        with self._writing:
            self._entries.pop(name, None)  # a dict keeps its order of insertion: the oldest is the first
            while len(self._entries) >= self._most:
                del self._entries[next(iter(self._entries))]
            self._entries[name] = (self._clock() + self._seconds, value)

    def drop(self, is_meant: Callable[[Value], bool]) -> None:
        with self._writing:
            for name in [name for name, (_, value) in self._entries.items() if is_meant(value)]:
                del self._entries[name]


class Keys:
    """Knows the callers by their keys; asks identity about those it does not know, or has known for too long."""

    def __init__(self, identity: Service, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._identity = identity
        self._callers = _Memory[Caller](seconds=VALID_SECONDS, most=MOST_VALID, clock=clock)
        self._strangers = _Memory[bool](seconds=INVALID_SECONDS, most=MOST_INVALID, clock=clock)
        self._times_forgotten = 0

    def caller(self, authorization: str | None) -> Caller:
        """Who sends this Authorization header. Raises `KeyMissing` and `KeyInvalid`; `Unavailable` where identity must say and is away."""
        if authorization is None:
            raise KeyMissing
        scheme, _, key = authorization.partition(" ")
        if scheme.lower() != "bearer":
            raise KeyInvalid
        return self.holder(key)

    def holder(self, key: str) -> Caller:
        """Whose this key is. Raises `KeyInvalid`; `Unavailable` where identity must say and is away."""
        return self._known(key, KEY)

    def holder_by_md5(self, md5: str) -> Caller:
        """Whose the key with this md5 in hexadecimal is; raises what `holder` does."""
        return self._known(md5, MD5)

    def forget(self, key_id: str) -> None:
        """Ask about this key again: it was revoked."""
        self._forget(lambda caller: caller.key_id == key_id)

    def forget_all(self) -> None:
        """Ask about every key again: any may have been revoked."""
        self._forget(lambda _caller: True)

    def _forget(self, is_meant: Callable[[Caller], bool]) -> None:
        self._times_forgotten += 1  # first: what identity is saying right now may be older than this
        self._callers.drop(is_meant)

    def _known(self, secret: str, form: re.Pattern[str]) -> Caller:
        if form.fullmatch(secret) is None:
            raise KeyInvalid
        digest = hashlib.sha256(secret.encode()).hexdigest()  # the key itself goes no further, and stays nowhere
        return self._callers.get(digest) or self._introduced(digest)

    def _introduced(self, digest: str) -> Caller:
        if self._strangers.get(digest):
            raise KeyInvalid
        times_forgotten = self._times_forgotten
        try:
            known = self._identity.ask("key_by_digest", digest=digest)
        except Refused as refusal:
            if refusal.kind != "unauthenticated":
                raise
            self._strangers.put(digest, value=True)
            raise KeyInvalid from None
        owner = known.get("owner") or known["key_id"]  # identity of the release before, which may answer during a release, does not say it
        caller = Caller(key_id=known["key_id"], agency_id=known["agency_id"], owner=owner, scopes=frozenset(known["scopes"]))
        self._callers.put(digest, caller)
        if times_forgotten != self._times_forgotten:
            self._callers.drop(lambda kept: kept is caller)
        return caller
