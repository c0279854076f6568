"""What is passed at a glance is what marshmallow passes, told in the same words; all else is marshmallow's to judge."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone
from enum import StrEnum
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from marshmallow import ValidationError, validate, validates_schema

from chassis import fields
from chassis.events import Fact
from chassis.ids import new_id
from chassis.schemas import Schema


class Size(StrEnum):
    """Two sizes."""

    SMALL = "small"
    LARGE = "large"


class Box(Schema):
    size = fields.Enum(Size, by_value=True, required=True)


class Crate(Schema):
    """What has something to say about the whole of it."""

    count = fields.Integer()

    @validates_schema
    def not_two(self, data: Any, **_more: Any) -> None:
        if data.get("count") == 2:
            raise ValidationError("Never two.")


@dataclass(frozen=True)
class Packed:
    """What is dumped by its attributes."""

    size: Any


class Everything(Fact):
    """Every kind of field, as services declare them."""

    source = "toys"
    account_id = fields.Id("acc", required=True, allow_none=True)
    words = fields.String(required=True, data_key="text")
    minor = fields.Minor(required=True)
    count = fields.Integer(required=True, strict=True, allow_none=True)
    loose = fields.Integer(allow_none=True)
    few = fields.Integer(strict=True, validate=validate.Range(min=1, max=3), allow_none=True)
    is_it = fields.Boolean(required=True)
    at = fields.Instant(required=True, allow_none=True)
    size = fields.Enum(Size, by_value=True, required=True)
    box = fields.Nested(Box, allow_none=True)
    boxes = fields.List(fields.Nested(Box), required=True)
    maybe = fields.List(fields.Nested(Box, allow_none=True), allow_none=True)
    crates = fields.List(fields.Nested(Crate), allow_none=True)
    bare = fields.Nested(Box(only=()), allow_none=True)
    names = fields.List(fields.String(), allow_none=True)
    two = fields.List(fields.Integer(), validate=validate.Length(max=2), allow_none=True)
    rest = fields.Dict(allow_none=True)
    last = fields.String(dump_default="so")


PLAIN = {
    "account_id": new_id("acc"),
    "words": "Crédit · 2",
    "minor": 4900,
    "count": 3,
    "loose": None,
    "few": None,
    "is_it": False,
    "at": datetime(2028, 2, 29, 23, 59, 59, 5, tzinfo=UTC),
    "size": Size.LARGE,
    "box": {"size": Size.SMALL},
    "boxes": [{"size": Size.SMALL}, Packed(Size.LARGE)],
    "maybe": [Packed(Size.LARGE)],
    "crates": None,
    "bare": None,
    "names": ["Crédit", ""],
    "two": None,
    "rest": None,
    "last": "",
}
ODD = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(2**53) - 2, 2**53 + 2),
    st.sampled_from([2**53, 2**53 + 1, -(2**53) - 1, 10**30, 1.0, 2.5, float("nan"), b"bytes", [], {}, ["a"], [1], {"size": Size.SMALL}]),
    st.lists(
        st.sampled_from(
            [
                *({"size": Size.SMALL}, {"size": "small"}, {"size": None}, {"size": Size.LARGE, "more": 1}, {}, None, "a", 1),
                *(Packed(Size.SMALL), Packed("large"), Packed(None), {"count": 2}, {"count": 3}),
            ]
        ),
        max_size=3,
    ),
    st.tuples(st.sampled_from([{"size": Size.SMALL}, "a", 1])),
    st.builds(Packed, st.sampled_from([Size.SMALL, "small", None])),
    st.text("aé\x00\ud800 1", max_size=3),
    st.sampled_from(["\x00", "\ud800", "small", Size.SMALL, "1", "yes", "EUR", "2026-01-31T10:00:00Z", "acc_1"]),
    st.builds(new_id, st.sampled_from(["acc", "agy"])),
    st.datetimes(timezones=st.sampled_from([None, UTC, timezone(timedelta(hours=-7)), timezone(timedelta(0), "somewhere")])),
)


def outcome(make: Any) -> object:
    """What came of it: the data as it is told, or the refusal."""
    try:
        return make()
    except (ValueError, OverflowError) as refusal:
        return type(refusal), str(refusal)


def judged_by_marshmallow(data: Mapping[str, Any]) -> object:
    return outcome(lambda: Everything.checked(data))


def told(data: Mapping[str, Any]) -> object:
    return outcome(lambda: Everything(subject="toy", agency_id=None, **data).data)


@given(changes=st.dictionaries(st.sampled_from(sorted(PLAIN)), ODD, max_size=4), gone=st.sets(st.sampled_from(sorted(PLAIN)), max_size=2))
def test_a_fact_is_told_or_refused_as_marshmallow_alone_would(changes: dict[str, Any], gone: set[str]) -> None:
    """Trap: a quicker way past the validation lets something pass that no consumer can read."""
    data = {name: value for name, value in (PLAIN | changes).items() if name not in gone}
    assert repr(told(data)) == repr(judged_by_marshmallow(data))


@pytest.mark.parametrize("name", sorted(PLAIN))
def test_one_odd_value_is_judged_by_marshmallow(name: str) -> None:
    @given(value=ODD)
    def judge(value: Any) -> None:
        assert repr(told(PLAIN | {name: value})) == repr(judged_by_marshmallow(PLAIN | {name: value}))

    judge()


def test_what_is_plain_is_passed_at_a_glance() -> None:
    class Plain(Fact):
        source = "toys"
        account_id, at, size = fields.Id("acc"), fields.Instant(), fields.Enum(Size, by_value=True)
        words, minor, is_it, box = fields.String(data_key="text"), fields.Minor(), fields.Boolean(), fields.Nested(Box, allow_none=True)

    data = {name: PLAIN[name] for name in Plain.schema.fields}
    assert Plain.glance.dumped(data) == Plain.checked(data)
    assert list(Plain.glance.dumped(data) or ()) == list(Plain.checked(data))  # in the same order
    for name in Plain.schema.fields:
        assert Plain.glance.dumped(data | {name: object()}) is None
    assert Plain.glance.dumped({}) is None
    assert Everything.glance.dumped(PLAIN) == Everything.checked(PLAIN)
    assert Everything.glance.dumped(PLAIN | {"boxes": (Packed("small"),)}) is None
    assert Everything.glance.dumped(PLAIN | {"crates": []}) == Everything.checked(PLAIN | {"crates": []})
    assert Everything.glance.dumped(PLAIN | {"crates": [{"count": 3}]}) is None
