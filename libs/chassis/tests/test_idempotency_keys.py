"""A command has one effect and one answer per key."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from chassis import context as contexts
from chassis.errors import IdempotencyKeyReused, Refused, Unavailable
from chassis.idempotency import Answer, Call, calling
from chassis.testing import MovingClock, ServiceDatabase
from chassis.unit_of_work import UnitOfWork, Units

from .marks import Full, command, keys, leave, marks


def test_a_command_has_one_effect_and_one_answer_per_key(units: Units, database: ServiceDatabase) -> None:
    with command("k", what="a") as call:
        first = units.once(leave)
        assert units.stored_answer(call) == first
        assert units.once(leave) == first
        assert isinstance(units.once(leave), Answer)
    assert marks(database) == 1
    assert len(database.emitted()) == 1


def test_fifty_at_once_with_one_key_have_one_effect_and_one_answer(database: ServiceDatabase) -> None:
    """Trap: two requests look, both find nothing, both do it."""
    units = database.units(pool_size=20)

    def attempt(_number: int) -> Answer:
        with command("k", what="a"):
            return units.once(leave)

    with ThreadPoolExecutor(50) as pool:
        answers = list(pool.map(attempt, range(50)))
    assert all(answer == answers[0] for answer in answers)
    assert marks(database) == 1
    assert keys(database) == 1


def test_the_same_key_with_another_body_is_refused(units: Units, database: ServiceDatabase) -> None:
    with command("k", what="a"):
        units.once(leave)
    with command("k", what="b") as call:
        with pytest.raises(IdempotencyKeyReused):
            units.once(leave)
        with pytest.raises(IdempotencyKeyReused):
            units.stored_answer(call)
    assert marks(database) == 1


def test_the_order_of_the_members_does_not_make_another_body(units: Units) -> None:
    one = Call(method="mark", payload={"a": 1, "b": 2}, answer=None)
    other = Call(method="mark", payload={"b": 2, "a": 1}, answer=None)
    assert one.request_hash() == other.request_hash()
    assert one.request_hash() != Call(method="open", payload={"a": 1, "b": 2}, answer=None).request_hash()


def test_agencies_do_not_share_keys(units: Units, database: ServiceDatabase) -> None:
    """Trap: one agency's key gives it another agency's answer."""
    with command("k", agency_id="agy_1", what="a"):
        first = units.once(leave)
    with command("k", agency_id="agy_2", what="b"):
        assert units.once(leave) != first
    with command("k", agency_id=None, what="c"):
        units.once(leave)
    assert marks(database) == 3


def test_a_refusal_is_the_answer_of_its_key(units: Units, database: ServiceDatabase) -> None:
    """Trap: the same request is refused once and done the second time, while its sender has given up."""

    def refuse(uow: UnitOfWork) -> object:
        leave(uow)
        raise Full(since=uow.now)

    with command("k", what="a") as call:
        with pytest.raises(Full):
            units.once(refuse)
        with pytest.raises(Refused) as again:
            units.once(leave)
        with pytest.raises(Refused):
            units.stored_answer(call)
    assert (again.value.kind, again.value.code, again.value.field) == ("conflict", "full", "what")
    assert again.value.text == "It is full since 2026-03-31 09:30:00+00:00."
    assert again.value.details == {"since": "2026-03-31 09:30:00+00:00"}
    assert marks(database) == 0
    assert database.emitted() == []


def test_not_now_is_no_answer(units: Units, database: ServiceDatabase) -> None:
    """Unavailable, timeouts and failures without a name leave the key free: the next try may succeed."""

    def away(_uow: UnitOfWork) -> object:
        raise Unavailable(service="credits", reason="it is away")

    with command("k", what="a"):
        with pytest.raises(Unavailable):
            units.once(away)
        assert units.once(leave)["what"] == "a"
    assert marks(database) == 1


def test_a_refusal_that_comes_second_gives_way_to_the_answer_that_came_first(
    units: Units, database: ServiceDatabase, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two with one key: one is refused, and before that is stored the other one succeeds."""

    def refuse_late(_uow: UnitOfWork) -> object:
        raise Full(since="now")

    with command("k", what="a") as call:
        parameters = {"hash": call.request_hash(), "answer": '{"id": 7, "what": "first"}'}
        keep = units._keep_refusal

        def meanwhile(*arguments: Any) -> Any:
            database.execute(
                "INSERT INTO idempotency_keys (scope, key, request_hash, answer, created_at) VALUES ('agy_1', 'k', %s, %s, %s)",
                parameters["hash"],
                parameters["answer"],
                units._clock(),
            )
            return keep(*arguments)

        monkeypatch.setattr(units, "_keep_refusal", meanwhile)  # the moment between two transactions cannot be caused otherwise
        assert units.once(refuse_late) == {"id": 7, "what": "first"}


def test_a_key_is_good_for_a_day(units: Units, database: ServiceDatabase, clock: MovingClock) -> None:
    with command("k", what="a") as call:
        first = units.once(leave)
        clock.advance(hours=23, minutes=59)
        assert units.once(leave) == first
        clock.advance(minutes=2)
        assert units.stored_answer(call) is None
        assert units.once(leave) != first
    assert marks(database) == 2
    with command("k", what="another body"), pytest.raises(IdempotencyKeyReused):
        units.once(leave)


def test_without_a_key_every_command_is_another(units: Units, database: ServiceDatabase) -> None:
    with command(None, what="a") as call:
        assert units.stored_answer(call) is None
        assert units.once(leave) != units.once(leave)
    assert marks(database) == 2


def test_once_belongs_in_a_command(units: Units) -> None:
    with pytest.raises(RuntimeError, match="belongs in a @command"):
        units.once(leave)


def test_a_command_without_an_answer_answers_nothing(units: Units) -> None:
    with contexts.activated(contexts.new_context()), calling(Call(method="mark", payload={}, answer=None)):
        assert units.once(leave) == {}


def test_a_key_made_of_what_is_asked_is_good_for_as_long_as_its_caller_says(
    units: Units, database: ServiceDatabase, clock: MovingClock
) -> None:
    with command("k", what="a"), contexts.changed(repeats_seconds=600):
        first = units.once(leave)
        clock.advance(minutes=9, seconds=59)
        assert units.once(leave) == first
        clock.advance(seconds=2)
        second = units.once(leave)
        assert second != first
        assert units.once(leave) == second
    assert marks(database) == 2


def test_a_key_made_of_what_is_asked_lasts_no_longer_than_any_other(units: Units, database: ServiceDatabase, clock: MovingClock) -> None:
    with command("k", what="a"), contexts.changed(repeats_seconds=10**6):
        units.once(leave)
        clock.advance(hours=24, seconds=1)
        units.once(leave)
    assert marks(database) == 2


def test_a_refusal_is_not_kept_for_a_key_that_nobody_chose(units: Units, database: ServiceDatabase) -> None:
    """Trap: what was refused is mended, and asked again with the same words; there is no other key to ask it with."""

    def refuse(_uow: UnitOfWork) -> object:
        raise Full(since="now")

    with command("k", what="a"), contexts.changed(repeats_seconds=600):
        with pytest.raises(Full):
            units.once(refuse)
        assert units.once(leave)["what"] == "a"
    assert marks(database) == 1


def test_what_may_be_done_together_is_done_alone_under_a_key_that_nobody_chose(units: Units, database: ServiceDatabase) -> None:
    with command("k", what="a"), contexts.changed(repeats_seconds=600):
        first = units.once_together(lambda unit, _prepared, **_request: leave(unit), prepare=lambda _unit, _requests: None, of="x")
        again = units.once_together(lambda unit, _prepared, **_request: leave(unit), prepare=lambda _unit, _requests: None, of="x")
    assert first == again
    assert marks(database) == 1
