"""The bookkeeping of `make endure`: what counts as outside a restart, how slow is too slow, and what is wrong."""

from dataclasses import replace

from .figures import Refused, Sample, Window, end_of_window, percentile, times
from .mix import Agency, Mix, is_busy
from .report import Run, as_json, as_text, first_answer
from .wire import Answer

WINDOW = Window(program="billing.serve", killed=100.0, back=103.0, ended=105.0)
FAST = [Sample(kind="quote", due=float(second), done=second + 0.010) for second in (*range(90), 110)]
HOLDS = Run(
    capacity=100.0,
    per_second=80.0,
    seconds=600.0,
    samples=FAST,
    refusals=[],
    windows=[WINDOW],
    wrong=[],
    effects=10,
    not_found=[],
    audit=[],
    parked=[],
    missing=[],
)


def refused(sent: float, at: float) -> Refused:
    return Refused(line="POST /v1/quotes", how="HTTP 503", sent=sent, at=at)


def test_a_window_ends_two_seconds_after_the_last_refusal_once_its_program_is_back() -> None:
    assert end_of_window(killed=100.0, back=None, refusals=[], now=104.0) is None
    assert end_of_window(killed=100.0, back=103.0, refusals=[102.0], now=104.9) is None
    assert end_of_window(killed=100.0, back=103.0, refusals=[102.0], now=105.1) == 105.0
    assert end_of_window(killed=100.0, back=103.0, refusals=[102.0, 104.5], now=106.0) is None
    assert end_of_window(killed=100.0, back=103.0, refusals=[102.0, 104.5], now=106.6) == 106.5


def test_a_window_ends_after_fifteen_seconds_whatever_happens() -> None:
    assert end_of_window(killed=100.0, back=None, refusals=[114.9], now=115.0) == 115.0
    assert end_of_window(killed=100.0, back=103.0, refusals=[114.9], now=120.0) == 115.0


def test_percentiles_are_of_the_nearest_rank() -> None:
    hundred = [float(number) for number in range(1, 101)]
    assert (percentile(hundred, 0.5), percentile(hundred, 0.99), percentile([7.0], 0.99)) == (50.0, 99.0, 7.0)
    found = times([0.002, 0.001, 0.004])
    assert (found.count, found.p50, found.p99, found.most, found.ratio) == (3, 2.0, 4.0, 4.0, 2.0)


def test_what_a_window_meets_does_not_count_as_slow_and_what_it_does_not_meet_does() -> None:
    inside = [Sample(kind="quote", due=99.0, done=101.0), Sample(kind="quote", due=104.0, done=107.0)]
    assert replace(HOLDS, samples=[*FAST, *inside]).verdict() == []
    outside = Sample(kind="quote", due=105.1, done=107.0)
    assert [each.split(":")[0] for each in replace(HOLDS, samples=[*FAST, outside]).verdict()] == ["quote"]


def test_each_kind_is_judged_by_itself() -> None:
    many = [Sample(kind="account read", due=float(second), done=second + 0.010) for second in range(90)] * 100
    slow_once = [*FAST, Sample(kind="quote", due=95.0, done=95.050)]
    assert [each.split(":")[0] for each in replace(HOLDS, samples=[*many, *slow_once]).verdict()] == ["quote"]


def test_a_kill_when_the_load_is_over_shows_nothing() -> None:
    [said] = replace(HOLDS, windows=[WINDOW, Window(program="gateway", killed=110.1, back=111.0, ended=113.0)]).verdict()
    assert said == "gateway was killed when the load was over: take more MINUTES"


def test_a_refusal_is_excused_by_a_restart_alone() -> None:
    assert replace(HOLDS, refusals=[refused(99.9, 100.1), refused(104.0, 104.1)]).verdict() == []
    [said] = replace(HOLDS, refusals=[refused(106.0, 106.1)]).verdict()
    assert said == "POST /v1/quotes: HTTP 503, outside any restart"


def test_whatever_does_not_hold_is_in_the_verdict_and_in_what_people_read() -> None:
    assert HOLDS.verdict() == []
    assert "Everything holds" in as_text(HOLDS)
    wrong = {"wrong": ["a"], "not_found": ["b"], "audit": ["c"], "parked": ["d"], "missing": ["e"]}
    late = [replace(WINDOW, back=None), replace(WINDOW, program="gateway", back=105.1)]
    broken = replace(HOLDS, **wrong, windows=late)  # type: ignore[arg-type]  # names and sentences
    said = ["a", "b", "audit: c", "d was parked", "e was not killed"]
    said += [f"{program} did not come back while its window lasted" for program in ("billing.serve", "gateway")]
    assert broken.verdict() == as_json(broken)["verdict"] == said
    assert all(each in as_text(broken) for each in said)


def test_the_first_answer_after_a_kill_is_one_that_needs_the_program() -> None:
    samples = [
        Sample(kind="quote", due=99.0, done=100.5),
        Sample(kind="account read", due=100.1, done=100.2),
        Sample(kind="quote", due=100.2, done=103.5),
    ]
    run = replace(HOLDS, samples=samples)
    assert first_answer(run, WINDOW) == 3.5
    assert first_answer(run, replace(WINDOW, program="billing.relay")) is None


def test_the_agency_api_asks_for_patience_in_words() -> None:
    busy = b'{"result_code": 0, "result_message": "accounts cannot be reached right now: gone. Try again in a moment."}'
    wrong = b'{"result_code": 0, "result_message": "There is no such account."}'
    said = [is_busy(Answer(status=200, body=body, retry_after_seconds=None)) for body in (busy, wrong)]
    assert said == [True, False]


def test_an_answer_that_is_not_the_right_one_is_named() -> None:
    agency = Agency(id="agy", key="ck", steady=[("acc_1", "one")])
    ask = agency.read(Mix([agency]).chance)
    right = b'{"id": "acc_1", "name": "one", "status": "active"}'
    assert ask.fault(Answer(status=200, body=right, retry_after_seconds=None)) is None
    for status, body, said in (
        (200, right.replace(b"active", b"expired"), "has {'status': 'expired'}, not {'status': 'active'}"),
        (404, right, "HTTP 404, not 200"),
        (200, b"<html>", "is no JSON object"),
    ):
        assert str(ask.fault(Answer(status=status, body=body, retry_after_seconds=None))).startswith(said)
