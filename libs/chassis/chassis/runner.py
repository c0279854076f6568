"""`python -m <service> serve | relay | migrate | parking-lot`: every process of a service begins here.

nameko's own command needs pkg_resources, patches after importing, and neither waits for its surroundings nor drains; this one does.
"""

import argparse
import importlib
import os
import signal
import sys
import threading
import time
from pathlib import Path

import structlog

from chassis.config import ConfigurationError, ServiceConfig

HEARTBEAT_SECONDS = 2.0
FORGET_SECONDS = 60.0

log = structlog.get_logger()


def main(*, package: str, service: str, config: type[ServiceConfig], arguments: list[str] | None = None) -> None:
    """Run the process that the command line asks for; `service` is `module:Class`, imported only where it is served."""
    parser = argparse.ArgumentParser(prog=f"python -m {package}")
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("serve", help="answer calls and handle events until SIGTERM")
    commands.add_parser("relay", help="publish the outbox until SIGTERM")
    commands.add_parser("migrate", help="bring the database to this code's schema")
    commands.add_parser("parking-lot", help="list, show, replay, discard", add_help=False)
    options, rest = parser.parse_known_args(arguments)
    if options.command == "serve":
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
            sys.exit(_relay(package, service, settings))
        case "migrate":
            _migrate(package, settings)
        case _:
            from chassis import parking_lot  # noqa: PLC0415

            sys.exit(parking_lot.main(settings.amqp_uri, rest))


def folder_of(package: str) -> Path:
    """The service's folder, which holds `migrations/`."""
    return Path(importlib.import_module(package).__file__ or "").resolve().parent.parent


def _migrate(package: str, settings: ServiceConfig) -> None:
    from chassis import migrations  # noqa: PLC0415

    migrations.upgrade(folder_of(package), settings.database_url)
    log.info("the schema is current")


def _serve(package: str, service: str, settings: ServiceConfig) -> int:
    import eventlet  # noqa: PLC0415

    from chassis import health, metrics  # noqa: PLC0415
    from chassis.broker import Broker  # noqa: PLC0415
    from chassis.container import CONFIG, Container  # noqa: PLC0415
    from chassis.wiring import Resources  # noqa: PLC0415

    module, _, name = service.partition(":")
    container = Container(getattr(importlib.import_module(module), name), {CONFIG: settings, "AMQP_URI": settings.amqp_uri})
    if not _wait_for_schema(package, settings):
        return 1
    container.max_workers = 2 * (settings.rpc_workers + settings.event_workers)
    container._worker_pool.resize(container.max_workers)  # noqa: SLF001  the size it makes itself is nameko's default of 10
    container.start()
    broker = container.shared_extensions[Broker]
    database = container.shared_extensions[Resources].database
    try:
        database.refuse_blocking_driver()
    except RuntimeError as error:
        log.critical("refused to start", reason=str(error))
        return 1
    metrics.POOL_IN_USE.labels(package).set_function(database.connections_in_use)
    if settings.health_port:
        health.serve(settings.health_host, settings.health_port, {"broker": lambda: broker.ready, "database": database.answers})
    stopping = _on_signals()
    _beat(settings.heartbeat_file, stopping)
    log.info("serving", pid=os.getpid())
    stopping.wait()
    log.info("draining", seconds=settings.drain_seconds)
    with eventlet.Timeout(settings.drain_seconds, exception=False):
        container.stop()
        log.info("stopped")
        return 0
    log.error("stopped before everything had ended; what was not acknowledged comes again")
    return 1


def _relay(package: str, service: str, settings: ServiceConfig) -> int:
    import psycopg2  # noqa: PLC0415

    from chassis import health, metrics  # noqa: PLC0415
    from chassis.housekeeping import forget  # noqa: PLC0415
    from chassis.relay import Relay  # noqa: PLC0415
    from chassis.topology import ServiceTopology, Topology  # noqa: PLC0415

    topology = (
        Topology.load(Path(settings.topology_file)) if settings.topology_file else Topology(services=(ServiceTopology(service=package),))
    )
    if not _wait_for_schema(package, settings):
        return 1
    relay = Relay(
        service=package,
        database_url=settings.database_url,
        amqp_uri=settings.amqp_uri,
        topology=topology,
        retry_delays_seconds=settings.retry_delays_seconds,
        batch=settings.relay_batch,
    )
    stopping = _on_signals()
    _beat(settings.heartbeat_file, stopping)
    if settings.health_port:
        gauges = OutboxGauges(package, settings.database_url)
        metrics.OUTBOX_SIZE.labels(package).set_function(gauges.size)
        metrics.OUTBOX_AGE.labels(package).set_function(gauges.oldest_seconds)
        health.serve(settings.health_host, settings.health_port, {"relay": lambda: relay.connected})

    def keep_house() -> None:
        while not stopping.wait(FORGET_SECONDS):
            try:
                database = psycopg2.connect(settings.database_url)
                try:
                    forget(database)
                finally:
                    database.close()
            except psycopg2.Error as error:
                log.warning("housekeeping failed; the next minute tries again", error=str(error))

    threading.Thread(target=keep_house, daemon=True).start()
    worker = threading.Thread(target=relay.run, name="relay")
    worker.start()
    stopping.wait()
    relay.stop()
    worker.join(settings.drain_seconds)
    return 0


class OutboxGauges:
    """Reads the outbox's size and age at each scrape."""

    def __init__(self, service: str, database_url: str) -> None:
        self._service = service
        self._database_url = database_url

    def size(self) -> float:
        """How many events wait."""
        return self._read("SELECT count(*) FROM outbox")

    def oldest_seconds(self) -> float:
        """How long the oldest has waited."""
        return self._read("SELECT coalesce(extract(epoch FROM now() - min(created_at)), 0) FROM outbox")

    def _read(self, statement: str) -> float:
        import psycopg2  # noqa: PLC0415

        try:
            database = psycopg2.connect(self._database_url, connect_timeout=2)
        except psycopg2.Error:
            return float("nan")
        try:
            with database.cursor() as cursor:
                cursor.execute(statement)
                return float(cursor.fetchone()[0])
        finally:
            database.close()


def _wait_for_schema(package: str, settings: ServiceConfig) -> bool:
    """Wait until the database answers and has this code's schema."""
    from sqlalchemy.exc import SQLAlchemyError  # noqa: PLC0415

    from chassis import migrations  # noqa: PLC0415

    deadline = time.monotonic() + settings.startup_seconds
    reason = "the schema is older than this code: run migrate"
    while time.monotonic() < deadline:
        try:
            if migrations.is_current(folder_of(package), settings.database_url):
                return True
            reason = "the schema is older than this code: run migrate"
        except SQLAlchemyError as error:
            reason = f"the database does not answer: {error}"
        time.sleep(0.2)
    log.critical("gave up waiting", reason=reason, seconds=settings.startup_seconds)
    return False


def _on_signals() -> threading.Event:
    """An event that SIGTERM and SIGINT set."""
    stopping = threading.Event()

    def stop(_number: int, _frame: object) -> None:
        stopping.set()

    signal.signal(signal.SIGTERM, stop)
    signal.signal(signal.SIGINT, stop)
    return stopping


def _beat(path: str, stopping: threading.Event) -> None:
    """Touch the heartbeat file while threads of this process get their turn: under eventlet, a blocked hub stops it."""
    if not path:
        return

    def beat() -> None:
        while not stopping.is_set():
            Path(path).touch()
            stopping.wait(HEARTBEAT_SECONDS)

    threading.Thread(target=beat, name="heartbeat", daemon=True).start()
