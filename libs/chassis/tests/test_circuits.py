"""Which services hang, by what their callers see: silence while many wait, or one deadline after the other."""

import time

import pytest

from chassis import circuits
from chassis.circuits import MISSES, PROBE_SECONDS, SILENT_SECONDS, Circuit, Circuits
from chassis.errors import Unavailable


class Time:
    """A clock that the test moves."""

    def __init__(self) -> None:
        self.now = 1000.0

    def monotonic(self) -> float:
        return self.now


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Time:
    clock = Time()
    monkeypatch.setattr(circuits, "time", clock)
    return clock


@pytest.fixture
def circuit(clock: Time) -> Circuit:
    assert clock.now
    return Circuit("accounts", 2)


def hang(circuit: Circuit, clock: Time) -> float:
    """Two calls wait in silence for long enough; when they began."""
    began = clock.now
    circuit.admit("one")
    circuit.admit("two")
    clock.now += SILENT_SECONDS
    return began


def test_a_service_hangs_when_many_wait_and_it_has_been_silent(circuit: Circuit, clock: Time) -> None:
    began = hang(circuit, clock)
    with pytest.raises(Unavailable, match="it does not answer"):
        circuit.check(began)
    with pytest.raises(Unavailable, match="it does not answer"):
        circuit.admit("three")


def test_a_service_that_answers_anything_is_busy_and_does_not_hang(circuit: Circuit, clock: Time) -> None:
    began = hang(circuit, clock)
    circuit.answered()
    circuit.check(began)
    circuit.admit("three")


def test_a_few_that_wait_for_long_are_let_wait(circuit: Circuit, clock: Time) -> None:
    began = clock.now
    circuit.admit("one")
    clock.now += 3 * SILENT_SECONDS
    circuit.check(began)


def test_silence_begins_with_a_question(circuit: Circuit, clock: Time) -> None:
    clock.now += 3600
    circuit.admit("one")
    circuit.admit("two")
    circuit.check(clock.now)


def test_deadlines_in_a_row_say_so_too_and_an_answer_in_between_starts_anew(circuit: Circuit) -> None:
    for _ in range(MISSES - 1):
        circuit.missed()
    circuit.answered()
    for _ in range(MISSES - 1):
        circuit.missed()
    circuit.admit("one")
    circuit.missed()
    with pytest.raises(Unavailable):
        circuit.admit("two")


def test_one_call_a_second_asks_and_waits_no_longer_than_it_takes_to_know(circuit: Circuit, clock: Time) -> None:
    began = hang(circuit, clock)
    with pytest.raises(Unavailable):
        circuit.check(began)
    clock.now += PROBE_SECONDS
    circuit.admit("probe")
    with pytest.raises(Unavailable):
        circuit.admit("another")
    circuit.check(clock.now)
    since = clock.now
    clock.now += SILENT_SECONDS
    with pytest.raises(Unavailable):
        circuit.check(since)


def test_any_answer_closes_it(circuit: Circuit, clock: Time) -> None:
    began = hang(circuit, clock)
    with pytest.raises(Unavailable):
        circuit.check(began)
    circuit.leave("one")
    circuit.leave("two")
    circuit.answered()
    for number in range(10):
        circuit.admit(str(number))


def test_services_have_circuits_of_their_own() -> None:
    all_of_them = Circuits(most_waiting=1)
    began = time.monotonic()
    for _ in range(MISSES):
        all_of_them.of("accounts").missed()
    with pytest.raises(Unavailable):
        all_of_them.of("accounts").admit("one")
    all_of_them.of("billing").admit("one")
    all_of_them.of("billing").check(began)
