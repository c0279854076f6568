"""Postings to one hot account by 8 writers: the use case with its idempotency key, beside the very statements it sends by pgbench.

Each client of pgbench sends the statements of one posting after another, each posting in its own transaction, as a lone writer does.
Ours is what is behind the door of the service, which posts together what comes for a pot while it is held.
"""

import logging
import multiprocessing
import re
import subprocess
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from statistics import median
from threading import Barrier
from typing import Any

import structlog
from sqlalchemy import event

from bench.platform import Bench, execute
from chassis import context as contexts
from chassis.audit import audit
from chassis.database import Database
from chassis.idempotency import Answer, Call, calling
from chassis.ids import new_id
from chassis.unit_of_work import Units
from credits import schemas, usecases
from credits.domain import Kind
from local_servers.postgres import program

WRITERS = 8
PROCESSES = 2
SECONDS = 3.0
ROUNDS = 8
"""Each is measured this often, in turn, and the median counts: the machine has other things to do as well."""
START_SECONDS = 60
BOUGHT = 1_000_000_000
TARGET = 0.8
SPEND = schemas.Spend()


def measure(bench: Bench) -> dict[str, Any]:
    """Postings a second of both, in turn; the books are audited at the end."""
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.WARNING))
    url = bench.migrated("credits")
    agency_id, account_id = _account_with_credit(url)
    script = bench.folder / "ledger.sql"
    statements = _statements_of_a_posting(url, agency_id, account_id)
    script.write_text("".join(f"{statement}\n" for statement in statements))
    ours, plain = [], []
    for number in range(ROUNDS):
        execute(url, "CHECKPOINT")
        plain.append(_pgbench(url, str(script), round_number=number))
        execute(url, "CHECKPOINT")
        ours.append(_ours(url, agency_id, account_id))
    return {
        "what": f"ledger postings to one hot account, {WRITERS} writers",
        "writers_processes": PROCESSES,
        "rounds": ROUNDS,
        "round_trips_a_posting": len(statements) - 1,  # one line is pgbench's own
        "pgbench_per_second": round(median(plain)),
        "ours_per_second": round(median(ours)),
        "ours_to_pgbench": round(median(one / other for one, other in zip(ours, plain, strict=True)), 2),
        "target": TARGET,
        "audit": "; ".join(audit("credits", url).findings) or "the books are right",
    }


def _account_with_credit(url: str) -> tuple[str, str]:
    """An account that has so much that it never runs out, in a single lot: all writers want the same rows."""
    agency_id, account_id, now = new_id("agy"), new_id("acc"), datetime.now(UTC)
    with _units(url) as units, units.begin() as uow:
        usecases.note_opened(uow, agency_id=agency_id, account_id=account_id, plan="Plus", add_ons=["sms"], as_of=now)
        usecases.purchase(
            uow,
            purchased_at=now,
            agency_id=agency_id,
            invoice_id=new_id("inv"),
            currency="EUR",
            kind=Kind.SMS,
            units=BOUGHT,
            account_id=account_id,
        )
    return agency_id, account_id


def _post(units: Units, agency_id: str, account_id: str, *, key: str, reference: str) -> Answer:
    """Do what the door of `spend_credits` does with a call that has arrived."""
    request: dict[str, Any] = {"agency_id": agency_id, "account_id": account_id, "kind": Kind.SMS, "units": 1, "reference": reference}
    with (
        contexts.activated(contexts.new_context(agency_id=agency_id, idempotency_key=key)),
        calling(Call(method="spend_credits", payload=request, answer=SPEND)),
    ):
        return units.once_together(usecases.spend_credits, prepare=usecases.lock_pot, of=account_id, **request)


def _statements_of_a_posting(url: str, agency_id: str, account_id: str) -> list[str]:
    """What a lone posting sends, as it is on the wire, with what must be new each time replaced by variables of pgbench."""
    key, reference, sent = new_id("idk"), new_id("ref"), list[str]()
    with _units(url) as units:
        engine = units._database.engine  # noqa: SLF001  what is sent is to be seen
        event.listen(engine, "after_cursor_execute", lambda _connection, cursor, *_rest: sent.append(cursor.query.decode()))
        answer = _post(units, agency_id, account_id, key=key, reference=reference)
    told = re.findall(r"evt_[0-9A-Z]{26}", "".join(sent))
    for value in {key, reference, answer["id"], *told}:
        sent = [statement.replace(value, f"{value[:17]}:round-:client_id-:n") for statement in sent]
    # A pair of statements that is sent at once is sent at once here too.
    return ["\\set n :n + 1", "BEGIN;", *(statement.strip().replace(";", "\\;") + ";" for statement in sent), "COMMIT;"]


def _pgbench(url: str, script: str, *, round_number: int) -> float:
    command = [program("pgbench"), "-n", "-c", str(WRITERS), "-j", str(PROCESSES), "-T", str(round(SECONDS)), "-f", script]
    command += ["-D", f"round={round_number}", "-D", "n=0", url]
    ran = subprocess.run(command, capture_output=True, text=True, timeout=SECONDS + 60, check=False)
    found = re.search(r"^tps = ([0-9.]+)", ran.stdout, re.MULTILINE)
    if ran.returncode or found is None:
        raise RuntimeError(f"pgbench failed:\n{ran.stdout}\n{ran.stderr}")
    return float(found.group(1))


def _ours(url: str, agency_id: str, account_id: str) -> float:
    """Postings a second of all writers together: threads, in as many processes as production runs replicas."""
    spawning = multiprocessing.get_context("spawn")
    with spawning.Manager() as manager, spawning.Pool(PROCESSES) as pool:
        ready = manager.Barrier(PROCESSES)
        return sum(pool.starmap(_process, [(url, agency_id, account_id, ready)] * PROCESSES, chunksize=1))


def _process(url: str, agency_id: str, account_id: str, ready: Barrier) -> float:
    writers = WRITERS // PROCESSES
    with _units(url, pool_size=writers) as units, ThreadPoolExecutor(writers) as pool:
        list(pool.map(lambda _: _post(units, agency_id, account_id, key=new_id("idk"), reference=new_id("ref")), range(writers)))
        ready.wait(START_SECONDS)
        end = time.perf_counter() + SECONDS

        def write(_: int) -> int:
            done = 0
            while time.perf_counter() < end:
                _post(units, agency_id, account_id, key=new_id("idk"), reference=new_id("ref"))
                done += 1
            return done

        return sum(pool.map(write, range(writers))) / SECONDS


@contextmanager
def _units(url: str, *, pool_size: int = 1) -> Iterator[Units]:
    with closing(Database(url, pool_size=pool_size, statement_timeout_seconds=20, application_name="bench")) as database:
        yield Units(database)
