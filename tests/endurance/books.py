"""Preparing agencies; and at the end, comparing what each asked for with what the platform says it has."""

import asyncio
import json
import random
from collections import Counter
from http import HTTPStatus
from time import monotonic
from typing import Any
from urllib.parse import quote

from .load import PATIENCE_SECONDS, PAUSE_SECONDS, Load
from .mix import PLUS_MINOR, PREVIEWS, Agency, Ask, is_busy
from .wire import Lost, Wire, request_bytes

STEADY, SWITCHED = 8, 5
"""Accounts of an agency that are read, and that are disabled and enabled."""
PREPAID_MINOR = 3_000_000
PREVIEWS_EACH = 500
"""Of each account, so that what is taken back is always there."""
SETTLE_SECONDS = 120.0
LATE_SECONDS = 30.0
"""How long the last of it may still be on its way to where it is read."""
POLL_SECONDS = 0.5
MOST = 200
SWITCHES = ("disable", "enable")


class NotSettled(Exception):
    """Something that the run stands on did not happen."""


class Books:
    """One agency's, read over the API."""

    def __init__(self, wire: Wire, agency: Agency) -> None:
        self._wire = wire
        self._headers = {"Authorization": f"Bearer {agency.key}"}
        self.agency = agency

    async def prepare(self, load: Load, *, is_rich: bool) -> None:
        """Buy credit, open the first accounts and hand out inbox previews; an agency that is not rich pays by card."""
        asks = [self.agency.purchase_of(PREVIEWS, 10_000)]
        asks += [self.agency.purchase_of("prepaid", PREPAID_MINOR)] if is_rich else []
        asks += [self.agency.opening(random.Random()) for _ in range(STEADY + SWITCHED)]
        for ask in asks:
            await _right(load, ask)
        if open_ := await self.settled():
            raise NotSettled(f"cannot prepare: {open_}")
        opened = [(account_id, name) for name, account_id in self.agency.names.items()]
        self.agency.steady, self.agency.switched = opened[:STEADY], [account_id for account_id, _ in opened[STEADY:]]
        for account_id, _ in self.agency.steady:
            while await self._is_unknown(account_id):  # noqa: ASYNC110  what we wait for is another process
                await asyncio.sleep(POLL_SECONDS)
            await _right(load, self.agency.allocate(random.Random(), account_id, PREVIEWS_EACH))

    async def _is_unknown(self, account_id: str) -> bool:
        """Whether credits has not heard of the account yet."""
        target = f"/v1/credits/{PREVIEWS}?account_id={account_id}"
        return (await self._wire.send(request_bytes("GET", target, headers=self._headers))).status == HTTPStatus.NOT_FOUND

    async def settled(self) -> list[str]:
        """Wait until all accounts are made, all invoices paid, and all that was bought is there; say what is not after SETTLE_SECONDS."""
        deadline = monotonic() + SETTLE_SECONDS
        while (open_ := await self._open()) and monotonic() < deadline:  # noqa: ASYNC110  what we wait for is other processes
            await asyncio.sleep(POLL_SECONDS)
        return open_

    async def _open(self) -> list[str]:
        statuses = Counter(row["status"] for row in await self._all("/v1/accounts?status=all"))
        unpaid = (await self._one("/v1/invoices?status=open&limit=1"))["total"]
        if statuses["creating"] or unpaid:
            return [f"{self.agency.id} has {statuses['creating']} accounts being made, and {unpaid} unpaid invoices"]
        return [] if statuses["failed"] else await self._unmoved()  # what was paid for an account that failed comes back

    async def _unmoved(self) -> list[str]:
        """What was bought and is not there yet, and what was paid and is still there."""
        bought = Counter[str]()
        for kind, size in self.agency.purchases.values():
            bought[kind] += size
        invoices = await self._all("/v1/invoices")
        spent = sum(each["paid_prepaid"]["amount"] for each in invoices)
        given = sum(units for _, units in self.agency.allocations.values())
        found = {kind: (await self._one(f"/v1/credits/{kind}"))["units"] for kind in ("prepaid", PREVIEWS)}
        wanted = {"prepaid": bought["prepaid"] - spent, PREVIEWS: bought[PREVIEWS] - given}
        return [f"{self.agency.id} has {found[kind]} of {kind}, not {wanted[kind]}" for kind in wanted if found[kind] != wanted[kind]]

    async def faults(self) -> list[str]:
        """Say what is not as it was asked for: lost, doubled, or strange. What is still on its way is waited for."""
        deadline = monotonic() + LATE_SECONDS
        while (wrong := await self._faults()) and monotonic() < deadline:  # noqa: ASYNC110  what we wait for is other processes
            await asyncio.sleep(POLL_SECONDS)
        return wrong

    async def _faults(self) -> list[str]:
        return [*await self._unmoved(), *await self._accounts(), *await self._invoices(), *await self._credits(), *await self._told()]

    async def _told(self) -> list[str]:
        """Of what was to be told to the agency's programs: each event once, and of each account that it was asked for, and is there."""
        events = await self._all("/v1/events")
        told = Counter((each["type"].split(".")[2], each["subject"]) for each in events)
        return [
            *_once("event", Counter(each["id"] for each in events), {each["id"] for each in events}),
            *(
                f"{event} of {account_id} was told {told[event, account_id]} times, not once"
                for account_id in self.agency.statuses
                for event in ("account_requested", "account_activated")
                if told[event, account_id] != 1
            ),
        ]

    async def _accounts(self) -> list[str]:
        agency = self.agency
        rows = await self._all("/v1/accounts?status=all")
        names = Counter(row["name"] for row in rows)
        found = {row["id"]: row["status"] for row in rows}
        switched = {each: await self._all(f"/v1/accounts/{each}/events") for each in agency.switches}
        switches = {each: sum(event["action"] in SWITCHES for event in events) for each, events in switched.items()}
        return [
            *(f"the account {name} is there {names[name]} times, not once" for name in agency.names if names[name] != 1),
            *(f"the account {name} was never asked for" for name in names.keys() - agency.names.keys()),
            *(f"{each} is {found.get(each)}, not {status}" for each, status in agency.statuses.items() if found.get(each) != status),
            *(
                f"{each} was switched {switches[each]} times, not {times}"
                for each, times in agency.switches.items()
                if switches[each] != times
            ),
        ]

    async def _invoices(self) -> list[str]:
        invoices = await self._all("/v1/invoices")
        openings = Counter(each["account_id"] for each in invoices if each["purpose"] == "account_opening")
        bought = Counter(each["id"] for each in invoices if each["purpose"] == "credit_purchase")
        return [
            *_once("invoice of the opening of", openings, set(self.agency.statuses)),
            *_once("invoice of a purchase,", bought, set(self.agency.purchases)),
            *(f"{each['id']} is {each['status']}, not paid" for each in invoices if each["status"] != "paid"),
            *(
                f"{each['id']} is of {each['total']['amount']}, not {PLUS_MINOR}"
                for each in invoices
                if each["purpose"] == "account_opening" and each["total"]["amount"] != PLUS_MINOR
            ),
        ]

    async def _credits(self) -> list[str]:
        allocations = await self._all(f"/v1/credits/{PREVIEWS}/allocations")
        wrong = _once("allocation", Counter(each["id"] for each in allocations), set(self.agency.allocations))
        granted = Counter[str]()
        for account_id, units in self.agency.allocations.values():
            granted[account_id] += units
        for account_id, units in granted.items():
            found = (await self._one(f"/v1/credits/{PREVIEWS}?account_id={account_id}"))["units"]
            if found != units:
                wrong.append(f"{account_id} has {found} inbox previews, not {units}")
        paid = {each["id"] for each in await self._all("/v1/invoices") if each["paid_prepaid"]["amount"]}
        for kind, spent in (("prepaid", paid), (PREVIEWS, set[str]())):
            moved = await self._all(f"/v1/credits/{kind}/transactions")
            by = {
                purpose: Counter(each["invoice_id"] for each in moved if each["purpose"] == purpose) for purpose in ("purchase", "spending")
            }
            wrong += _once(
                f"purchase of {kind} by", by["purchase"], {each for each, (of, _) in self.agency.purchases.items() if of == kind}
            )
            wrong += _once(f"spending of {kind} on", by["spending"], spent)
        return wrong

    async def _all(self, target: str) -> list[dict[str, Any]]:
        rows: list[dict[str, Any]] = []
        cursor = ""
        while True:
            page = await self._one(f"{target}{'&' if '?' in target else '?'}limit={MOST}{cursor}")
            rows += page["data"]
            if page["next_cursor"] is None or not page["data"]:
                return rows
            cursor = f"&cursor={quote(page['next_cursor'], safe='')}"

    async def _one(self, target: str) -> dict[str, Any]:
        deadline = monotonic() + PATIENCE_SECONDS
        while True:
            try:
                answer = await self._wire.send(request_bytes("GET", target, headers=self._headers))
            except Lost as lost:
                said = str(lost)
            else:
                if answer.status == HTTPStatus.OK:
                    body: dict[str, Any] = json.loads(answer.body)
                    return body
                said = f"HTTP {answer.status} {answer.body[:300]!r}"
                if not is_busy(answer):
                    raise NotSettled(f"GET {target}: {said}")
            if monotonic() > deadline:
                raise NotSettled(f"GET {target} for {PATIENCE_SECONDS:.0f} s: {said}")
            await asyncio.sleep(PAUSE_SECONDS)


def _once(what: str, found: Counter[str], wanted: set[str]) -> list[str]:
    """Name whatever is not there exactly once, and whatever nobody wanted."""
    return [
        f"{what} {each} is there {found[each]} times, wanted {int(each in wanted)}"
        for each in sorted(wanted | found.keys())
        if found[each] != (each in wanted)
    ]


async def _right(load: Load, ask: Ask) -> None:
    if not await load.perform(ask, due=monotonic()):
        raise NotSettled(f"cannot prepare: {load.wrong[-1]}")
