"""Thirty-six months of many accounts: month ends, a leap day, clocks that change, cards that refuse and recover, prepaid.

What they should have been invoiced is worked out here again, by other means than billing's own.
"""

import calendar
import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from billing.domain.catalogue import Frequency, Selection
from chassis.audit import audit_all
from chassis.fields import format_instant
from chassis.testing import MovingClock, ServiceDatabase

from .world import Cards, World

BEGIN, END = datetime(2027, 1, 29, 6, tzinfo=UTC), datetime(2030, 1, 29, 6, tzinfo=UTC)
ZONES = ("America/New_York", "Europe/Paris", "Australia/Lord_Howe")
FIRST_DAYS = (*(datetime(2027, 1, day, tzinfo=UTC) for day in (29, 30, 31)), datetime(2027, 2, 28, tzinfo=UTC))
LEAP_DAY = datetime(2028, 2, 29, tzinfo=UTC)
PLANS = {("Starter", "monthly"): 1200, ("Plus", "monthly"): 3920, ("Pro", "monthly"): 6320, ("Plus", "annual"): 37632}
"""What each costs an agency with a discount of 20 %, a cycle: list prices of 15, 49, 79 and 470.40 EUR."""
DAY = timedelta(days=1)


@dataclass(kw_only=True)
class Life:
    """One account, and what the script has in store for it: from `trouble_at` on its card is refused, for so many days or for ever."""

    token: str
    zone: str
    plan: str
    frequency: str
    opens_at: datetime
    trouble_at: datetime | None = None
    days: int | None = None
    is_hard: bool = False
    new_card_after: int | None = None
    cancelled_at: datetime | None = None
    account_id: str = ""
    agency_id: str = ""
    is_over: bool = False

    @property
    def price(self) -> int:
        return PLANS[self.plan, self.frequency]


def lives(count: int) -> Iterator[Life]:
    """Everybody's script, the same in every run."""
    dice = random.Random(2027)
    for number in range(count):
        first = LEAP_DAY if number % 5 == 4 else FIRST_DAYS[number % 4] + dice.randint(0, 2) * 7 * DAY
        plan, frequency = list(PLANS)[3 if number % 8 in {2, 6, 7} else number % 3]
        opens_at = first + timedelta(hours=dice.randint(6, 23), minutes=dice.randint(0, 59), seconds=dice.randint(0, 59))
        life = Life(token=f"card {number}", zone=ZONES[number % 3], plan=plan, frequency=frequency, opens_at=opens_at)
        trouble = opens_at + dice.randint(200, 600) * DAY
        match number % 8:
            case 1 | 7:
                life.trouble_at, life.days = trouble, dice.choice([2, 5, 40])
            case 3:
                life.trouble_at, life.new_card_after = trouble, dice.choice([1, 4, 10, 19])
                life.is_hard = dice.random() < 0.5
            case 5:
                life.trouble_at, life.is_hard = trouble, dice.random() < 0.5
            case 6:
                life.cancelled_at = trouble
        yield life


# --- what should have been ------------------------------------------------------------------------------------------------------------


def months_later(anchor: datetime, zone: str, months: int) -> datetime:
    """The same wall clock time so many months later, on the same day of the month or the last one."""
    local = anchor.astimezone(ZoneInfo(zone))
    index = local.year * 12 + local.month - 1 + months
    year, month = index // 12, index % 12 + 1
    day = min(local.day, calendar.monthrange(year, month)[1])
    naive = datetime(year, month, day, local.hour, local.minute, local.second)  # noqa: DTZ001  its zone is the next thing
    return naive.replace(tzinfo=ZoneInfo(zone)).astimezone(UTC)


def seen_at(moment: datetime) -> datetime:
    """When somebody comes to what is due then: once a day, at six."""
    six = moment.replace(hour=6, minute=0, second=0, microsecond=0)
    return six if six >= moment else six + DAY


def is_refused(life: Life, at: datetime) -> bool:
    if life.trouble_at is None or at < life.trouble_at:
        return False
    return life.days is None or at < life.trouble_at + life.days * DAY


def what_becomes_of_it(life: Life, renewed_at: datetime) -> tuple[bool, bool]:
    """Whether an invoice of that moment is paid in the end, and whether its account then goes on."""
    if not is_refused(life, renewed_at):
        return True, True
    if life.new_card_after is not None:
        return True, True
    tries = [] if life.is_hard else [renewed_at + days * DAY for days in (1, 3, 5, 7)]
    recovers = any(not is_refused(life, seen_at(moment)) for moment in tries)
    return recovers, recovers


def should_have_been_invoiced(life: Life) -> list[tuple[datetime, int, str]]:
    """Start of the period, total, and what became of it, the oldest first."""
    step, expected = 12 if life.frequency == "annual" else 1, []
    for count in range(40):
        start = months_later(life.opens_at, life.zone, count * step) if count else life.opens_at
        if count and (seen_at(start) > END or (life.cancelled_at is not None and seen_at(start) >= seen_at(life.cancelled_at))):
            break
        paid, goes_on = (True, True) if count == 0 else what_becomes_of_it(life, seen_at(start))
        is_known = paid or seen_at(start) + 21 * DAY <= END
        expected.append((start, life.price, "paid" if paid else "credited" if is_known else "open"))
        if not goes_on:
            break
    return expected


# --- what was -------------------------------------------------------------------------------------------------------------------------

INVOICED = """
SELECT i.account_id, l.period_start, i.total_minor, p.id AS payment_id, n.id AS note_id
FROM invoices AS i JOIN invoice_lines AS l ON l.invoice_id = i.id
LEFT JOIN payments AS p ON p.invoice_id = i.id AND p.status = 'succeeded' LEFT JOIN credit_notes AS n ON n.invoice_id = i.id
WHERE i.purpose <> 'credit_purchase' ORDER BY i.account_id, l.period_start
"""
BREACHES = {
    "billing": (
        # an invoice is paid, taken back, overdue or being paid
        """
        SELECT i.id FROM invoices AS i LEFT JOIN payments AS p ON p.invoice_id = i.id AND p.status = 'succeeded'
        LEFT JOIN credit_notes AS n ON n.invoice_id = i.id LEFT JOIN dunnings AS d ON d.invoice_id = i.id AND d.ended_at IS NULL
        WHERE coalesce(p.prepaid_minor + p.card_minor, 0) <> CASE WHEN p.id IS NULL THEN 0 ELSE i.total_minor END
        OR (p.id IS NOT NULL)::int + (n.id IS NOT NULL AND n.payment_id IS NULL)::int + (d.invoice_id IS NOT NULL)::int <> 1
        """,
        "SELECT agency_id FROM invoices GROUP BY agency_id HAVING max(right(number, 6)::int) <> count(*)",
        "SELECT 1 FROM payments WHERE status = 'pending'",
    ),
    "credits": (
        "SELECT transaction_id FROM postings GROUP BY transaction_id HAVING sum(units) <> 0",
        """
        SELECT a.id FROM ledger_accounts AS a JOIN postings AS p ON p.ledger_account_id = a.id WHERE a.purpose IN ('available', 'reserved')
        GROUP BY a.id HAVING sum(p.units) < 0
        """,
        """
        SELECT 1 FROM postings AS p JOIN ledger_accounts AS a ON a.id = p.ledger_account_id WHERE a.purpose = 'reserved'
        HAVING sum(p.units) <> 0
        """,
    ),
}


class Years:
    """The world as the script has it, day by day."""

    def __init__(self, world: World, people: list[Life]) -> None:
        self.world, self.people = world, people
        self.agencies = [world.an_agency() for _ in range(8)]
        for number, agency_id in enumerate(self.agencies):
            world.a_card(agency_id, f"agency {number}", is_default=True)
        self.by_account: dict[str, Life] = {}
        self.renews_with_new_card: list[tuple[datetime, Life]] = []
        world.hear = self.hear

    def hear(self, envelope: dict[str, Any]) -> None:
        """Accounts: an account whose dunning is exhausted expires; and the agency gives a new card to one that is overdue."""
        data = envelope["data"]
        if envelope["type"] != "comptoir.billing.dunning_step.v1":
            return
        life = self.by_account[data["account_id"]]
        if data["outcome"] == "exhausted":
            life.is_over = True
            now = format_instant(self.world.clock())
            self.world.bring("accounts", "account_expired", life.agency_id, {"account_id": life.account_id, "expired_at": now})
        elif data["step"] == 0 and data["outcome"] == "retry" and life.new_card_after is not None:
            self.renews_with_new_card.append((self.world.clock() + life.new_card_after * DAY, life))

    def live(self) -> None:
        """Every day: who opens, who gives a new card, who cancels, and what is due."""
        waiting = sorted(self.people, key=lambda life: life.opens_at)
        now = BEGIN
        while now <= END:
            while waiting and waiting[0].opens_at <= now:
                self.open(waiting.pop(0))
            self.world.clock.now = now
            for moment, life in [each for each in self.renews_with_new_card if each[0] <= now]:
                self.renews_with_new_card.remove((moment, life))
                self.new_card(life)
            for life in self.people:
                self.maybe_cancel(life, now)
            self.world.do_what_is_due()
            if now.day == 1 and now.month % 3 == 0:
                for agency_id, minor in zip(self.agencies, (250_00, 35_00, 250_00, 35_00), strict=False):
                    self.world.buy_prepaid(agency_id, minor)
            now += DAY

    def open(self, life: Life) -> None:
        self.world.clock.now = life.opens_at
        with_prepaid, without = self.agencies[:4], self.agencies[4:]  # prepaid would pay what a card refuses
        life.agency_id = (with_prepaid if life.trouble_at is None else without)[self.people.index(life) // 8 % 4]
        selection = Selection(pricing_version="V3", product="EM", plan=life.plan, contacts=1000, frequency=Frequency(life.frequency))
        profile_id = self.world.a_card(life.agency_id, life.token)
        life.account_id = self.world.open_account(life.agency_id, selection, time_zone=life.zone, billing_profile_id=profile_id)
        self.by_account[life.account_id] = life

    def new_card(self, life: Life) -> None:
        profile_id = self.world.a_card(life.agency_id, f"new {life.token}")
        told = {"account_id": life.account_id, "changes": {"billing_profile_id": profile_id}}
        self.world.tell("accounts", "account_updated", life.agency_id, told)

    def maybe_cancel(self, life: Life, now: datetime) -> None:
        if life.cancelled_at is None or life.is_over or now < life.cancelled_at:
            return
        [row] = self.world.query("billing", "SELECT period_end FROM subscriptions WHERE account_id = %s", life.account_id)
        life.is_over, ends = True, format_instant(row["period_end"])
        self.world.tell("accounts", "account_cancelled", life.agency_id, {"account_id": life.account_id, "expires_at": ends})


def simulate(make_database: Callable[[str], ServiceDatabase], clock: MovingClock, *, accounts: int) -> None:
    people = list(lives(accounts))
    scripts = {life.token: life for life in people}

    def refuses(token: str, now: datetime) -> str | None:
        life = scripts.get(token)
        return None if life is None or not is_refused(life, now) else "expired_card" if life.is_hard else "insufficient_funds"

    clock.now = BEGIN
    world = World(make_database("billing"), make_database("credits"), clock, Cards(clock, refuses))
    years = Years(world, people)
    years.live()

    was: dict[str, list[tuple[datetime, int, str]]] = {life.account_id: [] for life in people}
    for row in world.query("billing", INVOICED):
        status = "credited" if row["note_id"] else "paid" if row["payment_id"] else "open"
        was[row["account_id"]].append((row["period_start"], row["total_minor"], status))
    for life in people:
        assert was[life.account_id] == should_have_been_invoiced(life), life
    for service, questions in BREACHES.items():
        for question in questions:
            assert world.query(service, question) == []
    sums = "SELECT sum(prepaid_minor) AS prepaid, sum(card_minor) AS card FROM payments WHERE status = 'succeeded'"
    [paid] = world.query("billing", sums)
    [spent] = world.query(
        "credits",
        "SELECT coalesce(sum(p.units), 0) AS units FROM postings AS p JOIN ledger_accounts AS a ON a.id = p.ledger_account_id"
        " WHERE a.purpose = 'spent' AND a.kind = 'prepaid'",
    )
    assert spent["units"] == paid["prepaid"] > 0
    assert sum(charge.amount.amount_minor for charge in world.cards.charges.values()) == paid["card"]
    outcomes = {envelope["data"]["outcome"] for envelope in world.told if ".dunning_step." in envelope["type"]}
    assert outcomes == {"retry", "suspended", "exhausted", "recovered"}
    assert audit_all({service: database.url for service, database in world.databases.items()}, patience_seconds=0) == []


def test_three_years_of_a_few_accounts_are_invoiced_as_they_should_be(
    make_database: Callable[[str], ServiceDatabase], clock: MovingClock
) -> None:
    """R0.35, R0.36, R0.59, R0.60, R0.61, R0.96, R0.103, R0.104."""
    simulate(make_database, clock, accounts=16)


@pytest.mark.slow
def test_three_years_of_many_accounts_are_invoiced_as_they_should_be(
    make_database: Callable[[str], ServiceDatabase], clock: MovingClock
) -> None:
    """R0.35, R0.36, R0.59, R0.60, R0.61, R0.96, R0.103, R0.104."""
    simulate(make_database, clock, accounts=200)
