"""Claims about methods and their examples, and about the checks that hold them."""

from typing import Any

import pytest

from chassis.doors import CallDoor
from chassis.errors import Refusal
from chassis.schemas import Schema, fields
from tests.architecture.tree import ROOT, hold

from .golden import examples
from .rpc import RPC, StandIn, unmatched, untrue
from .surface import methods, refusals

GOLDEN = examples(ROOT / RPC)


def test_every_method_has_one_example_and_every_example_a_method() -> None:
    hold(unmatched(methods(), GOLDEN))


def test_every_door_takes_answers_and_refuses_like_its_example() -> None:
    hold(untrue(methods(), GOLDEN, refusals()))


# --- the checks, on a small example -----------------------------------------------------------------------------------------------------


class TreeReference(Schema):
    tree_id = fields.Id("tre", required=True)
    unit = fields.String(load_default="cm")


class Fruit(Schema):
    weight = fields.Minor()
    picked_at = fields.Instant(allow_none=True)


class Tree(Schema):
    id = fields.Id("tre")
    fruits = fields.List(fields.Nested(Fruit))


class TreeNotFound(Refusal):
    kind = "not_found"
    code = "tree_not_found"
    message = "There is no tree {tree_id}."


class TreeNotFoundByName(Refusal):
    kind = "not_found"
    code = "tree_not_found"
    message = "There is no tree {name}."


METHODS = {"garden/tree": CallDoor(is_command=False, request=TreeReference, answer=Tree)}
TREE_ID = "tre_01KAMV7Q9ZC4S2T1X8RJ5N6B3D"
REFUSAL = {"kind": "not_found", "code": "tree_not_found", "message": f"There is no tree {TREE_ID}.", "details": {"tree_id": TREE_ID}}
EXAMPLE = {
    "request": {"tree_id": TREE_ID, "unit": "cm"},
    "answer": {"id": TREE_ID, "fruits": [{"weight": 120, "picked_at": "2026-01-31T10:00:00Z"}]},
    "refusal": REFUSAL,
}
REFUSALS = [TreeNotFoundByName, TreeNotFound]


def changed(**members: object) -> list[str]:
    return untrue(METHODS, {"garden/tree": {**EXAMPLE, **members}}, REFUSALS)


def test_the_small_example_is_right() -> None:
    assert unmatched(METHODS, {"garden/tree": EXAMPLE}) + changed() + changed(refusal=None) == []


def test_a_method_without_an_example_and_an_example_without_a_method_are_named() -> None:
    orphan, missing = unmatched(METHODS, {"garden/bush": EXAMPLE})
    assert orphan.startswith("tests/contracts/rpc/garden/bush.json is an example of no method")
    assert missing.startswith("tests/contracts/rpc/garden/tree.json is missing")


@pytest.mark.parametrize(
    ("member", "value", "said"),
    [
        ("request", {"tree_id": TREE_ID}, "request.unit is missing"),
        ("request", {"tree_id": "acc_1", "unit": "cm"}, "the door refuses the request (tree_id: Not an id of this kind"),
        ("answer", None, "answer is no object"),
        ("answer", {"id": TREE_ID}, "answer.fruits is missing"),
        ("answer", {"id": TREE_ID, "fruits": [], "height": 1}, "answer.height is not in Tree"),
        ("answer", {"id": None, "fruits": []}, "answer.id is null, which its field does not say"),
        ("answer", {"id": TREE_ID, "fruits": [{"weight": "1", "picked_at": None}]}, "answer.fruits.0.weight is '1'"),
        (
            "answer",
            {"id": TREE_ID, "fruits": [{"weight": 1, "picked_at": "2026-01-31T11:00:00+01:00"}]},
            "answer.fruits.0.picked_at is '2026-01-31T11:00:00+01:00', which would be dumped as '2026-01-31T10:00:00Z'",
        ),
        ("refusal", {**REFUSAL, "kind": "gone"}, "no errors.py has a refusal that says"),
        ("refusal", {**REFUSAL, "code": "bush_not_found"}, "no errors.py has a refusal that says"),
        ("reply", {}, "an example has the members request, answer and refusal"),
    ],
)
def test_what_the_door_would_not_do_is_named(member: str, value: Any, said: str) -> None:
    [sentence] = changed(**{member: value})
    assert sentence.startswith("tests/contracts/rpc/garden/tree.json: ")
    assert said in sentence


def stand_in() -> StandIn:
    return StandIn(caller="kitchen", methods=METHODS, golden={"garden/tree": EXAMPLE})


def test_a_right_call_is_answered_by_the_example() -> None:
    garden = stand_in()
    assert garden.call("garden", "tree", {"tree_id": TREE_ID}, timeout_seconds=1, is_read=True) == EXAMPLE["answer"]
    assert (garden.asked, garden.wrong) == (["garden/tree"], [])


@pytest.mark.parametrize(
    ("payload", "is_read", "said"),
    [
        ({"tree": TREE_ID}, True, "which its door refuses: tree_id: Missing data for required field. (and 1 more)"),
        ({"tree_id": TREE_ID}, False, "kitchen calls garden.tree, which is a query: call it as a read, it may be sent again."),
    ],
)
def test_a_wrong_call_is_named(payload: dict[str, str], is_read: bool, said: str) -> None:
    garden = stand_in()
    garden.call("garden", "tree", payload, timeout_seconds=1, is_read=is_read)
    [sentence] = garden.wrong
    assert said in sentence


def test_a_call_of_a_method_that_does_not_exist_is_named() -> None:
    garden = stand_in()
    with pytest.raises(Refusal):
        garden.call("garden", "bush", {}, timeout_seconds=1)
    assert garden.wrong == ["kitchen calls garden.bush, which has no door: the methods of garden are in its service.py."]


def test_an_answer_comes_with_every_null_that_its_schema_allows() -> None:
    picked = [answer["fruits"][0]["picked_at"] for answer in stand_in().answer_variants("garden/tree")]
    assert set(picked) == {"2026-01-31T10:00:00Z", None}
