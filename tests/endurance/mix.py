"""What agencies do all day: each operation as a request, and what must come back."""

import random
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode

from chassis.ids import new_id

from .wire import Answer, request_bytes

PLUS = {"pricing_version": "V3", "product": "EM", "plan": "Plus", "contacts": 1000, "frequency": "monthly"}
PLUS_MINOR = 3_920
"""What Plus costs the agency for a month: 49.00 less 20 %."""
PREVIEWS = "inbox-preview"
PREVIEWS_BOUGHT = 1000
PREPAID_BOUGHT_MINOR = 1_000
PAGE = 20
BUSY = frozenset({429, 503, 504})
BUSY_WORDS = (b"ry again in a moment", b"did not answer in time")
"""How the agency API, whose answers are all HTTP 200, says what REST says by 503 and 504."""

WEIGHTS = {
    "account read": 34,
    "overview page": 12,
    "overview search": 8,
    "agency API account_status": 10,
    "quote": 12,
    "suspension": 8,
    "credits allocation": 8,
    "credits purchase": 5,
    "account opening": 3,
}
"""How often of a hundred."""
NEEDS = {
    "gateway": frozenset(WEIGHTS),
    "identity.serve": frozenset(WEIGHTS),
    "accounts.serve": frozenset(WEIGHTS) - {"quote", "credits purchase", "credits allocation"},
    "billing.serve": frozenset({"quote", "credits purchase"}),
    "credits.serve": frozenset({"credits allocation"}),
}
"""Which operations cannot be answered without a program."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Ask:
    """One operation: its request, the right answer, and what follows from it."""

    kind: str
    line: str
    """The request as a person reads it."""
    request: bytes
    status: int
    fault_of: Callable[[Any], str | None]
    """Says what is wrong with a body; None for a right one."""
    done: Callable[[Any], None] = lambda _body: None

    def fault(self, answer: Answer) -> str | None:
        """Say what is wrong with the answer; None for a right one."""
        if answer.status != self.status:
            return f"HTTP {answer.status}, not {self.status}: {answer.body[:500]!r}"
        body = answer.json()
        said = self.fault_of(body) if isinstance(body, dict) else "is no JSON object"
        return f"{said}: {answer.body[:500]!r}" if said else None


def is_busy(answer: Answer) -> bool:
    """Whether the answer is one of those that ask for patience: it says nothing about what was asked."""
    return answer.status in BUSY or (
        b'"result_code":0' in answer.body.replace(b" ", b"") and any(each in answer.body for each in BUSY_WORDS)
    )


def differs(body: Any, **expected: Any) -> str | None:
    """Say which member is not as expected."""
    wrong = {name: body.get(name) for name, value in expected.items() if body.get(name) != value}
    return f"has {wrong}, not { ({name: expected[name] for name in wrong}) }" if wrong else None


@dataclass(kw_only=True)
class Agency:
    """An agency, and what it knows that it has: the books that are compared at the end."""

    id: str
    key: str
    names: dict[str, str] = field(default_factory=dict)
    """Of every account that was asked for: name → id, empty while nobody knows it."""
    statuses: dict[str, str] = field(default_factory=dict)
    """Account → what it must be at the end."""
    steady: list[tuple[str, str]] = field(default_factory=list)
    """Accounts that are read: id, name."""
    switched: list[str] = field(default_factory=list)
    """Accounts that are disabled and enabled, one thing at a time: those that wait for it."""
    switches: Counter[str] = field(default_factory=Counter)
    """How often each of them was."""
    purchases: dict[str, tuple[str, int]] = field(default_factory=dict)
    """Invoice → kind, and what was bought: minor units, or previews."""
    allocations: dict[str, tuple[str, int]] = field(default_factory=dict)
    """Transaction → account, and units."""

    @property
    def effects(self) -> int:
        """How much was asked for that is to be there exactly once."""
        return len(self.names) + self.switches.total() + len(self.purchases) + len(self.allocations)

    def ask(self, kind: str, chance: random.Random) -> Ask:
        """Make one operation of a kind."""
        if kind == "suspension" and not self.switched:
            kind = "account read"
        return MAKERS[kind](self, chance)

    def read(self, chance: random.Random) -> Ask:
        """GET an account."""
        account_id, name = chance.choice(self.steady)
        fault = lambda body: differs(body, id=account_id, name=name, status="active")  # noqa: E731  it belongs to this line
        return self._get("account read", f"/v1/accounts/{account_id}", fault)

    def page(self, _chance: random.Random) -> Ask:
        """GET a page of the overview."""

        def fault(body: Any) -> str | None:
            rows = body.get("data", [])
            strange = [row["id"] for row in rows if row["status"] != "active"]
            return differs({**body, "rows": len(rows)}, rows=min(PAGE, body.get("total", 0))) or (f"has {strange}" if strange else None)

        return self._get("overview page", f"/v1/accounts?status=active&sort=-created_at&limit={PAGE}", fault)

    def search(self, chance: random.Random) -> Ask:
        """GET the overview, searched for one name."""
        account_id, name = chance.choice(self.steady)
        fault = lambda body: differs({"ids": [row["id"] for row in body["data"]]}, ids=[account_id])  # noqa: E731  as above
        return self._get("overview search", f"/v1/accounts?{urlencode({'q': name})}", fault)

    def status(self, chance: random.Random) -> Ask:
        """Ask for an account's status by the agency API."""
        _, name = chance.choice(self.steady)
        target = "/api.php?" + urlencode({"api_action": "account_status", "account": name, "api_output": "json"})
        return self._get("agency API account_status", target, lambda body: differs(body, result_code=1, status="active"), token=True)

    def quote(self, _chance: random.Random) -> Ask:
        """POST a quote."""
        wanted = {"amount": PLUS_MINOR, "currency": "EUR"}
        fault = lambda body: differs({**body, "due": body["offer"]["due_today"]}, due=wanted, state="open")  # noqa: E731  as above
        return self._send("quote", "POST", "/v1/quotes", {**PLUS, "country": "FR"}, 201, fault)

    def switch(self, chance: random.Random) -> Ask:
        """Disable an account that is active, enable one that is not."""
        account_id = self.switched.pop(chance.randrange(len(self.switched)))
        disable = self.statuses[account_id] == "active"
        wanted = "disabled" if disable else "active"

        def done(_body: Any) -> None:
            self.statuses[account_id] = wanted
            self.switches[account_id] += 1
            self.switched.append(account_id)

        method, body = ("PUT", {"message": "Please call your agency."}) if disable else ("DELETE", None)
        fault = lambda said: differs(said, id=account_id, status=wanted)  # noqa: E731  as above
        return self._send("suspension", method, f"/v1/accounts/{account_id}/suspension", body, 200, fault, done)

    def allocate(self, chance: random.Random, account_id: str | None = None, units: int | None = None) -> Ask:
        """Give an account inbox previews, or take some back."""
        to = account_id or chance.choice(self.steady)[0]
        how_many = units or chance.choice((-2, -1, 1, 2, 3))

        def done(body: Any) -> None:
            self.allocations[body["id"]] = (to, how_many)

        fault = lambda body: differs(body, account_id=to, units=how_many)  # noqa: E731  as above
        return self._send(
            "credits allocation", "POST", f"/v1/credits/{PREVIEWS}/allocations", {"account_id": to, "units": how_many}, 200, fault, done
        )

    def purchase(self, chance: random.Random, *, minor: int = PREPAID_BOUGHT_MINOR) -> Ask:
        """Buy inbox previews, or prepaid credit by card."""
        kind = chance.choice(("prepaid", PREVIEWS))
        return self.purchase_of(kind, minor if kind == "prepaid" else PREVIEWS_BOUGHT)

    def purchase_of(self, kind: str, size: int) -> Ask:
        """Buy so much of a kind."""

        def done(body: Any) -> None:
            self.purchases[body["id"]] = (kind, size)

        asked = {"amount": {"amount": size, "currency": "EUR"}} if kind == "prepaid" else {"units": size}
        fault = lambda body: differs(body, purpose="credit_purchase", account_id=None)  # noqa: E731  as above
        return self._send("credits purchase", "POST", f"/v1/credits/{kind}/purchases", asked, 202, fault, done)

    def opening(self, _chance: random.Random) -> Ask:
        """Open an account, paid by prepaid credit and by card as far as that does not reach."""
        name = new_id("n").replace("_", "-").lower()
        self.names[name] = ""
        asked = {
            "name": name,
            "plan": PLUS,
            "client_name": "Boulangerie Martin",
            "client_email": f"owner@{name}.example",
            "country": "FR",
            "language": "fr",
            "time_zone": "Europe/Paris",
        }

        def done(body: Any) -> None:
            self.names[name] = body["id"]
            self.statuses[body["id"]] = "active"

        fault = lambda body: differs(body, name=name, status="creating")  # noqa: E731  as above
        return self._send("account opening", "POST", "/v1/accounts", asked, 202, fault, done)

    def _get(self, kind: str, target: str, fault: Callable[[Any], str | None], *, token: bool = False) -> Ask:
        headers = {"Api-Token": self.key} if token else {"Authorization": f"Bearer {self.key}"}
        return Ask(kind=kind, line=f"GET {target}", request=request_bytes("GET", target, headers=headers), status=200, fault_of=fault)

    def _send(
        self,
        kind: str,
        method: str,
        target: str,
        body: Any,
        status: int,
        fault: Callable[[Any], str | None],
        done: Callable[[Any], None] = lambda _body: None,
    ) -> Ask:
        key = new_id("idk")
        request = request_bytes(method, target, headers={"Authorization": f"Bearer {self.key}", "Idempotency-Key": key}, body=body)
        return Ask(kind=kind, line=f"{method} {target} {body} ({key})", request=request, status=status, fault_of=fault, done=done)


MAKERS: dict[str, Callable[[Agency, random.Random], Ask]] = {
    "account read": Agency.read,
    "overview page": Agency.page,
    "overview search": Agency.search,
    "agency API account_status": Agency.status,
    "quote": Agency.quote,
    "suspension": Agency.switch,
    "credits allocation": Agency.allocate,
    "credits purchase": Agency.purchase,
    "account opening": Agency.opening,
}


class Mix:
    """Whose turn it is, and with what."""

    def __init__(self, agencies: list[Agency], *, seed: int = 1) -> None:
        self.agencies = agencies
        self.chance = random.Random(seed)
        self._turn = 0

    def next(self) -> Ask:
        """The next operation of the next agency."""
        self._turn += 1
        [kind] = self.chance.choices(list(WEIGHTS), weights=list(WEIGHTS.values()))
        return self.agencies[self._turn % len(self.agencies)].ask(kind, self.chance)
