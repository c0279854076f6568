"""Facts are checked where they are made; events are read by what their reader declares."""

from datetime import UTC, datetime
from typing import Any

import pytest

from chassis import context as contexts
from chassis.errors import InternalError, Refused
from chassis.events import Fact, UnreadableEvent, decode, read
from chassis.ids import new_id
from chassis.messages import dumps
from chassis.schemas import Reading, fields


class AccountUpgraded(Fact):
    """An account moved up."""

    source = "accounts"
    account_id = fields.Id("acc", required=True)
    at = fields.Instant()
    plan_name = fields.String(data_key="name")


class SMSSentV2(Fact):
    """Of a second version, told beside the first."""

    source = "credits"
    version = 2


class Upgrade(Reading):
    account_id = fields.Id("acc", required=True)


def upgraded(**data: Any) -> AccountUpgraded:
    return AccountUpgraded(subject="acc", agency_id=None, **data)


def test_the_name_of_a_fact_is_its_class_in_snake_case() -> None:
    assert (AccountUpgraded.name, AccountUpgraded.source) == ("account_upgraded", "accounts")
    assert SMSSentV2.name == "smssent_v2"


def test_a_fact_is_checked_when_it_is_made() -> None:
    """Trap: a producer's slip becomes a poison in every consumer."""
    for wrong in (
        {},
        {"account_id": "acc_1"},
        {"account_id": new_id("acc"), "wat": 1},
        {"account_id": new_id("acc"), "at": "soon"},
        {"account_id": new_id("acc"), "at": datetime(2026, 1, 31)},  # noqa: DTZ001  that is the claim
    ):
        with pytest.raises(ValueError, match=r"AccountUpgraded|offset"):
            upgraded(**wrong)


def test_names_that_every_fact_has_are_taken() -> None:
    with pytest.raises(TypeError, match="no field of a fact is called name"):
        type("Named", (Fact,), {"source": "accounts", "name": fields.String()})


def test_the_envelope_is_a_cloud_event() -> None:
    identity = new_id("acc")
    fact = AccountUpgraded(subject=identity, agency_id="agy_1", account_id=identity, at=datetime(2026, 1, 31, tzinfo=UTC), plan_name="Plus")
    context = contexts.new_context(causation_id="evt_0")
    envelope = fact.envelope(now=datetime(2026, 2, 1, tzinfo=UTC), context=context)
    assert envelope.pop("id").startswith("evt_")
    assert envelope == {
        "specversion": "1.0",
        "source": "comptoir/accounts",
        "type": "comptoir.accounts.account_upgraded.v1",
        "subject": identity,
        "time": "2026-02-01T00:00:00Z",
        "datacontenttype": "application/json",
        "agency_id": "agy_1",
        "correlation_id": context.request_id,
        "causation_id": "evt_0",
        "data": {"account_id": identity, "at": "2026-01-31T00:00:00Z", "name": "Plus"},
    }
    told = SMSSentV2(subject="x", agency_id=None).envelope(now=datetime(2026, 2, 1, tzinfo=UTC), context=context)
    assert told["type"] == "comptoir.credits.smssent_v2.v2"


def test_a_reader_gets_what_it_declares_and_may_look_at_the_rest() -> None:
    identity = new_id("acc")
    envelope = upgraded(account_id=identity, plan_name="Plus").envelope(
        now=datetime(2026, 2, 1, tzinfo=UTC), context=contexts.new_context()
    )
    raw, loaded = decode(dumps(envelope), content_type="application/json")
    event = read(raw, loaded, source="accounts", name="account_upgraded", reads=Upgrade(), handler="on_it")
    assert event.data == {"account_id": identity}
    assert event.envelope["data"]["name"] == "Plus"
    assert event.time == datetime(2026, 2, 1, tzinfo=UTC)
    whole = read(raw, loaded, source="accounts", name="account_upgraded", reads=None, handler="on_it")
    assert whole.data == {"account_id": identity, "name": "Plus"}


@pytest.mark.parametrize(
    ("body", "content_type", "reason"),
    [
        ("{}", "text/plain", "content type 'text/plain'"),
        ("{}", None, "content type None"),
        ("{", "application/json", "no JSON: "),
        (b"\xff", "application/json", "no JSON: "),
        ("[" * 100_000, "application/json", "no JSON: "),
        ("[]", "application/json", "no JSON object"),
        ("{}", "application/json", "no event envelope"),
    ],
)
def test_what_is_no_event_is_said_to_be_none(body: str | bytes, content_type: str | None, reason: str) -> None:
    with pytest.raises(UnreadableEvent, match=reason):
        decode(body, content_type=content_type)


def test_data_that_a_handler_cannot_read_is_named() -> None:
    raw, loaded = decode(
        dumps({"id": "e", "type": "t", "subject": "s", "time": "2026-01-31T00:00:00Z", "data": {}}), content_type="application/json"
    )
    with pytest.raises(UnreadableEvent, match=r"accounts.account_upgraded does not hold what on_it reads: .*account_id"):
        read(raw, loaded, source="accounts", name="account_upgraded", reads=Upgrade(), handler="on_it")


# Refusals cross the bus


def test_a_refusal_comes_back_as_it_went() -> None:
    refusal = Refused(kind="conflict", code="name_taken", message="Taken {by} somebody.", details={"name": "acme", "field": "name"})
    assert refusal.field == "name"
    assert refusal.details == {"name": "acme"}
    again = Refused.from_wire(refusal.to_wire())
    assert again.to_wire() == refusal.to_wire()
    assert again.text == "Taken {by} somebody."


@pytest.mark.parametrize(
    ("error", "kind", "text"),
    [
        ({}, "internal", "The service failed without saying why."),
        ({"exc_type": "ValueError", "value": "out of luck"}, "internal", "out of luck"),
        ({"kind": "strange", "message": "m", "details": [1]}, "internal", "m"),
        (InternalError().to_wire(), "internal", "Something failed on our side. The request id finds it in our logs."),
    ],
)
def test_what_a_stranger_leaves_out_is_filled_in(error: dict[str, Any], kind: str, text: str) -> None:
    refusal = Refused.from_wire(error)
    assert (refusal.kind, refusal.text) == (kind, text)
