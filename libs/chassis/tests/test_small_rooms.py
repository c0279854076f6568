"""Cursors, settings, contexts, topology: small rooms with rules of their own."""

import contextlib
import gc
import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import psutil
import pytest
from hypothesis import given
from hypothesis import strategies as st

from chassis import context as contexts
from chassis.concurrency import off_the_hub
from chassis.config import ConfigurationError, ServiceConfig, Settings, setting
from chassis.errors import InvalidCursor
from chassis.fields import is_storable
from chassis.garbage import spare_what_stays
from chassis.ids import new_id
from chassis.messages import attempts_of
from chassis.paging import LARGEST_INTEGER, decode_cursor, encode_cursor
from chassis.testing import FOLDERS, eventually, remove_left_over
from chassis.testing.processes import ServiceProcess, environment_of, under_eventlet
from chassis.topology import ServiceTopology, Topology

VALUES = st.none() | st.integers(-LARGEST_INTEGER, LARGEST_INTEGER) | st.text().filter(is_storable)

# Cursors


@given(st.lists(VALUES, max_size=4))
def test_a_cursor_gives_back_what_it_was_made_of(values: list[str | int | None]) -> None:
    cursor = encode_cursor(*values)
    assert cursor.isascii()
    assert decode_cursor(cursor) == values
    assert decode_cursor(cursor, length=len(values)) == values


def test_a_cursor_is_short_enough_for_an_address_however_wide_its_characters_are() -> None:
    assert len(encode_cursor("-notification_email", "\U0001f33b" * 254, "2026-01-31T10:00:00.123456+00:00", new_id("acc"))) < 2000


@given(st.text())
def test_a_cursor_that_nobody_gave_out_is_refused_and_nothing_worse(text: str) -> None:
    with contextlib.suppress(InvalidCursor):
        decode_cursor(text)


@pytest.mark.parametrize("content", ["5", "{}", "[1.5]", "[[]]", '["\\u0000"]', '["\\ud800"]', f"[{2**63}]", "[" * 100_000])
def test_values_that_no_sort_key_has_are_refused(content: str) -> None:
    import base64  # noqa: PLC0415

    with pytest.raises(InvalidCursor):
        decode_cursor(base64.urlsafe_b64encode(content.encode()).decode().rstrip("="))


def test_a_cursor_of_another_list_is_refused() -> None:
    with pytest.raises(InvalidCursor):
        decode_cursor(encode_cursor("a", 1), length=3)


# Ids


def test_ids_are_unique_and_sort_by_their_birth() -> None:
    made = [new_id("acc") for _ in range(1000)]
    assert len(set(made)) == 1000
    assert [identity[:14] for identity in made] == sorted(identity[:14] for identity in made)


# Settings


@dataclass(frozen=True, kw_only=True)
class Two(Settings):
    needed: str = setting("NEEDED")
    also: int = setting("ALSO_NEEDED", convert=int)
    optional: float = setting("OPTIONAL", default=1.5, convert=float)


def test_settings_are_read_from_their_variables() -> None:
    assert Two.from_environment({"NEEDED": "x", "ALSO_NEEDED": "5", "OTHER": "y"}) == Two(needed="x", also=5, optional=1.5)
    config = ServiceConfig.from_environment({"DATABASE_URL": "d", "RETRY_DELAYS_SECONDS": "1,0.5", "LOG_LEVEL": "debug"})
    assert config.retry_delays_seconds == (1.0, 0.5)
    assert config.log_level == "DEBUG"


def test_what_is_missing_or_does_not_parse_is_named() -> None:
    with pytest.raises(ConfigurationError, match="These variables must be set: NEEDED, ALSO_NEEDED"):
        Two.from_environment({})
    with pytest.raises(ConfigurationError, match="ALSO_NEEDED='many' cannot be used"):
        Two.from_environment({"NEEDED": "x", "ALSO_NEEDED": "many"})


# Contexts


def test_a_trace_goes_on_where_its_parent_is_valid_and_begins_where_it_is_not() -> None:
    parent = "00-" + "a" * 32 + "-" + "b" * 16 + "-01"
    child = contexts.new_context(traceparent=parent)
    assert child.trace_id() == "a" * 32
    assert child.traceparent != parent
    for strange in (None, "", "00-xyz", parent + "\n", parent.upper()):
        assert contexts.TRACEPARENT.fullmatch(contexts.new_context(traceparent=strange).traceparent)


@given(st.dictionaries(st.text(), st.none() | st.integers() | st.text() | st.floats() | st.lists(st.integers())))
def test_any_headers_make_a_context(headers: dict[str, object]) -> None:
    context = contexts.from_headers({contexts.PREFIX + name: value for name, value in headers.items()})
    assert context.request_id
    assert contexts.TRACEPARENT.fullmatch(context.traceparent)


def test_a_context_crosses_in_headers() -> None:
    context = contexts.new_context(agency_id="agy_1", actor="key_1")
    headers = contexts.to_headers(context, deadline=1000.5, idempotency_key="k", repeats_seconds=600, depth=1)
    read = contexts.from_headers(headers, causation_id="evt_1")
    assert read == contexts.Context(
        request_id=context.request_id,
        traceparent=context.traceparent,
        agency_id="agy_1",
        actor="key_1",
        idempotency_key="k",
        deadline=1000.5,
        depth=1,
        causation_id="evt_1",
        repeats_seconds=600,
    )
    assert contexts.from_headers(contexts.to_headers(contexts.new_context())).deadline is None


def test_a_context_is_changed_for_a_block() -> None:
    with contexts.activated(contexts.new_context(agency_id="agy_1")):
        with contexts.changed(agency_id="agy_2") as inner:
            assert contexts.current() is inner
            assert inner.agency_id == "agy_2"
        assert contexts.current().agency_id == "agy_1"


@pytest.mark.parametrize(("value", "attempts"), [(3, 3), (0, 0), (-1, 0), (True, 0), ("2", 0), (None, 0), ([1], 0)])
def test_attempts_are_counted_by_our_header_alone(value: object, attempts: int) -> None:
    assert attempts_of({"x-comptoir-attempt": value}) == attempts


# Topology


def test_the_topology_is_written_from_the_doors(tmp_path: Path) -> None:
    file = tmp_path / "topology.json"
    subprocess.run([sys.executable, "-m", "chassis.topology", str(file), "toy"], env=environment_of({}), timeout=60, check=True)
    reads = [["elsewhere", "*"], ["elsewhere", "asked"], ["elsewhere", "clock_moved"], ["elsewhere", "happened"], ["toy", "marked"]]
    assert json.loads(file.read_text()) == {"toy": {"reads": reads}}
    topology = Topology.load(file)
    assert topology.to_json() == json.loads(file.read_text())
    assert topology.queues() == ["rpc-toy", "toy.inbox"]
    assert topology.with_service(ServiceTopology(service="toy")).to_json() == {"toy": {"reads": []}}


# Work beside the hub


def test_heavy_work_runs_plainly_where_there_is_no_hub() -> None:
    assert off_the_hub(divmod, 7, 2) == (3, 1)


def test_heavy_work_lets_the_hub_run() -> None:
    """Trap: a password hash of 300 ms stops every other call of the process for 300 ms."""
    script = """
import warnings
warnings.filterwarnings("ignore")
import eventlet
eventlet.monkey_patch()
from eventlet.patcher import original
from chassis.concurrency import off_the_hub
ticks = []
def tick():
    while True:
        ticks.append(1)
        eventlet.sleep(0.01)
eventlet.spawn(tick)
assert off_the_hub(lambda seconds: original("time").sleep(seconds) or "done", 0.3) == "done"
assert len(ticks) > 5, ticks
try:
    off_the_hub(divmod, 1, 0)
except ZeroDivisionError:
    print("raised")
"""
    environment = under_eventlet(environment_of({}))
    ended = subprocess.run([sys.executable, "-c", script], env=environment, capture_output=True, text=True, timeout=60, check=False)
    assert ended.stdout == "raised\n", ended.stderr


# Calls and events


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        ({"RPC_WORKERS": "0", "EVENT_WORKERS": "0"}, "are both 0: a process answers calls, handles events, or does both"),
        ({"RPC_WORKERS": "-1"}, "RPC_WORKERS='-1' cannot be used: it is 0 or more"),
    ],
)
def test_a_process_that_would_do_nothing_is_refused(given: dict[str, str], sentence: str) -> None:
    with pytest.raises(ConfigurationError, match=sentence):
        ServiceConfig.from_environment({"DATABASE_URL": "postgresql://", **given})
    assert ServiceConfig.from_environment({"DATABASE_URL": "postgresql://", "RPC_WORKERS": "0"}).event_workers > 0


# The collector


def test_what_is_there_when_a_process_is_ready_is_never_looked_through_again() -> None:
    thresholds = gc.get_threshold()
    stays = [[number] for number in range(1000)]
    try:
        spare_what_stays()
        assert gc.get_freeze_count() > len(stays)
        assert not any(each is stays for each in gc.get_objects())
        assert gc.get_threshold() > thresholds
    finally:
        gc.unfreeze()
        gc.set_threshold(*thresholds)


# The processes of tests


def test_a_process_is_ended_though_its_child_keeps_its_output_open() -> None:
    """Closing what another thread reads would wait for that child, and no timeout of a test could interrupt it."""
    left = ServiceProcess("toy.leaving", "serve", {})
    eventually(lambda: left.log != [] and not left.running)
    child = psutil.Process(int(left.log[0]))
    try:
        left.end()
        assert child.is_running()
    finally:
        child.kill()


def test_a_test_that_fails_shows_what_its_processes_said(tmp_path: Path) -> None:
    failing = tmp_path / "test_failing.py"
    failing.write_text(
        "from chassis.testing import ServiceProcess, eventually\n"
        "def test_it():\n"
        "    process = ServiceProcess('toy.nowhere', 'serve', {})\n"
        "    eventually(lambda: not process.running and process.log)\n"
        "    assert False\n"
    )
    ran = subprocess.run(
        [
            sys.executable,
            "-m",
            "pytest",
            "-p",
            "chassis.testing",
            "-p",
            "no:cacheprovider",
            "--rootdir",
            str(tmp_path),
            "-c",
            os.devnull,
            failing,
        ],
        env=environment_of({}),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert "Log of toy.nowhere serve" in ran.stdout
    assert "No module named toy.nowhere" in ran.stdout


def test_what_a_run_that_was_killed_left_is_removed_and_what_others_use_is_not(tmp_path: Path) -> None:
    ended = subprocess.Popen([sys.executable, "-c", ""])
    ended.wait()
    for name in (f"{FOLDERS}{ended.pid}-a", f"{FOLDERS}{os.getpid()}-b", f"{FOLDERS}of-others"):
        (tmp_path / name).mkdir()
    remove_left_over(tmp_path)
    assert {each.name for each in tmp_path.iterdir()} == {f"{FOLDERS}{os.getpid()}-b", f"{FOLDERS}of-others"}
