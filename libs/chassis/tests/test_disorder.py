"""Events come more than once, late, and in any order: the state in the end is the same."""

import json
from typing import Any

import pytest

from chassis.testing import eventually

from .conftest import Stage

EVENTS = 12


@pytest.mark.parametrize("seed", range(5))
def test_each_event_one_to_five_times_in_any_order_ends_in_the_same_state(stage: Stage, seed: int) -> None:
    """Trap: everything on a bus is at least once, and two consumers of one queue overtake each other."""
    toy = stage.toy
    before = toy.metric("comptoir_events_handled_total", outcome="ok")

    def envelope(number: int) -> dict[str, Any]:
        return stage.bus.envelope("elsewhere", "happened", {"what": f"{seed}-{number}"}, event_id=f"evt_{seed}_{number}")

    sent = stage.bus.publish_disorderly([("elsewhere", "happened", envelope(number)) for number in range(EVENTS)], seed=seed)
    assert sent > EVENTS
    eventually(lambda: toy.metric("comptoir_events_handled_total", outcome="ok") == before + sent)
    mine = [what for what in stage.marks("on_happened") if what.startswith(f"{seed}-")]
    assert sorted(mine) == sorted(f"{seed}-{number}" for number in range(EVENTS))
    identities = [what for what in stage.marks("on_anything") if what.startswith(f"happened:evt_{seed}_")]
    assert len(identities) == EVENTS
    caused = [json.loads(row["body"])["causation_id"] for row in stage.database.query("SELECT body FROM outbox")]
    assert {caused.count(f"evt_{seed}_{number}") for number in range(EVENTS)} == {2}, "each handler told of it once"
