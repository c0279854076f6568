"""Claims about the servers that `make up` and the tests stand on."""

import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import amqp
import psutil
import psycopg2
import pytest

from local_servers import PostgresServer, RabbitNode, RedisServer, ServerFailed

PATIENCE_SECONDS = 30
QUEUE = "kept"
VHOSTS = "[binary_to_list(Name) || Name <- rabbit_vhost:list()]."


@pytest.fixture(scope="module")
def node(server_folder: Path) -> Iterator[RabbitNode]:
    """A node of our own: these tests kill it."""
    node = RabbitNode(server_folder / "rabbit-of-its-own")
    node.start()
    yield node
    node.stop()


@pytest.fixture(scope="module")
def server(server_folder: Path) -> Iterator[PostgresServer]:
    """A server of our own: these tests kill it."""
    server = PostgresServer(server_folder / "postgres-of-its-own", durable=False)
    server.start()
    yield server
    server.stop()


@contextmanager
def channel(node: RabbitNode, vhost: str) -> Iterator[Any]:
    with amqp.Connection(f"127.0.0.1:{node.port}", virtual_host=vhost, connect_timeout=5) as connection:
        yield connection.channel()


def put(node: RabbitNode, vhost: str, word: str) -> None:
    with channel(node, vhost) as wire:
        wire.confirm_select()
        wire.queue_declare(QUEUE, durable=True, auto_delete=False, arguments={"x-queue-type": "quorum"})
        wire.basic_publish_confirm(amqp.Message(word), routing_key=QUEUE)


def take(node: RabbitNode, vhost: str) -> str:
    """Take one message; a queue that has just come back has no leader for a moment."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    with channel(node, vhost) as wire:
        while time.monotonic() < deadline:
            if (message := wire.basic_get(QUEUE, no_ack=True)) is not None:
                return str(message.body)
    pytest.fail("the message is lost")


def test_vhosts_come_and_go_whatever_their_names(node: RabbitNode) -> None:
    name = 'a "strange">> näme'
    assert node.add_vhost(name) == node.add_vhost(name) == node.uri(name)
    put(node, name, "here")
    assert take(node, name) == "here"
    node.remove_vhost(name)
    node.remove_vhost(name)
    with pytest.raises(amqp.exceptions.NotAllowed), channel(node, name):
        pass


def test_a_killed_node_starts_again_with_its_messages(node: RabbitNode) -> None:
    node.add_vhost("kept")
    put(node, "kept", "before")
    node.write_down()
    node.kill()
    node.start()
    assert take(node, "kept") == "before"


def test_two_nodes_do_not_know_each_other(node: RabbitNode, rabbit: RabbitNode) -> None:
    node.add_vhost("only-here")
    assert "only-here" in node.erlang(VHOSTS)
    assert "only-here" not in rabbit.erlang(VHOSTS)


def test_a_memory_alarm_is_raised_and_cleared(node: RabbitNode) -> None:
    node.set_memory_alarm(True)
    assert "memory" in node.erlang("rabbit_alarm:get_alarms().")
    node.set_memory_alarm(False)
    assert node.erlang("rabbit_alarm:get_alarms().") == "[]"


def test_what_the_node_cannot_do_is_an_error(node: RabbitNode) -> None:
    with pytest.raises(ServerFailed, match="undef"):
        node.erlang("nobody:nothing().")


def test_a_killed_server_starts_again_with_its_data(server: PostgresServer) -> None:
    url = server.create_database("kept")
    with closing(psycopg2.connect(url)) as connection, connection, connection.cursor() as cursor:
        cursor.execute("CREATE TABLE words AS SELECT 'before' AS word")
    server.kill()
    server.start()
    assert server.create_database("kept") == url
    with closing(psycopg2.connect(url)) as connection, connection.cursor() as cursor:
        cursor.execute("SELECT word FROM words")
        assert cursor.fetchone() == ("before",)


def test_a_restart_keeps_the_address(server: PostgresServer) -> None:
    url = server.url()
    server.restart()
    assert server.url() == url
    assert server.answers()


def test_a_second_server_on_the_same_data_is_refused(server: PostgresServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("local_servers.postgres.STOP_SECONDS", 0.2)
    with pytest.raises(ServerFailed, match=r"Another PostgreSQL \(process \d+\) is using"):
        PostgresServer(server.folder).start()


def test_servers_end_with_the_process_that_started_them_even_when_it_is_killed(server_folder: Path) -> None:
    folder = server_folder / "postgres-of-the-killed"
    code = (
        "import sys, time; from pathlib import Path; from local_servers import PostgresServer;"
        "server = PostgresServer(Path(sys.argv[1])); server.start(); print(server._process.pid, flush=True); time.sleep(60)"
    )
    with subprocess.Popen([sys.executable, "-c", code, str(folder)], stdout=subprocess.PIPE) as starter:
        assert starter.stdout is not None
        postgres = psutil.Process(int(starter.stdout.readline()))
        starter.send_signal(signal.SIGKILL)
    gone, alive = psutil.wait_procs([postgres], timeout=PATIENCE_SECONDS)
    assert (gone, alive) == ([postgres], [])


def test_a_redis_stands_still_goes_on_and_comes_back_empty_at_its_address(server_folder: Path) -> None:
    redis = RedisServer(server_folder / "redis-of-its-own")
    redis.start()
    try:
        redis.pause()
        assert not redis.answers()
        redis.go_on()
        assert redis.answers()
        redis.kill()
        assert not redis.answers()
        redis.start()
        assert redis.answers()
    finally:
        redis.stop()
    assert not redis.answers()
