"""`python -m <service> serve | relay | migrate | parking-lot | audit`: every process of a service begins here.

nameko's own command needs pkg_resources, patches after importing, and neither waits for its surroundings nor drains; this one does.
"""

import argparse
import importlib
import os
import signal
import sys
import threading
import time
import warnings
from collections.abc import Callable, Mapping
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any

import structlog

from chassis.config import ConfigurationError, ServiceConfig

HEARTBEAT_SECONDS = 1.0
POLL_SECONDS = 0.1
MEASURE_SECONDS = 5.0

log = structlog.get_logger()


@dataclass(frozen=True, kw_only=True)
class Command:
    """A command of one service beside those of all: `runs` is `module:function`, imported only where it is run, and given the config.

    Where it `takes_arguments`, it is given the rest of the command line too. What it returns is the exit code; None is 0.
    """

    help: str
    runs: str
    takes_arguments: bool = False


def main(
    *,
    package: str,
    service: str,
    config: type[ServiceConfig],
    own: Mapping[str, Command] = MappingProxyType({}),
    arguments: list[str] | None = None,
) -> None:
    """Run the process that the command line asks for; `service` is `module:Class`, imported only where it is served."""
    parser = argparse.ArgumentParser(prog=f"python -m {package}")
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("serve", help="answer calls and handle events until SIGTERM")
    commands.add_parser("relay", help="publish the outbox until SIGTERM")
    commands.add_parser("migrate", help="bring the database to this code's schema")
    commands.add_parser("parking-lot", help="list, show, replay, discard", add_help=False)
    for name, command in own.items():
        commands.add_parser(name, help=command.help, add_help=not command.takes_arguments)
    if (folder_of(package) / package / "usecases" / "audits.py").exists():
        commands.add_parser("audit", help="prove what must be true of the whole database, or say what is not")
    options, rest = parser.parse_known_args(arguments)
    if options.command == "serve":
        warnings.filterwarnings("ignore", message=r"\s*Eventlet is deprecated")  # known (docs/decisions): nameko stands on it
        import eventlet  # noqa: PLC0415  before anything that opens a socket or makes a lock

        eventlet.monkey_patch()
    from chassis import logs  # noqa: PLC0415  after the patch

    try:
        settings = config.from_environment()
    except ConfigurationError as error:
        sys.exit(f"{package}: {error}")
    logs.configure(service=package, process=options.command, log_format=settings.log_format, level=settings.log_level)
    match options.command:
        case "serve":
            sys.exit(_serve(package, service, settings))
        case "relay":
            sys.exit(_relay(package, settings))
        case "migrate":
            _migrate(package, settings)
        case name if name in own:
            sys.exit(_imported(own[name].runs)(settings, *([rest] if own[name].takes_arguments else [])))
        case "audit":
            from chassis import audit  # noqa: PLC0415

            sys.exit(audit.main([f"{package}={settings.database_url}"]))
        case _:
            from chassis import parking_lot  # noqa: PLC0415

            sys.exit(parking_lot.main(settings.amqp_uri, rest))


def _imported(path: str) -> Any:
    """Import what `module:name` names."""
    module, _, name = path.partition(":")
    return getattr(importlib.import_module(module), name)


def folder_of(package: str) -> Path:
    """The service's folder, which holds `migrations/`."""
    return Path(importlib.import_module(package).__file__ or "").resolve().parent.parent


def _migrate(package: str, settings: ServiceConfig) -> None:
    from chassis import migrations  # noqa: PLC0415

    migrations.upgrade(folder_of(package), settings.database_url)
    log.info("the schema is current")


class Signals:
    """Whether SIGTERM or SIGINT asked the process to end.

    A flag that is polled: setting an Event takes a lock, which the code that a signal interrupts may hold.
    """

    def __init__(self) -> None:
        self.asked = False
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._ask)

    def _ask(self, _number: int, _frame: object) -> None:
        self.asked = True

    def wait(self, seconds: float = float("inf"), *, until: Callable[[], bool] = lambda: False) -> bool:
        """Wait until the process is asked to end, `until()` holds or the time is over; tell whether one of the first two is so."""
        deadline = time.monotonic() + seconds
        while not (self.asked or until()):
            if time.monotonic() > deadline:
                return False
            time.sleep(POLL_SECONDS)
        return True


def _serve(package: str, service: str, settings: ServiceConfig) -> int:
    import eventlet  # noqa: PLC0415

    from chassis import health, metrics  # noqa: PLC0415
    from chassis.broker import Broker  # noqa: PLC0415
    from chassis.container import CONFIG, Container  # noqa: PLC0415
    from chassis.database import BlockingDriver  # noqa: PLC0415
    from chassis.errors import Unavailable  # noqa: PLC0415
    from chassis.garbage import spare_what_stays  # noqa: PLC0415
    from chassis.wiring import Resources  # noqa: PLC0415

    signals = Signals()
    _beat(settings.heartbeat_file)
    deadline = time.monotonic() + settings.startup_seconds
    container = Container(_imported(service), {CONFIG: settings, "AMQP_URI": settings.amqp_uri})
    if not _wait_for_schema(package, settings, signals):
        return 0 if signals.asked else 1
    container.max_workers = 2 * (settings.rpc_workers + settings.event_workers)
    container._worker_pool.resize(container.max_workers)  # noqa: SLF001  the size it makes itself is nameko's default of 10
    spare_what_stays()  # before the first call can come, which would wait for it
    try:
        container.start()
    except (BlockingDriver, Unavailable) as error:
        log.critical("refused to start", reason=str(error))
        return 1
    broker = container.shared_extensions[Broker]
    database = container.shared_extensions[Resources].database
    metrics.POOL_IN_USE.labels(package).set_function(database.connections_in_use)
    if settings.health_port:
        health.serve(settings.health_host, settings.health_port, {"broker": lambda: broker.ready, "database": database.answers})
    if not signals.wait(deadline - time.monotonic(), until=lambda: broker.ready):
        log.critical("gave up waiting", reason="the broker does not answer", seconds=settings.startup_seconds)
        return 1
    log.info("serving", pid=os.getpid())
    signals.wait()
    log.info("draining", seconds=settings.drain_seconds)
    if eventlet.with_timeout(settings.drain_seconds, container.stop, timeout_value="too late"):
        log.error("stopped before everything had ended; what was not acknowledged comes again")
        return 1
    log.info("stopped")
    return 0


def _relay(package: str, settings: ServiceConfig) -> int:
    from chassis import health, metrics  # noqa: PLC0415
    from chassis.housekeeping import Housekeeping  # noqa: PLC0415
    from chassis.relay import Relay  # noqa: PLC0415
    from chassis.topology import ServiceTopology, Topology  # noqa: PLC0415

    signals = Signals()
    _beat(settings.heartbeat_file)
    topology = Topology(services=(ServiceTopology(service=package),))
    if settings.topology_file:
        topology = Topology.load(Path(settings.topology_file))
    if not _wait_for_schema(package, settings, signals):
        return 0 if signals.asked else 1
    relay = Relay(
        service=package,
        database_url=settings.database_url,
        amqp_uri=settings.amqp_uri,
        topology=topology,
        retry_delays_seconds=settings.retry_delays_seconds,
        batch=settings.relay_batch,
    )
    if settings.health_port:
        gauges = OutboxGauges(settings.database_url)
        metrics.OUTBOX_SIZE.labels(package).set_function(gauges.size)
        metrics.OUTBOX_AGE.labels(package).set_function(gauges.oldest_seconds)
        health.serve(settings.health_host, settings.health_port, {"relay": lambda: relay.connected})
    housekeeping = Housekeeping(settings.database_url)
    _in_background(lambda: housekeeping.keep(every_seconds=settings.housekeeping_seconds), name="housekeeping")
    ended: list[str] = []

    def run() -> None:
        relay.run()
        ended.append("in order")

    worker = _in_background(run, name="relay")
    signals.wait(until=lambda: not worker.is_alive())
    relay.stop()
    worker.join(settings.drain_seconds)
    log.info("stopped", in_order=bool(ended))
    return 0 if ended else 1


class OutboxGauges:
    """Reads the outbox's size and age at each scrape; NaN where the database does not say."""

    def __init__(self, database_url: str) -> None:
        self._database_url = database_url

    def size(self) -> float:
        """How many events wait."""
        return self._read("SELECT count(*) FROM outbox")

    def oldest_seconds(self) -> float:
        """How long the oldest has waited."""
        return self._read("SELECT coalesce(extract(epoch FROM now() - min(created_at)), 0) FROM outbox")

    def _read(self, statement: str) -> float:
        from psycopg2 import Error  # noqa: PLC0415

        from chassis.connections import connect  # noqa: PLC0415

        try:
            measuring = connect(self._database_url, application_name="comptoir-gauges", statement_timeout_seconds=MEASURE_SECONDS)
            with closing(measuring) as database, database.cursor() as cursor:
                cursor.execute(statement)
                return float(cursor.fetchone()[0])
        except Error:
            return float("nan")


def _wait_for_schema(package: str, settings: ServiceConfig, signals: Signals) -> bool:
    """Wait until the database answers and has this code's schema."""
    import psycopg2  # noqa: PLC0415

    from chassis.schema_version import is_current as has_all_migrations  # noqa: PLC0415

    reason = ""

    def is_current() -> bool:
        nonlocal reason
        try:
            current = has_all_migrations(folder_of(package), settings.database_url)
            reason = "" if current else "the schema is older than this code: run migrate"
        except psycopg2.Error as error:
            reason = f"the database does not answer: {error}"
        return not reason

    if not signals.wait(settings.startup_seconds, until=is_current):
        log.critical("gave up waiting", reason=reason, seconds=settings.startup_seconds)
    return not (signals.asked or reason)


def _beat(path: str) -> None:
    """Touch the heartbeat file while threads of this process get their turn: under eventlet, a blocked hub stops it."""
    if not path:
        return

    def beat() -> None:
        while True:
            Path(path).touch()
            time.sleep(HEARTBEAT_SECONDS)

    _in_background(beat, name="heartbeat")


def _in_background(work: Callable[[], object], *, name: str) -> threading.Thread:
    thread = threading.Thread(target=work, name=name, daemon=True)
    thread.start()
    return thread
