"""The rules of dunning: one table, taken step by step."""

from dataclasses import replace
from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st

from billing.domain.dunning import SCHEDULE, Deed, Dunning, DunningOutcome, DunningState, deed, reached

from .factories import NOON

LAST_TRY = 4
DAY = timedelta(days=1)


def test_it_is_tried_after_one_three_five_and_seven_days_and_given_up_after_twenty_one() -> None:
    assert [(step.after.days, step.outcome.value) for step in SCHEDULE] == [
        (0, "retry"),
        (1, "retry"),
        (3, "retry"),
        (5, "retry"),
        (7, "suspended"),
        (21, "exhausted"),
    ]


def test_each_refusal_at_its_time_is_one_step_and_the_last_try_suspends() -> None:
    dunning, states = Dunning(began_at=NOON), []
    while dunning.coming.outcome is not DunningOutcome.EXHAUSTED:
        assert (deed(dunning), dunning.next_attempt_at) == (Deed.TRY, dunning.due_at)
        dunning = reached(dunning, at=dunning.due_at)
        states.append(dunning.state)
    assert states == [DunningState.RETRYING] * 3 + [DunningState.SUSPENDED]
    assert (deed(dunning), dunning.due_at, dunning.next_attempt_at) == (Deed.GIVE_UP, NOON + 21 * DAY, None)
    assert reached(dunning, at=NOON + 30 * DAY) == dunning


def test_a_card_that_will_not_pay_later_either_is_not_asked_again_but_the_steps_are_taken() -> None:
    dunning = Dunning(began_at=NOON, is_hard=True)
    assert (deed(dunning), dunning.due_at, dunning.next_attempt_at) == (Deed.TELL, NOON + DAY, None)
    assert deed(replace(dunning, step=LAST_TRY)) is Deed.GIVE_UP


@given(step=st.integers(0, LAST_TRY), is_hard=st.booleans(), hours=st.integers(0, 600))
def test_what_somebody_did_about_it_is_tried_at_once_and_changes_no_step_before_its_time(step: int, is_hard: bool, hours: int) -> None:
    at = NOON + timedelta(hours=hours)
    dunning = Dunning(began_at=NOON, step=step, is_hard=is_hard, wanted_at=at)
    assert deed(dunning) is Deed.TRY
    assert dunning.due_at == dunning.next_attempt_at == min(at, dunning.coming_at)
    after = reached(replace(dunning, wanted_at=None), at=at)
    assert after.step == step + (step < LAST_TRY and at >= dunning.coming_at)
