"""Whatever happens to an account, in any order, as time goes by: it owes what it has, once, and every refusal runs its course."""

import itertools
from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule, run_state_machine_as_test

from billing import errors
from billing.domain.catalogue import Frequency
from billing.domain.period import renewal
from chassis.fields import format_instant
from chassis.testing.clock import START

from .stage import Envelope, Stage

TOKENS = st.sampled_from(["pm_card_visa", "pm_card_declined", "pm_card_insufficient_funds", "pm_card_expired", "pm_card_timeout"])
PRICE = 3920
DAY = timedelta(days=1)

LAID_TO_REST = {
    "subscriptions": "standing = 'ended'",
    "dunnings": "state = 'dropped', ended_at = began_at, next_at = NULL, wanted_at = NULL WHERE ended_at IS NULL",
    "payments": "status = 'failed', settled_at = created_at, failure_code = 'x', failure_reason = 'x' WHERE status = 'pending'",
}
"""What was there before: the accounts of a run do not pay with one another's prepaid."""
NEVER_CHARGED = "DELETE FROM test_provider_charges WHERE idempotency_key IN (SELECT id FROM payments WHERE failure_code = 'x')"
"""Nobody hears any more what became of those payments."""

INVOICES = """
SELECT i.id, i.total_minor, i.issued_at, l.period_start, l.period_end, p.prepaid_minor, p.card_minor, n.id AS note_id,
    n.card_minor AS returned_minor, d.state, d.began_at, d.ended_at, d.step,
    EXISTS (SELECT 1 FROM payments AS u WHERE u.invoice_id = i.id AND u.status = 'pending') AS is_pending
FROM invoices AS i JOIN invoice_lines AS l ON l.invoice_id = i.id LEFT JOIN payments AS p ON p.invoice_id = i.id AND p.status = 'succeeded'
LEFT JOIN credit_notes AS n ON n.invoice_id = i.id LEFT JOIN dunnings AS d ON d.invoice_id = i.id
WHERE i.account_id = %s ORDER BY l.period_start, i.id
"""


class Account(RuleBasedStateMachine):
    """One account after the other, and a model of it: since when it is there, whether it goes on, and when it was last known to."""

    def __init__(self, stage: Stage) -> None:
        super().__init__()
        self.stage = stage
        self.account_id = ""
        self.opened_at = START
        self.standing = "renewed"
        self.ends_at: datetime | None = None
        self.heard: list[Envelope] = []
        self.facts = 0

    @initialize(hours=st.integers(0, 24 * 40))
    def open(self, hours: int) -> None:
        self.stage.clock.now = START + timedelta(hours=hours)
        self.stage.credits.available_minor = 0
        for table, change in LAID_TO_REST.items():
            self.stage.database.execute(f"UPDATE {table} SET {change}")
        self.stage.database.execute(NEVER_CHARGED)
        self.stage.pending()
        self.account_id, self.opened_at = self.stage.an_account(), self.stage.clock.now
        self.facts = len(self.stage.emitted("dunning_step"))

    # --- what happens -----------------------------------------------------------------------------------------------------------------

    @rule(days=st.sampled_from([1, 1, 2, 5, 8, 22, 31, 62]), is_seen=st.booleans())
    def wait(self, days: int, is_seen: bool) -> None:
        """Time goes by, and somebody comes to what is due every day, or only once at the end."""
        for _ in range(days if is_seen else 1):
            self.stage.clock.advance(days=1 if is_seen else days)
            self.stage.clock.advance(minutes=2)
            self.sweep()

    @rule(token=TOKENS)
    def pay_by(self, token: str) -> None:
        profile_id = self.stage.a_profile(token, is_default=False)
        self.tell("account_updated", changes={"billing_profile_id": profile_id})
        self.sweep()

    @rule(minor=st.sampled_from([500, PRICE, 3 * PRICE]))
    def buy_prepaid(self, minor: int) -> None:
        self.stage.credits.available_minor += minor
        bought = {"kind": "prepaid", "account_id": self.account_id, "units": minor, "invoice_id": "inv_1"}
        self.stage.deliver(self.stage.fact("credits_purchased", bought))
        self.sweep()

    @precondition(lambda self: self.standing == "renewed")
    @rule(is_heard_late=st.booleans())
    def cancel(self, is_heard_late: bool) -> None:
        """What is heard late comes after the next period was begun."""
        self.ends_at = max(self.subscription()["period_end"], self.stage.clock.now)
        cancelled = self.told("account_cancelled", expires_at=format_instant(self.ends_at))
        if is_heard_late and self.ends_at > self.stage.clock.now:
            self.stage.clock.now = self.ends_at + timedelta(minutes=1)
            self.sweep()
        if self.standing == "renewed":
            self.standing = "cancelled"
            self.hear(cancelled)

    @precondition(lambda self: self.standing == "cancelled")
    @rule()
    def resume(self) -> None:
        self.standing, self.ends_at = "renewed", None
        self.tell("cancellation_undone")
        self.sweep()

    @precondition(lambda self: self.heard)
    @rule(choice=st.randoms(use_true_random=False))
    def hear_again(self, choice: Any) -> None:
        """A fact comes once more."""
        self.stage.deliver(choice.choice(self.heard))
        self.sweep()

    # --- how it is told ---------------------------------------------------------------------------------------------------------------

    def told(self, name: str, **data: Any) -> Envelope:
        self.stage.clock.advance(seconds=1)
        return self.stage.told(name, self.account_id, **data)

    def tell(self, name: str, **data: Any) -> None:
        self.hear(self.told(name, **data))

    def hear(self, envelope: Envelope) -> None:
        self.heard.append(envelope)
        self.stage.deliver(envelope)
        self.settle()

    def sweep(self) -> None:
        """Everything that is due is done; accounts expires what was cancelled in its time, and what is exhausted."""
        self.stage.service.renew_due_subscriptions()
        self.settle()
        for _ in range(2):
            self.stage.service.collect_what_is_overdue()
            self.settle()
            self.stage.clock.advance(minutes=2)
            self.stage.service.ask_about_payments()
            self.settle()
        if self.standing == "cancelled" and self.ends_at is not None and self.ends_at <= self.stage.clock.now:
            self.standing = "ended"
            self.tell("account_expired", expired_at=format_instant(self.ends_at))
        told = self.stage.emitted("dunning_step")
        if self.standing != "ended" and any(each["outcome"] == "exhausted" for each in told[self.facts :]):
            self.standing = "ended"
            self.tell("account_expired", expired_at=format_instant(self.stage.clock.now))

    def settle(self) -> None:
        """What a provider leaves open comes again, and is asked about."""
        while pending := self.stage.pending(("invoice_issued", "credit_note_issued", "billing_profile_added")):
            for envelope in pending:
                try:
                    self.stage.deliver(envelope)
                except errors.ProviderUnavailable:
                    self.stage.deliver(envelope)

    # --- what is seen -----------------------------------------------------------------------------------------------------------------

    def subscription(self) -> dict[str, Any]:
        [row] = self.stage.database.query("SELECT * FROM subscriptions WHERE account_id = %s", self.account_id)
        return row

    def invoices(self) -> list[dict[str, Any]]:
        return self.stage.database.query(INVOICES, self.account_id)

    @invariant()
    def every_invoice_is_paid_taken_back_or_overdue(self) -> None:
        for row in self.invoices():
            is_paid, is_back = row["card_minor"] is not None, row["note_id"] is not None
            is_overdue = row["state"] in ("retrying", "suspended")
            assert not row["is_pending"]
            assert is_overdue == (not is_paid and not is_back), row
            assert row["total_minor"] == PRICE == (row["prepaid_minor"] + row["card_minor"] if is_paid else PRICE)

    @invariant()
    def cards_paid_what_was_not_given_back(self) -> None:
        keys = "SELECT p.id FROM payments AS p JOIN invoices AS i ON i.id = p.invoice_id WHERE i.account_id = %s"
        charged = self.stage.database.query(
            f"SELECT coalesce(sum(amount_minor), 0) AS minor, count(*) AS charges, count(DISTINCT idempotency_key) AS keys"
            f" FROM test_provider_charges WHERE idempotency_key IN ({keys})",
            self.account_id,
        )[0]
        assert charged["charges"] == charged["keys"]
        assert charged["minor"] == sum(row["card_minor"] or 0 for row in self.invoices())
        notes = "SELECT n.id FROM credit_notes AS n JOIN invoices AS i ON i.id = n.invoice_id WHERE i.account_id = %s"
        [back] = self.stage.database.query(
            f"SELECT coalesce(sum(amount_minor), 0) AS minor FROM refunds WHERE credit_note_id IN ({notes})", self.account_id
        )
        assert back["minor"] == sum(row["returned_minor"] or 0 for row in self.invoices())

    @invariant()
    def periods_follow_one_another_from_the_purchase_on(self) -> None:
        if not self.account_id:
            return
        given_up = [row for row in self.invoices() if row["state"] == "exhausted"]
        held = [row for row in self.invoices() if row["note_id"] is None or row in given_up]
        ends = [self.opened_at.replace(microsecond=0)] + [
            renewal(self.opened_at, frequency=Frequency.MONTHLY, time_zone="Europe/Paris", count=count) for count in range(1, len(held) + 1)
        ]
        if self.standing != "ended":  # what is over may have had more taken back with it
            assert [(row["period_start"], row["period_end"]) for row in held] == list(itertools.pairwise(ends))
            assert self.subscription()["period_end"] == ends[-1]
        if self.standing == "renewed":
            assert ends[-1] > self.stage.clock.now - DAY

    @invariant()
    def what_is_overdue_is_where_the_schedule_says(self) -> None:
        for row in self.invoices():
            if row["ended_at"] is None and row["began_at"] is not None:
                age = (self.stage.clock.now - row["began_at"]) / DAY
                reached = sum(age - 0.1 >= days for days in (1, 3, 5, 7))
                assert row["step"] >= reached, (row, age)
                assert age < 21.1
                assert (row["state"] == "suspended") == (row["step"] == 4)

    @invariant()
    def it_stands_as_it_was_told_last(self) -> None:
        if self.account_id:
            assert self.subscription()["standing"] == self.standing

    @invariant()
    def facts_are_counted_without_a_gap(self) -> None:
        told = self.stage.emitted("dunning_step")[self.facts :]
        assert [each["sequence"] for each in told] == list(range(1, len(told) + 1))
        [gap] = self.stage.database.query("SELECT max(right(number, 6)::int) - count(*) AS gap FROM invoices")
        assert not gap["gap"]


def live(stage: Stage, *, examples: int, steps: int) -> None:
    class Machine(Account):
        def __init__(self) -> None:
            super().__init__(stage)

    patient = settings(
        max_examples=examples,
        stateful_step_count=steps,
        deadline=None,
        phases=[Phase.generate],  # to shrink a failure on a real database would take minutes
        suppress_health_check=[HealthCheck.too_slow],
    )
    run_state_machine_as_test(Machine, settings=patient)


def test_an_account_owes_what_it_has_once_and_every_refusal_runs_its_course(stage: Stage) -> None:
    """R0.35, R0.59, R0.104."""
    live(stage, examples=3, steps=10)


@pytest.mark.slow
def test_many_accounts_owe_what_they_have_once(stage: Stage) -> None:
    live(stage, examples=60, steps=30)
