"""What is asked is checked to the last field; what is told is read tolerantly; and nothing gets in that cannot be stored."""

import json
from datetime import UTC, datetime, timedelta, timezone
from types import SimpleNamespace
from typing import Any

import marshmallow
import pytest
from hypothesis import given
from hypothesis import strategies as st
from marshmallow import ValidationError

from chassis.errors import InvalidRequest
from chassis.fields import LARGEST_MINOR, format_instant, is_storable
from chassis.ids import is_id, new_id
from chassis.money import Money
from chassis.schemas import Reading, Schema, fields, load, problems


class Line(Schema):
    units = fields.Integer(required=True, strict=True)


class Request(Schema):
    account_id = fields.Id("acc")
    name = fields.Str()
    units = fields.Minor()
    price = fields.MoneyField()
    at = fields.Instant()
    lines = fields.List(fields.Nested(Line))


class Read(Reading):
    name = fields.String(required=True)


def at_fault(payload: object) -> dict[str, str]:
    with pytest.raises(InvalidRequest) as refusal:
        load(Request(), payload)
    return {error["field"]: error["code"] for error in refusal.value.details["errors"]}


def test_every_field_at_fault_is_named() -> None:
    assert at_fault({"wat": 1, "units": 1.5, "lines": [{"units": 1}, {"units": "x"}, {}]}) == {
        "wat": "unknown_field",
        "units": "invalid",
        "lines.1.units": "invalid",
        "lines.2.units": "required",
    }
    assert at_fault([1]) == {"_schema": "invalid"}
    assert at_fault(None) == {"_schema": "invalid"}


def test_who_names_an_unknown_field_is_told_which_there_are() -> None:
    with pytest.raises(InvalidRequest) as refusal:
        load(Request(), {"wat": 1})
    assert refusal.value.text == "wat: Unknown field: possible are account_id, name, units, price, at, lines."
    with pytest.raises(InvalidRequest) as refusal:
        load(Schema(), {"wat": 1})
    assert refusal.value.text == "wat: Unknown field: there are none here."


def test_the_sentence_names_the_first_fault_and_counts_the_others() -> None:
    with pytest.raises(InvalidRequest) as refusal:
        load(Request(), {"name": 5})
    assert refusal.value.text == "name: Not a valid string."
    with pytest.raises(InvalidRequest) as refusal:
        load(Request(), {"name": 5, "wat": 1})
    assert refusal.value.text == "name: Not a valid string. (and 1 more)"


def test_problems_of_the_whole_are_told_as_such() -> None:
    assert list(problems({"_schema": ["Nothing fits."]})) == [{"field": "_schema", "code": "invalid", "message": "Nothing fits."}]
    assert list(problems({"lines": {"_schema": ["Too many."]}})) == [{"field": "lines", "code": "invalid", "message": "Too many."}]
    assert list(problems("No.")) == [{"field": "_schema", "code": "invalid", "message": "No."}]


def test_readers_ignore_what_they_do_not_read() -> None:
    assert Read().load({"name": "a", "new": 1}) == {"name": "a"}


def test_ids_are_of_their_kind() -> None:
    identity = new_id("acc")
    assert load(Request(), {"account_id": identity}) == {"account_id": identity}
    for wrong in (new_id("inv"), "acc_1", identity.lower(), identity + "0", identity + "\n", 5):
        assert at_fault({"account_id": wrong}) == {"account_id": "invalid"}
    assert not is_id(5, "acc")
    assert not is_id(identity, "ac")


@given(st.text())
def test_text_is_what_utf_8_and_postgresql_can_hold(text: str) -> None:
    can = "\0" not in text and not any("\ud800" <= character <= "\udfff" for character in text)
    assert is_storable(text) == can
    sent = json.loads(json.dumps({"name": text}))
    if can:
        assert load(Request(), sent) == {"name": text}
    else:
        assert at_fault(sent) == {"name": "invalid"}


@pytest.mark.parametrize("text", ["\0", "a\0b", "\ud800", "\udfff!"])
def test_text_that_cannot_be_stored_is_refused(text: str) -> None:
    assert at_fault({"name": text}) == {"name": "invalid"}


@given(st.integers())
def test_amounts_are_integers_that_every_reader_counts_exactly(amount: int) -> None:
    if abs(amount) <= LARGEST_MINOR:
        assert load(Request(), {"units": amount}) == {"units": amount}
    else:
        assert at_fault({"units": amount}) == {"units": "invalid"}


@pytest.mark.parametrize("amount", [1.0, "1", True, 2**53 + 1])
def test_nothing_else_is_an_amount(amount: object) -> None:
    assert at_fault({"units": amount}) == {"units": "invalid"}
    assert at_fault({"price": {"amount": amount, "currency": "EUR"}}) == {"price": "invalid"}


@given(st.integers(-LARGEST_MINOR, LARGEST_MINOR), st.sampled_from(["EUR", "USD", "CHF"]))
def test_money_comes_back_as_it_went(amount: int, currency: str) -> None:
    money = Money(amount_minor=amount, currency=currency)
    dumped = Request().dump({"price": money})
    assert dumped == {"price": {"amount": amount, "currency": currency}}
    assert load(Request(), dumped) == {"price": money}


@pytest.mark.parametrize(
    "price",
    [4900, {"amount": 1}, {"amount": 1, "currency": "EUR", "more": 1}]
    + [{"amount": 1, "currency": currency} for currency in ("eur", "EURO", "E1R", "ÄÖÜ", "EUR\n", 5)],
)
def test_nothing_else_is_money(price: object) -> None:
    assert at_fault({"price": price}) == {"price": "invalid"}


@given(st.datetimes(timezones=st.timezones()))
def test_moments_come_back_as_they_went(moment: datetime) -> None:
    try:
        expected = moment.astimezone(UTC)
    except OverflowError:
        assert at_fault({"at": moment.isoformat()}) == {"at": "invalid"}
        return
    dumped = Request().dump({"at": moment})
    assert dumped["at"].endswith("Z")
    assert load(Request(), dumped) == {"at": expected}


@pytest.mark.parametrize(
    "moment", ["", "soon", "2026-01-31", "2026-01-31T10:00:00", 5, "2026-02-30T00:00:00Z", "0001-01-01T00:00:00+14:00"]
)
def test_nothing_else_is_a_moment(moment: object) -> None:
    assert at_fault({"at": moment}) == {"at": "invalid"}


def test_moments_are_written_in_utc_with_microseconds_only_where_there_are_any() -> None:
    paris = timezone(timedelta(hours=1))
    assert format_instant(datetime(2026, 1, 31, 11, tzinfo=paris)) == "2026-01-31T10:00:00Z"
    assert format_instant(datetime(2026, 1, 31, 11, 0, 0, 5, tzinfo=paris)) == "2026-01-31T10:00:00.000005Z"
    with pytest.raises(ValueError, match="does not know its offset"):
        format_instant(datetime(2026, 1, 31))  # noqa: DTZ001  that is the claim


def test_nothing_is_dumped_as_nothing() -> None:
    assert Request().dump({"at": None, "price": None, "name": None}) == {"name": None, "price": None, "at": None}


@pytest.mark.parametrize("value", [True, False])
def test_true_and_false_come_as_they_are(value: bool) -> None:
    assert fields.Boolean().deserialize(value) is value


@pytest.mark.parametrize("value", [0, 1, "true", "yes", "off", "", [], {}])
def test_nothing_else_is_true_or_false(value: object) -> None:
    with pytest.raises(ValidationError):
        fields.Boolean().deserialize(value)


def test_stock_fields_are_there_too() -> None:
    class Wide(Schema):
        email = fields.Email()
        tags = fields.List(fields.String(), load_default=list)

    loaded: dict[str, Any] = Wide().load({"email": "a@example.com"})
    assert loaded == {"email": "a@example.com", "tags": []}
    with pytest.raises(ValidationError):
        Wide().load({"tags": ["\0"]})


class Told(Schema):
    """Every kind of field that is told as it was read, beside others."""

    account_id = fields.Id("acc", data_key="account")
    name = fields.String()
    count = fields.Integer()
    written = fields.Integer(as_string=True)
    units = fields.Minor(attribute="minor")
    is_it = fields.Boolean()
    at = fields.Instant()
    line = fields.Nested(Line)
    lines = fields.List(fields.Nested(Line), dump_default=list)
    shout = fields.Function(lambda told: str(told)[:5])
    kept = fields.String(load_only=True)


class Row(SimpleNamespace):
    """Reads as rows of the database do."""

    def _asdict(self) -> dict[str, Any]:
        return dict(vars(self))


VALUES = st.none() | st.text() | st.integers() | st.booleans() | st.floats(allow_nan=False) | st.datetimes(timezones=st.just(UTC))
NAMES = ("account_id", "name", "count", "written", "minor", "is_it", "at", "line", "kept")


def _dumped(told: marshmallow.Schema, read: object, by: type[marshmallow.Schema]) -> Any:
    try:
        return list(by._serialize(told, read).items())
    except (AttributeError, TypeError, ValueError, OverflowError) as error:
        return type(error), str(error)


@given(st.fixed_dictionaries({}, optional=dict.fromkeys(NAMES, VALUES)))
def test_what_is_told_is_what_marshmallow_would_tell(members: dict[str, Any]) -> None:
    """In the same order, whether it is read from a dict, from an object, or from a row."""
    for read in (members, SimpleNamespace(**members), Row(**members)):
        assert _dumped(Told(), read, by=Schema) == _dumped(Told(), read, by=marshmallow.Schema)
    assert Told(many=True).dump([{"name": "a"}, {"name": None}]) == [Told().dump({"name": "a"}), Told().dump({"name": None})]
