"""The real gateway process, as clients of every kind reach it."""

import json
import socket
from collections.abc import Callable
from typing import Any

import requests

from chassis.testing import Peer, ServiceProcess
from gateway.schemas.accounts import Account
from gateway.schemas.examples import example_of
from local_servers import free_port

KEY = "ck_live_" + "a" * 43
KEY_ID = "key_01KAMV7Q9ZC4S2T1X8RJ5N6B3D"
AGENCY_ID = "agy_01KAMV7Q9ZC4S2T1X8RJ5N6B3D"
OWNER = "usr_01KAMV7Q9ZC4S2T1X8RJ5N6B3E"
ACCOUNT_ID = "acc_01KAMV7Q9ZC4S2T1X8RJ5N6B3D"
PATH = f"/v1/accounts/{ACCOUNT_ID}"
RPC_ACCOUNT = {"selection" if name == "plan" else name: value for name, value in example_of(Account).items()} | {"version": 1}
SLOW_CLIENT_SECONDS = 1

MakePeer = Callable[..., Peer]


class Gateway:
    """The process, and where it is."""

    def __init__(self, amqp_uri: str, **environment: str) -> None:
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        variables = {
            "AMQP_URI": amqp_uri,
            "BIND": f"127.0.0.1:{self.port}",
            "LOG_FORMAT": "json",
            "SLOW_CLIENT_SECONDS": str(SLOW_CLIENT_SECONDS),
            **environment,
        }
        self.process = ServiceProcess("gateway", "serve", variables)

    def get(self, path: str, **headers: str) -> requests.Response:
        return requests.get(self.url + path, headers={"Authorization": f"Bearer {KEY}", **headers}, timeout=15)

    def raw(self, *parts: bytes, wait_seconds: float = 10) -> bytes:
        """Send bytes, and give what comes back until the other side hangs up."""
        with socket.create_connection(("127.0.0.1", self.port), timeout=wait_seconds) as connection:
            for part in parts:
                connection.sendall(part)
            answer = b""
            while piece := connection.recv(65536):
                answer += piece
            return answer

    def lines(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.process.log if line.startswith("{")]

    def workers(self) -> list[int]:
        """The worker processes that were started so far, as the log has it."""
        return [int(line["event"].rpartition(" ")[2]) for line in self.lines() if line["event"].startswith("Booting worker")]


def key_by_digest(_request: dict[str, Any]) -> dict[str, Any]:
    return {"key_id": KEY_ID, "agency_id": AGENCY_ID, "scopes": ["accounts:read"], "test_mode": False, "name": "tests", "owner": OWNER}
