"""Claims about ports."""

import socket
import subprocess
import sys
from collections.abc import Iterator

import pytest

from local_servers import PortTaken, chosen_port, free_port
from local_servers.ports import FREE_RANGE, MOST_CLAIMED


@pytest.fixture
def taken_port() -> Iterator[int]:
    """A port somebody listens on, with a free one after it."""
    with socket.create_server(("127.0.0.1", free_port())) as server:
        yield server.getsockname()[1]


def test_a_free_port_can_be_listened_on_and_is_no_client_s() -> None:
    port = free_port()
    assert port in FREE_RANGE
    with socket.create_server(("127.0.0.1", port)):
        pass


def test_a_free_port_is_given_once_though_no_server_has_taken_it_yet() -> None:
    given = {free_port() for _ in range(MOST_CLAIMED)}
    assert len(given) == MOST_CLAIMED
    code = f"import random; from local_servers import free_port; random.sample = lambda every, _: [*{given}, *every]; print(free_port())"
    other = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=30, check=True)
    assert int(other.stdout) not in given


def test_a_default_that_is_taken_gives_way_to_the_next_free_one(taken_port: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("A_PORT", raising=False)
    assert taken_port < chosen_port("A_PORT", taken_port) < taken_port + 100


def test_a_given_port_is_used(monkeypatch: pytest.MonkeyPatch) -> None:
    port = free_port()
    monkeypatch.setenv("A_PORT", str(port))
    assert chosen_port("A_PORT", 8000) == port


@pytest.mark.parametrize("given", ["taken", "not a number"])
def test_a_given_port_that_cannot_be_had_is_an_error_that_names_it(given: str, taken_port: int, monkeypatch: pytest.MonkeyPatch) -> None:
    value = str(taken_port) if given == "taken" else given
    monkeypatch.setenv("A_PORT", value)
    with pytest.raises(PortTaken, match=f"^A_PORT={value}: that port cannot be listened on"):
        chosen_port("A_PORT", 8000)
