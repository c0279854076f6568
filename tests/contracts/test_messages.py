"""Claims about events between their producers and their readers, and about the checks that hold them."""

import json
from pathlib import Path
from typing import Any

import pytest

from chassis.events import Fact
from chassis.schemas import Reading, fields
from tests.architecture.tree import ROOT, hold

from .golden import examples
from .messages import MESSAGES, unmatched, unread, untold
from .surface import Subscription, facts, subscriptions

GOLDEN = examples(ROOT / MESSAGES)


def test_every_event_has_one_example_and_every_example_an_event() -> None:
    hold(unmatched(facts(), GOLDEN))


def test_every_producer_sends_exactly_its_example() -> None:
    hold(untold(facts(), GOLDEN))


def test_every_reader_reads_what_the_producer_may_send() -> None:
    hold(unread(subscriptions(), facts(), GOLDEN))


# --- the checks, on a small example -----------------------------------------------------------------------------------------------------


class TreePlanted(Fact):
    source = "garden"
    tree_id = fields.Id("tre", required=True)
    height_cm = fields.Minor(required=True, allow_none=True)
    species = fields.String()


class TreeRead(Reading):
    height_cm = fields.Minor(required=True, allow_none=True)


FACTS = {"garden/tree_planted.v1": TreePlanted}
DATA = {"tree_id": "tre_01KAMV7Q9ZC4S2T1X8RJ5N6B3D", "height_cm": 120, "species": "Malus domestica"}
EXAMPLE = {
    "specversion": "1.0",
    "id": "evt_01KAMV7Q9ZC4S2T1X8RJ5N6B3D",
    "source": "comptoir/garden",
    "type": "comptoir.garden.tree_planted.v1",
    "subject": DATA["tree_id"],
    "time": "2026-01-31T10:00:00Z",
    "datacontenttype": "application/json",
    "agency_id": None,
    "correlation_id": "req_1",
    "causation_id": None,
    "data": DATA,
}


def reader(event: str = "tree_planted", **reads: fields.Field[Any]) -> Subscription:
    return Subscription(reader="kitchen", source="garden", event=event, reads=TreeRead.from_dict(reads, name="Read")())


def planted(**changes: object) -> dict[str, dict[str, Any]]:
    """The example, its data changed."""
    return {"garden/tree_planted.v1": {**EXAMPLE, "data": {**DATA, **changes}}}


def test_the_small_example_is_right(tmp_path: Path) -> None:
    (tmp_path / "garden").mkdir()
    (tmp_path / "garden" / "tree_planted.v1.json").write_text(json.dumps(EXAMPLE))
    golden = examples(tmp_path)
    assert unmatched(FACTS, golden) + untold(FACTS, golden) + unread([reader(), reader("*")], FACTS, golden) == []


def test_an_event_without_an_example_and_an_example_without_an_event_are_named() -> None:
    missing, orphan = unmatched(FACTS, {"garden/tree_felled.v1": EXAMPLE})[::-1]
    assert missing.startswith("tests/contracts/messages/garden/tree_planted.v1.json is missing")
    assert orphan.startswith("tests/contracts/messages/garden/tree_felled.v1.json is an example of no event")


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"colour": "green"}, "Unknown field"),
        ({"height_cm": "tall"}, "Not a valid integer"),
    ],
)
def test_what_the_producer_would_not_say_is_named_and_told_of_versions(changes: dict[str, object], said: str) -> None:
    [sentence] = untold(FACTS, planted(**changes))
    assert "tree_planted.v1.json: TreePlanted does not say this any more" in sentence
    assert said in sentence
    assert sentence.endswith("anything else is a new version, published beside the old one.")


def test_an_example_must_show_optional_fields_too() -> None:
    data = {name: value for name, value in DATA.items() if name != "species"}
    [sentence] = untold(FACTS, {"garden/tree_planted.v1": {**EXAMPLE, "data": data}})
    assert "`data.species` is missing" in sentence


def test_another_envelope_is_named_by_its_members() -> None:
    [sentence] = untold(FACTS, {"garden/tree_planted.v1": {**EXAMPLE, "source": "comptoir/orchard"}})
    assert "`source` is 'comptoir/orchard', and TreePlanted sends 'comptoir/garden'" in sentence


def test_an_event_on_the_exchange_of_another_service_is_named() -> None:
    [sentence] = untold({"orchard/tree_planted.v1": TreePlanted}, {"orchard/tree_planted.v1": EXAMPLE})
    assert "TreePlanted is sent as comptoir.garden.tree_planted.v1: a service publishes on its own exchange" in sentence


def test_a_subscription_to_what_nobody_publishes_is_named() -> None:
    [sentence] = unread([reader("tree_felled")], FACTS, planted())
    assert sentence.startswith(
        "kitchen subscribes to garden.tree_felled, which nobody publishes: what garden publishes is in its events.py."
    )


def test_a_signal_from_outside_the_platform_is_published_by_nobody_here() -> None:
    assert unread([Subscription(reader="kitchen", source="hosting", event="abuse_reported")], FACTS, planted()) == []


@pytest.mark.parametrize(
    ("reads", "said"),
    [
        ({"weight_kg": fields.Minor(required=True)}, "Missing data for required field"),
        ({"height_cm": fields.String(required=True)}, "Not a valid string"),
        ({"height_cm": fields.Minor(required=True)}, "Field may not be null"),  # the producer may say null, though its example does not
        ({"species": fields.String(required=True)}, "Missing data for required field"),  # it is optional: older messages do not have it
    ],
)
@pytest.mark.parametrize("event", ["tree_planted", "*"])
def test_a_reader_that_cannot_read_what_may_come_is_named(event: str, reads: dict[str, fields.Field[Any]], said: str) -> None:
    sentence = unread([reader(event, **reads)], FACTS, planted())[0]
    assert sentence.startswith("garden.tree_planted does not hold what the door of kitchen reads")
    assert said in sentence


def test_a_field_that_is_read_and_never_told_is_named() -> None:
    [sentence] = unread([reader(weight_kg=fields.Minor(load_default=None))], FACTS, planted())
    assert sentence.startswith("kitchen reads `weight_kg` of garden.tree_planted, which TreePlanted does not tell: it is never there.")
