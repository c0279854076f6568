"""Commands for the same rows: whoever comes while one is being done goes with the next lot, and knows it only by the time it takes."""

import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from functools import partial
from typing import Any

import pytest
from sqlalchemy import text

from chassis import context as contexts
from chassis.errors import IdempotencyKeyReused, Refused, Unavailable
from chassis.idempotency import Answer
from chassis.queues import MOST_IN_A_LOT, Queues
from chassis.rpc_client import RpcClient
from chassis.testing import MovingClock, ServiceDatabase, eventually
from chassis.unit_of_work import RpcInsideTransaction, UnitOfWork, Units

from .marks import Done, Full, command, keys, marks

WRITE = "INSERT INTO marks (what, who) SELECT what, 'test' FROM json_to_recordset(CAST(:marks AS json)) AS m (what text)"
PATIENCE_SECONDS = 20


class Bell:
    """A use case that is done together with others of its kind: it rings for `what`, and is busy as long as somebody holds it."""

    def __init__(self, units: Units) -> None:
        self._units = units
        self.lots: list[list[str]] = []
        self._free = threading.Event()
        self._free.set()
        self._busy = threading.Event()
        self.prepares: Callable[[UnitOfWork], object] = lambda _uow: None

    def prepare(self, uow: UnitOfWork, requests: Sequence[Mapping[str, Any]]) -> list[str]:
        self._busy.set()
        assert self._free.wait(PATIENCE_SECONDS)
        self.prepares(uow)
        lot = [request["what"] for request in requests]
        self.lots.append(lot)
        return lot

    def ring(self, uow: UnitOfWork, lot: list[str], *, what: str) -> dict[str, Any]:
        uow.emit(Done(subject=what, agency_id="agy_1", what=what))
        uow.write_last(WRITE, {"marks": [{"what": what}]})
        if what == "too much":
            raise Full(since=uow.now)
        if what == "calls":
            RpcClient("amqp://guest:guest@127.0.0.1:1//").call("toy", "mark", {}, timeout_seconds=1)
        return {"id": len(lot), "what": what}

    def call(self, what: str, *, key: str | None = None, **context: Any) -> Answer:
        with command(key or f"key of {what}", what=what, **context):
            return self._units.once_together(self.ring, prepare=self.prepare, of="bell", what=what)

    def waiting(self) -> int:
        return sum(map(len, self._units._queues._waiting.values()))

    @contextmanager
    def held(self, *, waiting: int) -> Iterator[None]:
        """The block begins once somebody is at the bell, who goes on when so many others wait; that begins within the block."""
        self._free.clear()
        self._busy.clear()
        try:
            yield
            assert self._busy.wait(PATIENCE_SECONDS)
            eventually(lambda: self.waiting() == waiting)
        finally:
            self._free.set()


@pytest.fixture
def bell(database: ServiceDatabase) -> Bell:
    return Bell(database.units(pool_size=4))


@pytest.fixture
def pool() -> Iterator[ThreadPoolExecutor]:
    with ThreadPoolExecutor(64) as opened:
        yield opened


def _has_waiting(bell: Bell, number: int) -> bool:
    return bell.waiting() == number


def begun(bell: Bell, pool: ThreadPoolExecutor, first: str, *others: str) -> list["Future[Answer]"]:
    """All of them, called: the first while nobody is at it, the others while it is being done, in their order."""
    with bell.held(waiting=len(others)):
        futures = [pool.submit(bell.call, first)]
        assert bell._busy.wait(PATIENCE_SECONDS)
        for number, what in enumerate(others, start=1):
            futures.append(pool.submit(bell.call, what))
            eventually(partial(_has_waiting, bell, number))
    return futures


def test_those_that_come_while_one_is_done_are_done_together_each_with_its_own_answer(
    bell: Bell, pool: ThreadPoolExecutor, database: ServiceDatabase
) -> None:
    answers = [future.result() for future in begun(bell, pool, "a", "b", "c", "d")]
    assert bell.lots == [["a"], ["b", "c", "d"]]
    assert answers == [{"id": 1, "what": "a"}, *({"id": 3, "what": what} for what in "bcd")]
    assert [data["what"] for _, data in database.emitted()] == ["a", "b", "c", "d"]
    assert marks(database) == 4
    assert [bell.call(what) for what in "abcd"] == answers
    assert (marks(database), keys(database), len(bell.lots)) == (4, 4, 2)
    written = database.query("SELECT count(DISTINCT xmin::text) AS n FROM marks")
    assert written == [{"n": 2}]


def test_each_tells_its_facts_in_its_own_context_and_time(pool: ThreadPoolExecutor, database: ServiceDatabase, clock: MovingClock) -> None:
    """Trap: all of a lot look as if the one that does them had asked for them."""
    bell = Bell(database.units(clock, pool_size=4))
    with bell.held(waiting=2):
        futures = [pool.submit(bell.call, "a", agency_id="agy_1")]
        assert bell._busy.wait(PATIENCE_SECONDS)
        futures += [pool.submit(bell.call, what, agency_id=agency) for what, agency in (("b", "agy_2"), ("c", None))]
    assert {future.result()["what"] for future in futures} == {"a", "b", "c"}
    assert [len(lot) for lot in bell.lots] == [1, 2]
    rows = database.query("SELECT body::jsonb -> 'data' ->> 'what' AS what, headers FROM outbox")
    assert {row["what"]: row["headers"].get("nameko.agency_id") for row in rows} == {"a": "agy_1", "b": "agy_2", "c": None}
    assert len({row["headers"]["nameko.request_id"] for row in rows}) == 3
    assert keys(database) == 3


def test_one_that_is_refused_leaves_nothing_and_keeps_nobody_else(bell: Bell, pool: ThreadPoolExecutor, database: ServiceDatabase) -> None:
    futures = begun(bell, pool, "a", "b", "too much", "c")
    assert [futures[number].result()["what"] for number in (0, 1, 3)] == ["a", "b", "c"]
    with pytest.raises(Full):
        futures[2].result()
    assert [data["what"] for _, data in database.emitted()] == ["a", "b", "c"]
    with pytest.raises(Refused, match="It is full"):
        bell.call("too much")
    assert bell.lots == [["a"], ["b", "too much", "c"]]
    assert (marks(database), keys(database)) == (3, 4)


def test_one_key_several_times_is_one_effect_and_one_answer(bell: Bell, pool: ThreadPoolExecutor, database: ServiceDatabase) -> None:
    answers = [future.result() for future in begun(bell, pool, "a", "b", "b", "a")]
    assert [answer["what"] for answer in answers] == ["a", "b", "b", "a"]
    assert (marks(database), keys(database)) == (2, 2)
    assert bell.lots == [["a"], ["b"]]


def test_a_lot_of_which_every_key_has_its_answer_prepares_nothing(bell: Bell, pool: ThreadPoolExecutor, database: ServiceDatabase) -> None:
    bell.call("b")
    bell.call("c")
    assert [future.result()["what"] for future in begun(bell, pool, "a", "b", "c")] == ["a", "b", "c"]
    assert bell.lots == [["b"], ["c"], ["a"]]
    assert marks(database) == 3


def test_the_same_key_with_another_request_is_refused(bell: Bell, pool: ThreadPoolExecutor, database: ServiceDatabase) -> None:
    with bell.held(waiting=2):
        one = pool.submit(bell.call, "a")
        assert bell._busy.wait(PATIENCE_SECONDS)
        others = [pool.submit(bell.call, what, key="k") for what in ("b", "c")]
    assert one.result()["what"] == "a"
    assert [type(future.exception()) for future in others if future.exception()] == [IdempotencyKeyReused]
    assert (marks(database), keys(database)) == (2, 2)


def test_what_the_database_ends_for_all_is_done_one_by_one(bell: Bell, pool: ThreadPoolExecutor, database: ServiceDatabase) -> None:
    failures: list[str] = []

    def fail_once(uow: UnitOfWork) -> None:
        if len(bell.lots) == 1 and not failures:
            failures.append("deadlock")
            uow.connection.execute(text("DO $$ BEGIN RAISE EXCEPTION 'as if' USING ERRCODE = '40P01'; END $$"))

    bell.prepares = fail_once
    assert [future.result()["what"] for future in begun(bell, pool, "a", "b", "c")] == ["a", "b", "c"]
    assert failures == ["deadlock"]
    assert bell.lots[0] == ["a"]
    assert sorted(bell.lots[1:]) == [["b"], ["c"]]
    assert (marks(database), keys(database)) == (3, 3)


def test_a_refusal_that_passes_is_kept_for_nobody(bell: Bell, pool: ThreadPoolExecutor, database: ServiceDatabase) -> None:
    def away(uow: UnitOfWork, lot: list[str], *, what: str) -> dict[str, Any]:
        if what == "b":
            raise Unavailable(service="The other", reason="it is away")
        return Bell.ring(bell, uow, lot, what=what)

    bell.ring = away  # type: ignore[method-assign]
    futures = begun(bell, pool, "a", "b", "c")
    assert [futures[number].result()["what"] for number in (0, 2)] == ["a", "c"]
    with pytest.raises(Unavailable):
        futures[1].result()
    assert (marks(database), keys(database)) == (2, 2)


def test_a_defect_in_a_lot_leaves_nobody_waiting_and_nothing_half_done(
    bell: Bell, pool: ThreadPoolExecutor, database: ServiceDatabase
) -> None:
    """Calling a service inside the transaction is one."""
    futures = begun(bell, pool, "a", "b", "calls", "c")
    assert [futures[number].result()["what"] for number in (0, 3)] == ["a", "c"]
    assert [type(futures[number].exception()) for number in (1, 2)] == [RpcInsideTransaction, RpcInsideTransaction]
    assert marks(database) == 2
    assert bell.call("b")["what"] == "b"  # nothing was kept: who asks again is served


def test_a_command_without_a_key_is_done_alone(bell: Bell, database: ServiceDatabase) -> None:
    for _ in range(2):
        with command(None, what="a"):
            assert bell._units.once_together(bell.ring, prepare=bell.prepare, of="bell", what="a") == {"id": 1, "what": "a"}
    assert (marks(database), keys(database)) == (2, 0)
    with contexts.activated(contexts.new_context()), pytest.raises(RuntimeError, match="belongs in a @command"):
        bell._units.once_together(bell.ring, prepare=bell.prepare, of="bell", what="a")


def test_however_many_come_they_go_in_lots_of_a_bounded_size_and_what_is_about_another_thing_does_not_wait() -> None:
    queues: Queues[int, int] = Queues()
    go, lots, callers = threading.Event(), list[list[int]](), 2 * MOST_IN_A_LOT + 1

    def alone(item: int) -> int:
        lots.append([item])
        assert item or go.wait(PATIENCE_SECONDS)
        return -item

    def together(items: Sequence[int]) -> Sequence[int]:
        lots.append(list(items))
        return [-item for item in items]

    def do(item: int) -> int:
        return queues.do("this", item, alone=lambda: alone(item), together=together)

    with ThreadPoolExecutor(callers + 1) as pool:
        first = pool.submit(do, 0)
        eventually(lambda: lots == [[0]])
        others = [pool.submit(do, item) for item in range(1, callers + 1)]
        eventually(lambda: len(queues._waiting["this"]) == callers)
        assert queues.do("that", 5, alone=lambda: 7, together=together) == 7
        go.set()
        assert first.result() == 0
        assert [future.result() for future in others] == [-item for item in range(1, callers + 1)]
    assert [len(lot) for lot in lots] == [1, MOST_IN_A_LOT, MOST_IN_A_LOT, 1]
    assert queues._waiting == {}
