"""Starting: wait for what is not there yet, give up with a sentence, say how it goes; and refuse what would harm everybody."""

import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests
from toy.config import Config

from chassis.runner import OutboxGauges, main
from chassis.testing import ServiceDatabase, eventually
from chassis.testing.databases import Templates
from local_servers import PostgresServer, RabbitNode, free_port

from .conftest import Stage


@pytest.fixture
def empty(templates: Templates) -> Iterator[ServiceDatabase]:
    """A database that nobody has migrated."""
    made = templates.empty()
    yield made
    made.drop()


def nowhere(scheme: str) -> str:
    return f"{scheme}://guest:guest@127.0.0.1:{free_port()}/nothing"


def test_a_service_waits_for_its_schema(fresh_stage: Stage, empty: ServiceDatabase) -> None:
    """Trap: the migration runs while the services start, and they crash until it is done."""
    toy = fresh_stage.run(wait=False, DATABASE_URL=empty.url)
    relay = fresh_stage.run("relay", wait=False, DATABASE_URL=empty.url)
    time.sleep(1.5)
    assert toy.running
    assert not toy.ready()
    migration = fresh_stage.run("migrate", wait=False, DATABASE_URL=empty.url)
    assert migration.wait() == 0
    assert '"event": "the schema is current"' in migration.text()
    toy.wait_ready()
    relay.wait_ready()


@pytest.mark.parametrize("command", ["serve", "relay"])
def test_it_gives_up_on_a_schema_with_a_sentence(stage: Stage, empty: ServiceDatabase, command: str) -> None:
    process = stage.run(command, wait=False, DATABASE_URL=empty.url, STARTUP_SECONDS="0.5")
    assert process.wait() == 1
    assert "gave up waiting" in process.text()
    assert "the schema is older than this code: run migrate" in process.text()


def test_it_gives_up_on_a_database_with_a_sentence(stage: Stage) -> None:
    process = stage.run(wait=False, DATABASE_URL=nowhere("postgresql"), STARTUP_SECONDS="0.5")
    assert process.wait() == 1
    assert "the database does not answer" in process.text()


def test_it_gives_up_on_a_broker_with_a_sentence(stage: Stage) -> None:
    process = stage.run(wait=False, AMQP_URI=nowhere("amqp"), STARTUP_SECONDS="2")
    assert process.wait() == 1
    assert "the broker does not answer" in process.text()


def test_it_waits_for_a_broker_and_says_what_it_waits_for(stage: Stage, rabbit: RabbitNode) -> None:
    """Alive is not ready: a supervisor that kills what waits for a broker makes an outage longer."""
    process = stage.run(wait=False, AMQP_URI=rabbit.uri("not-yet"))

    def get(path: str) -> requests.Response:
        return requests.get(f"http://127.0.0.1:{process.port}{path}", timeout=5)

    def waiting() -> bool:
        try:
            return bool(get("/readyz").json() == {"status": "not ready", "checks": {"broker": False, "database": True}})
        except requests.ConnectionError:
            return False

    eventually(waiting)
    assert get("/readyz").status_code == 503
    assert get("/healthz").json() == {"status": "alive"}
    assert get("/nothing").status_code == 404
    assert "comptoir_broker_connected" in get("/metrics").text
    assert process.metric("comptoir_broker_connected", service="toy") == 0
    rabbit.add_vhost("not-yet")
    process.wait_ready()
    assert process.metric("comptoir_broker_connected", service="toy") == 1
    assert process.terminate() == 0
    rabbit.remove_vhost("not-yet")


def test_a_driver_that_blocks_the_hub_is_refused(stage: Stage) -> None:
    """Trap: while one statement waits for the database, nothing else runs; nobody notices until the load comes."""
    process = stage.run(wait=False, package="toy.blocking")
    assert process.wait() == 1
    assert "refused to start" in process.text()
    assert "The database driver blocks the hub" in process.text()


def test_the_database_is_part_of_being_ready(fresh_stage: Stage, postgres: PostgresServer) -> None:
    toy = fresh_stage.run()
    gauges = OutboxGauges(fresh_stage.database.url)
    assert (gauges.size(), gauges.oldest_seconds()) == (0, 0)
    postgres.stop()
    try:
        eventually(lambda: not toy.ready())
        assert str(gauges.size()) == "nan"
        assert toy.running
    finally:
        postgres.start()
    eventually(toy.ready)


def test_the_heartbeat_stops_when_the_hub_is_blocked(stage: Stage, tmp_path: Path) -> None:
    """Trap: a process whose every call hangs answers its liveness probe from a thread that does not. This one beats among the workers."""
    beat = tmp_path / "beat"
    toy = stage.run(HEARTBEAT_FILE=str(beat))

    def age() -> float:
        return time.time() - beat.stat().st_mtime

    first = beat.stat().st_mtime
    eventually(lambda: beat.stat().st_mtime > first)
    with pytest.raises(Exception, match="in time"):
        stage.bus.call("toy", "block", {"seconds": 2.5}, timeout_seconds=2)
    assert age() > 1.5
    eventually(lambda: age() < 1)
    assert toy.terminate() == 0


def test_the_console_has_a_format_of_its_own(stage: Stage) -> None:
    toy = stage.run(LOG_FORMAT="console")
    assert toy.terminate() == 0
    assert "serving" in toy.text()
    assert '{"' not in toy.text()


def test_a_command_of_a_services_own_gets_its_configuration_and_the_rest_of_the_line(stage: Stage) -> None:
    assert stage.command("repeat", "two", "--words") == (2, "INFO two --words\n")


@pytest.mark.parametrize(
    ("environment", "sentence"),
    [
        ({}, "toy: These variables must be set: DATABASE_URL"),
        ({"DATABASE_URL": "x", "HEALTH_PORT": "many"}, "toy: HEALTH_PORT='many' cannot be used: invalid literal"),
        ({"DATABASE_URL": "x", "LOG_LEVEL": "loud"}, "toy: LOG_LEVEL='loud' cannot be used: it is one of DEBUG, INFO"),
    ],
)
def test_an_environment_that_will_not_do_is_named(
    environment: dict[str, str], sentence: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for name in ("DATABASE_URL", "HEALTH_PORT", "LOG_LEVEL"):
        monkeypatch.delenv(name, raising=False)
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    with pytest.raises(SystemExit) as end:
        main(package="toy", service="toy.service:ToyService", config=Config, arguments=["migrate"])
    assert str(end.value.code).startswith(sentence)
    assert capsys.readouterr().out == ""


def test_the_topology_of_the_whole_platform_is_declared_by_everybody(fresh_stage: Stage, tmp_path: Path) -> None:
    """Trap: at the first deployment a service publishes before its readers' queues exist, and the events are gone."""
    file = tmp_path / "topology.json"
    file.write_text('{"reader": {"reads": [["toy", "marked"]]}, "toy": {"reads": []}}')
    fresh_stage.run("relay", TOPOLOGY_FILE=str(file))
    toy = fresh_stage.run(TOPOLOGY_FILE=str(file))
    fresh_stage.bus.call("toy", "mark", {"what": "early"}, idempotency_key="k")
    eventually(lambda: fresh_stage.waiting() == 0)
    fresh_stage.bus.publish("elsewhere", "happened", {"what": "own"})
    eventually(lambda: fresh_stage.marks("on_happened") == ["own"])
    count = messages_in(fresh_stage, "reader.inbox")
    assert count >= 1
    assert toy.running


def messages_in(stage: Stage, queue: str) -> int:
    from chassis.link import open_connection  # noqa: PLC0415

    connection = open_connection(stage.amqp_uri, name="count")
    try:
        return int(connection.channel().queue_declare(queue, passive=True).message_count)
    finally:
        connection.close()


def test_housekeeping_runs_beside_the_relay(fresh_stage: Stage) -> None:
    """And what breaks it does not break the relay."""
    database = fresh_stage.database
    database.execute("INSERT INTO leases (job, period, created_at) VALUES ('old', 1, now() - interval '2 days')")
    relay = fresh_stage.run("relay", HOUSEKEEPING_SECONDS="0.1")
    eventually(lambda: database.query("SELECT * FROM leases") == [])
    database.execute("ALTER TABLE leases RENAME TO elsewhere")
    eventually(lambda: "housekeeping failed; the next time tries again" in relay.text())
    assert relay.running


def test_unknown_commands_are_refused(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(package="toy", service="toy.service:ToyService", config=Config, arguments=["juggle"])
    assert "invalid choice: 'juggle'" in capsys.readouterr().err
