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
SETTLE_SECONDS = 300.0
POLL_SECONDS = 0.5
MOST = 200


class NotSettled(Exception):
    """Something that was to happen did not within SETTLE_SECONDS."""


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
        await self.settled()
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

    async def settled(self) -> None:
        """Wait until no account is being made, every invoice is paid, and all that was bought is there."""

        async def is_settled() -> bool:
            if any(row["status"] == "creating" for row in await self._all("/v1/accounts?status=all")):
                return False
            unpaid = await self._one("/v1/invoices?status=open&limit=1")
            return unpaid["total"] == 0 and not await self._unmoved()

        deadline = monotonic() + SETTLE_SECONDS
        while not await is_settled():
            if monotonic() > deadline:
                raise NotSettled(
                    f"{self.agency.id} after {SETTLE_SECONDS:.0f} s: {await self._unmoved() or 'accounts or invoices are open'}"
                )
            await asyncio.sleep(POLL_SECONDS)

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
        """Say what is not as it was asked for: lost, doubled, or strange."""
        return [*await self._unmoved(), *await self._accounts(), *await self._invoices(), *await self._credits()]

    async def _accounts(self) -> list[str]:
        agency = self.agency
        rows = await self._all("/v1/accounts?status=all")
        names = Counter(row["name"] for row in rows)
        found = {row["id"]: row["status"] for row in rows}
        return [
            *(f"the account {name} is there {names[name]} times, not once" for name in agency.names if names[name] != 1),
            *(f"the account {name} was never asked for" for name in names.keys() - agency.names.keys()),
            *(f"{each} is {found.get(each)}, not {status}" for each, status in agency.statuses.items() if found.get(each) != status),
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
        for kind in ("prepaid", PREVIEWS):
            moved = await self._all(f"/v1/credits/{kind}/transactions")
            arrived = Counter(each["invoice_id"] for each in moved if each["invoice_id"] in self.agency.purchases)
            wrong += _once(f"purchase of {kind} by", arrived, {each for each, (of, _) in self.agency.purchases.items() if of == kind})
        return wrong

    async def _all(self, target: str) -> list[dict[str, Any]]:
        rows: list[dict[str, Any]] = []
        cursor = ""
        while True:
            page = await self._one(f"{target}{'&' if '?' in target else '?'}limit={MOST}{cursor}")
            rows += page["data"]
            if page["next_cursor"] is None:
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
