"""Who serves, as callers hear it: soon when a service goes away, soon when it is back, and nothing while the broker is away."""

import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from chassis.circuits import Circuits
from chassis.errors import DeadlineExceeded, Unavailable
from chassis.presence import Presence
from chassis.rpc_client import RpcClient
from chassis.testing import Peer, eventually, quickest
from local_servers import RabbitNode, free_port

MakePeer = Callable[..., Peer]


@pytest.fixture
def presence(amqp_uri: str) -> Iterator[Presence]:
    presence = Presence(amqp_uri, ["accounts", "billing"]).start()
    yield presence
    presence.stop()


@pytest.fixture
def client(amqp_uri: str, presence: Presence) -> Iterator[RpcClient]:
    client = RpcClient(amqp_uri, presence=presence).start()
    yield client
    client.stop()


def ping(client: RpcClient, *, timeout_seconds: float = 10) -> Any:
    return client.call("accounts", "ping", {}, timeout_seconds=timeout_seconds)


def test_a_service_that_nobody_serves_is_away_and_one_that_somebody_does_is_not(presence: Presence, peer: MakePeer) -> None:
    served = peer("accounts", ping=lambda _: {})
    eventually(lambda: presence.is_away("billing"), what="billing has no queue even")
    assert not presence.is_away("accounts")
    served.stop()
    eventually(lambda: presence.is_away("accounts"), within_seconds=5)
    peer("accounts", ping=lambda _: {})
    eventually(lambda: not presence.is_away("accounts"), within_seconds=5)


def test_a_call_under_way_hears_that_nobody_is_left_long_before_its_deadline(client: RpcClient, peer: MakePeer) -> None:
    served = peer("accounts", ping=lambda _: {})
    assert ping(client) == {}
    served.stop()

    def in_vain() -> None:
        with pytest.raises(Unavailable, match="nobody serves it"):
            ping(client)

    began = time.monotonic()
    in_vain()
    assert time.monotonic() - began < 2
    assert quickest(in_vain) < 0.2, "by now it is known"


def test_a_service_that_is_slow_is_not_away(client: RpcClient, peer: MakePeer) -> None:
    def slow(_request: dict[str, Any]) -> Any:
        time.sleep(1.5)
        return {"slow": True}

    peer("accounts", ping=slow)
    assert ping(client) == {"slow": True}


def test_a_pause_as_of_a_restart_is_waited_for(client: RpcClient, peer: MakePeer, presence: Presence) -> None:
    peer("accounts", ping=lambda _: {}).stop()
    peer("accounts", ping=lambda _: {"again": True})
    assert ping(client) == {"again": True}


def test_while_the_broker_is_away_nothing_is_known_and_afterwards_it_is_again(
    presence: Presence, peer: MakePeer, rabbit: RabbitNode
) -> None:
    peer("accounts", ping=lambda _: {})
    eventually(lambda: presence.is_away("billing"))
    rabbit.close_all_connections()
    eventually(lambda: not presence.is_away("billing"), what="it is not known")
    eventually(lambda: presence.is_away("billing"), what="it is known again")
    eventually(lambda: not presence.is_away("accounts"))


def slow(_request: dict[str, Any]) -> Any:
    time.sleep(1.5)
    return {}


def test_a_call_that_is_not_answered_ends_by_its_deadline_and_is_remembered(amqp_uri: str, presence: Presence, peer: MakePeer) -> None:
    peer("accounts", ping=slow)
    circuits = Circuits(most_waiting=4)
    client = RpcClient(amqp_uri, presence=presence, circuits=circuits).start()
    try:
        with pytest.raises(DeadlineExceeded):
            ping(client, timeout_seconds=1)
    finally:
        client.stop()
    assert circuits.of("accounts")._misses == 1


def test_a_call_that_is_not_answered_ends_by_its_deadline(client: RpcClient, peer: MakePeer) -> None:
    peer("accounts", ping=slow)
    with pytest.raises(DeadlineExceeded):
        ping(client, timeout_seconds=1)


def test_a_broker_that_was_never_there_says_nothing_of_any_service() -> None:
    presence = Presence(f"amqp://guest:guest@127.0.0.1:{free_port()}/", ["accounts"])
    presence._unserved_since["accounts"] = 0.0
    presence.start()
    eventually(lambda: not presence.is_away("accounts"), within_seconds=5)
    presence.stop()
