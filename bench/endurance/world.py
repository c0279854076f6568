"""The agencies that ask, what they ask, and what there must be when all was answered."""

import random
import secrets
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

from bench.endurance.wire import Answer, Connection, request_bytes
from chassis.ids import new_id

AGENCIES = 8
ACCOUNTS_EACH = 6
PREPAID = 20_000_000
PREVIEWS = 10_000
PATIENCE_SECONDS = 90
PAGE = 200
PLUS = {"pricing_version": "V3", "product": "EM", "plan": "Plus", "contacts": 1000, "frequency": "monthly"}
CLIENT = {
    "client_name": "Boulangerie Martin",
    "client_email": "martin@bakery.example",
    "country": "FR",
    "language": "fr",
    "time_zone": "Europe/Paris",
}
OK = 200
Check = Callable[[Answer], str | None]
"""Says what is wrong with an answer; None: nothing."""


class NotSettled(Exception):
    """Something that was to come has not come in time."""


@dataclass(frozen=True, kw_only=True)
class Request:
    """One thing that a client wants; sent again, with the same key, until it is answered where it is a write."""

    kind: str
    bytes: bytes
    check: Check
    is_write: bool = False
    done: Callable[[Answer], None] = lambda _answer: None


@dataclass(kw_only=True)
class Account:
    """An account, and the state that our requests have brought it to. Who has popped it from its agency's pool may change it."""

    id: str
    name: str
    status: str = "active"
    plan: str = "Plus"
    previews: int = 0
    assets: int = 0


@dataclass(kw_only=True)
class Agency:
    """One agency and what it has asked for."""

    id: str
    key: str
    settled: deque[Account] = field(default_factory=deque)
    """Nobody changes them right now."""
    opening: deque[Account] = field(default_factory=deque)
    accounts: list[Account] = field(default_factory=list)

    def request(self, method: str, path: str, body: object = None, *, once: str | None = None) -> bytes:
        """A request of this agency; a write under a key of its own."""
        key = None if method == "GET" else once or new_id("idk")
        return request_bytes(method, path, api_key=self.key, body=body, idempotency_key=key)


def status_is(*expected: int) -> Check:
    """One of these statuses, and nothing else to look at."""
    return lambda answer: None if answer.status in expected else f"{answer.status} {answer.body[:300]!r}"


def shows(**members: object) -> Check:
    """200 or 201 or 202, and the body has these members."""

    def check(answer: Answer) -> str | None:
        if answer.status not in (200, 201, 202):
            return f"{answer.status} {answer.body[:300]!r}"
        body = answer.json()
        differing = {name: body.get(name) for name, value in members.items() if body.get(name) != value}
        return f"{differing}, not {members}" if differing else None

    return check


class World:
    """All the agencies; gives requests by the mix."""

    def __init__(self, port: int, agencies: list[Agency]) -> None:
        self.port = port
        self.agencies = agencies
        self._random = random.Random(4711)
        self._lock = threading.Lock()
        self._kinds = [
            (28, self._read),
            (10, self._overview),
            (10, self._quote),
            (10, self._balance),
            (6, self._agency),
            (6, self._invoices),
            (4, self._notices),
            (8, self._agency_api),
            (5, self._open),
            (2, self._upgrade),
            (4, self._suspend),
            (3, self._cancel),
            (2, self._allocate),
            (2, self._asset),
        ]
        self._weights = [weight for weight, _ in self._kinds]

    def next(self) -> Request:
        """One more request of the mix."""
        with self._lock:
            agency = self._random.choice(self.agencies)
            (make,) = self._random.choices([make for _, make in self._kinds], self._weights)
            return make(agency) or self._read(agency)

    def _read(self, agency: Agency) -> Request:
        if agency.opening:
            account = agency.opening.popleft()
            return Request(
                kind="GET account",
                bytes=agency.request("GET", f"/v1/accounts/{account.id}"),
                check=shows(id=account.id, name=account.name),
                done=lambda answer: self._seen(agency, account, answer),
            )
        account = self._random.choice(agency.accounts)
        return Request(
            kind="GET account", bytes=agency.request("GET", f"/v1/accounts/{account.id}"), check=shows(id=account.id, name=account.name)
        )

    @staticmethod
    def _seen(agency: Agency, account: Account, answer: Answer) -> None:
        is_active = answer.status == OK and answer.json()["status"] == "active"
        (agency.settled if is_active else agency.opening).append(account)

    def _overview(self, agency: Agency) -> Request:
        path = "/v1/accounts?limit=20&sort=-renews_at&status=active"
        return Request(kind="GET accounts", bytes=agency.request("GET", path), check=status_is(OK))

    def _quote(self, agency: Agency) -> Request:
        return Request(kind="POST quote", bytes=agency.request("POST", "/v1/quotes", PLUS), check=status_is(201), is_write=True)

    def _balance(self, agency: Agency) -> Request:
        return Request(kind="GET credits", bytes=agency.request("GET", "/v1/credits/prepaid"), check=status_is(OK))

    def _agency(self, agency: Agency) -> Request:
        return Request(kind="GET agency", bytes=agency.request("GET", "/v1/agency"), check=shows(id=agency.id))

    def _invoices(self, agency: Agency) -> Request:
        return Request(kind="GET invoices", bytes=agency.request("GET", "/v1/invoices?limit=10"), check=status_is(OK))

    def _notices(self, agency: Agency) -> Request:
        return Request(kind="GET notices", bytes=agency.request("GET", "/v1/notices?limit=10"), check=status_is(OK))

    def _agency_api(self, agency: Agency) -> Request:
        account = self._random.choice(agency.accounts)
        path = f"/api.php?api_action=account_status&api_output=json&account={account.name}"
        return Request(kind="api.php account_status", bytes=agency.request("GET", path), check=shows(result_code=1))

    def _open(self, agency: Agency) -> Request:
        name = f"e{secrets.token_hex(6)}"
        body = {"name": name, "plan": PLUS, **CLIENT}

        def done(answer: Answer) -> None:
            account = Account(id=answer.json()["id"], name=name, status="creating")
            agency.accounts.append(account)
            account.status = "active"
            agency.opening.append(account)

        request = agency.request("POST", "/v1/accounts", body)
        return Request(kind="POST account", bytes=request, check=shows(name=name), is_write=True, done=done)

    def _change(
        self, kind: str, agency: Agency, account: Account, request: tuple[str, str, object], check: Check, change: Callable[[], None]
    ) -> Request:
        """A write to an account that is ours until it is answered."""

        def done(_answer: Answer) -> None:
            change()
            agency.settled.append(account)

        method, path, body = request
        sent = agency.request(method, f"/v1/accounts/{account.id}{path}" if not path.startswith("/v1") else path, body)
        return Request(kind=kind, bytes=sent, check=check, is_write=True, done=done)

    def _taken(self, agency: Agency, suits: Callable[[Account], bool]) -> Account | None:
        for _ in range(min(10, len(agency.settled))):
            account = agency.settled.popleft()
            if suits(account):
                return account
            agency.settled.append(account)
        return None

    def _toggled(self, agency: Agency, kind: str, path: str, other: str, body: object) -> Request | None:
        account = self._taken(agency, lambda account: account.status in ("active", other))
        if account is None:
            return None
        to = other if account.status == "active" else "active"
        request = ("PUT", path, body) if to == other else ("DELETE", path, None)
        return self._change(kind, agency, account, request, shows(id=account.id, status=to), lambda: setattr(account, "status", to))

    def _suspend(self, agency: Agency) -> Request | None:
        return self._toggled(agency, "suspend, resume", "/suspension", "disabled", {"message": "Back on Monday."})

    def _cancel(self, agency: Agency) -> Request | None:
        return self._toggled(agency, "cancel, undo", "/cancellation", "cancelled", {"reason": "The bakery closes."})

    def _upgrade(self, agency: Agency) -> Request | None:
        account = self._taken(agency, lambda account: account.status == "active" and account.plan == "Plus")
        if account is None:
            return None
        request = ("POST", "/plan-changes", {"plan": {**PLUS, "plan": "Pro"}})
        return self._change("upgrade", agency, account, request, status_is(200, 201), lambda: setattr(account, "plan", "Pro"))

    def _allocate(self, agency: Agency) -> Request | None:
        account = self._taken(agency, lambda account: account.status == "active")
        if account is None:
            return None

        def change() -> None:
            account.previews += 1

        request = ("POST", "/v1/credits/inbox-preview/allocations", {"account_id": account.id, "units": 1})
        return self._change("allocate", agency, account, request, shows(account_units=account.previews + 1), change)

    def _asset(self, agency: Agency) -> Request | None:
        account = self._taken(agency, lambda account: account.status == "active")
        if account is None:
            return None

        def change() -> None:
            account.assets += 1

        request = ("PUT", f"/assets/template/t{account.assets}", {"name": "Spring sale", "content": {"subject": "Everything in bloom"}})
        return self._change("PUT asset", agency, account, request, status_is(200, 201), change)


def eventually(step: Callable[[], Any], *, what: str, seconds: float = PATIENCE_SECONDS) -> Any:
    """Repeat until the step gives something."""
    deadline = time.monotonic() + seconds
    while not (found := step()):
        if time.monotonic() > deadline:
            raise NotSettled(f"After {seconds:.0f} s: not {what}.")
        time.sleep(0.2)
    return found


def asked(port: int, request: bytes) -> Any:
    """What the platform answers now, as JSON; None where it refuses for the moment."""
    connection = Connection(port)
    try:
        answer = connection.ask(request, is_read=True)
    finally:
        connection.close()
    return answer.json() if OK <= answer.status < 300 else None


def answered(port: int, request: bytes, *, what: str) -> Any:
    """Ask until the platform does not refuse."""
    return eventually(lambda: asked(port, request), what=what)


def pages(port: int, agency: Agency, path: str) -> Iterator[dict[str, Any]]:
    """Every entry of a list."""
    cursor: str | None = ""
    while cursor is not None:
        joint = "&" if "?" in path else "?"
        address = f"{path}{joint}limit={PAGE}" + (f"&cursor={cursor}" if cursor else "")
        page = answered(port, agency.request("GET", address), what=f"answered: {address}")
        yield from page["data"]
        cursor = page["next_cursor"]


def furnish(world: World) -> None:
    """Credit for every agency, and some accounts to begin with."""
    for agency in world.agencies:
        for kind, body in (("inbox-preview", {"units": PREVIEWS}), ("prepaid", {"amount": {"amount": PREPAID, "currency": "EUR"}})):
            _buy(world.port, agency, kind, body)
        for _ in range(ACCOUNTS_EACH):
            name = f"e{secrets.token_hex(6)}"
            made = answered(world.port, agency.request("POST", "/v1/accounts", {"name": name, "plan": PLUS, **CLIENT}), what="opened")
            account = Account(id=made["id"], name=name)
            agency.accounts.append(account)
            agency.settled.append(account)
    for agency in world.agencies:
        for account in agency.accounts:
            _until_active(world.port, agency, account)


def _buy(port: int, agency: Agency, kind: str, body: object) -> None:
    answered(port, agency.request("POST", f"/v1/credits/{kind}/purchases", body), what=f"bought: {kind}")
    balance = agency.request("GET", f"/v1/credits/{kind}")
    eventually(lambda: (asked(port, balance) or {}).get("units"), what=f"there: {kind}")


def _until_active(port: int, agency: Agency, account: Account) -> None:
    shown = agency.request("GET", f"/v1/accounts/{account.id}")
    eventually(lambda: (asked(port, shown) or {}).get("status") == "active", what=f"active: {account.name}")
