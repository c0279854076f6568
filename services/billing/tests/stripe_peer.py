"""Stripe, played by localstripe over HTTP, behind a proxy of ours that adds what localstripe lacks and loses what networks lose.

Of Stripe's, localstripe lacks idempotency keys and the list of one customer's payment intents. The proxy keeps the first answer under each
key, as Stripe does, until `forget_keys`; `lose` swallows one request before or one answer after it has had its effect.
"""

import json
import socket
import subprocess
import sys
import threading
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass, field
from email.message import Message
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

from billing.clients.stripe_provider import StripeProvider
from chassis.testing import eventually
from local_servers import free_port

SECRET_KEY = "sk_test_localstripe"
WEBHOOK_SECRET = "whsec_test"
VISA = "4242424242424242"
CHARGING = ("POST", "/v1/payment_intents")


@dataclass(kw_only=True)
class StripePeer:
    """Where Stripe is, and what went by."""

    origin: str
    url: str = ""
    requests: list[tuple[str, str]] = field(default_factory=list)
    answers: dict[str, tuple[int, bytes]] = field(default_factory=dict)
    loses: str | None = None
    """What the next charge, or deletion, loses: its `request`, or its `answer`."""
    meanwhile: Callable[[], object] | None = None
    """What happens once, after the next charge was made and before that is answered."""

    def lose(self, what: str) -> None:
        """Have the next charge's, or deletion's, request or answer lost on its way."""
        self.loses = what

    def forget(self) -> None:
        """Forget everything."""
        self.forward("DELETE", "/_config/data", None, content_type="application/json")
        self.answers.clear()
        self.requests.clear()
        self.loses = self.meanwhile = None

    def forget_keys(self) -> None:
        """Forget what was answered under which idempotency key, as Stripe does after a day."""
        self.answers.clear()

    def ask(self, method: str, path: str, form: dict[str, Any] | None = None) -> Any:
        """Ask Stripe itself, past the proxy."""
        data = None if form is None else json.dumps(form).encode()
        return json.loads(self.forward(method, path, data, content_type="application/json")[1])

    def charged(self) -> list[int]:
        """The amount of every charge that Stripe made."""
        return [each["amount"] for each in self.ask("GET", "/v1/charges?limit=100")["data"] if each["status"] == "succeeded"]

    def refunded(self) -> list[int]:
        """The amount of every refund that Stripe made."""
        return [each["amount"] for each in self.ask("GET", "/v1/refunds?limit=100")["data"]]

    def customers(self) -> list[str]:
        """The ids of those whose cards are kept."""
        return [each["id"] for each in self.ask("GET", "/v1/customers?limit=100")["data"]]

    def a_card(self, number: str, *, expiry_year: int = 2040) -> str:
        """A card as a browser hands it over, by its number; gives its token."""
        card = {"number": number, "exp_month": 12, "exp_year": expiry_year, "cvc": "123"}
        return str(self.ask("POST", "/v1/payment_methods", {"type": "card", "card": card})["id"])

    def lost_of(self, method: str, path: str) -> str | None:
        """What is lost of this request, once."""
        if (method, path) != CHARGING and method != "DELETE":
            return None
        loses, self.loses = self.loses, None
        return loses

    def answer(self, method: str, path: str, data: bytes | None, headers: Message) -> tuple[int, bytes]:
        """The first answer under the request's key, or localstripe's."""
        key = headers.get("Idempotency-Key") if method == "POST" else None
        if key in self.answers:
            return self.answers[key]
        customer = parse_qs(urlsplit(path).query).get("customer")
        if path.startswith("/v1/payment_intents?") and customer:
            intents = self.ask("GET", "/v1/payment_intents?limit=1000")
            found = [each for each in intents["data"] if each["customer"] == customer[0]]
            return 200, json.dumps({**intents, "data": found, "has_more": False}).encode()
        answer = self.forward(method, path, data, content_type=headers.get("Content-Type") or "")
        if key is not None:
            self.answers[key] = answer
        if (method, path) == CHARGING and self.meanwhile is not None:
            happens, self.meanwhile = self.meanwhile, None
            happens()
        return answer

    def forward(self, method: str, path: str, data: bytes | None, *, content_type: str) -> tuple[int, bytes]:
        """Send a request on to localstripe."""
        headers = {"Authorization": f"Bearer {SECRET_KEY}", "Content-Type": content_type}
        asked = urllib.request.Request(self.origin + path, data=data, method=method, headers=headers)  # noqa: S310  http, to a peer of ours
        try:
            with urllib.request.urlopen(asked, timeout=10) as answer:  # noqa: S310  as above
                return answer.status, answer.read()
        except urllib.error.HTTPError as refused:
            return refused.code, refused.read()


@contextmanager
def playing_stripe(folder: Path) -> Iterator[StripePeer]:
    """Run localstripe on a free port of the loopback interface, and the proxy before it, for as long as the block."""
    port = free_port()
    command = [sys.executable, "-m", "localstripe", "--from-scratch", "--port", str(port)]
    with (folder / "localstripe.log").open("wb") as log:
        process = subprocess.Popen(command, stdout=log, stderr=log, cwd=folder)
    peer = StripePeer(origin=f"http://127.0.0.1:{port}")
    server = ThreadingHTTPServer(("127.0.0.1", 0), _proxy(peer))
    peer.url = f"http://127.0.0.1:{server.server_address[1]}"
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        eventually(lambda: _listens(port), within_seconds=30, what="localstripe to listen")
        yield peer
    finally:
        server.shutdown()
        server.server_close()
        process.terminate()
        process.wait(10)


def _proxy(peer: StripePeer) -> type[BaseHTTPRequestHandler]:
    class Proxy(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def _pass(self) -> None:
            length = int(self.headers.get("Content-Length") or 0)
            data = self.rfile.read(length) if length else None
            peer.requests.append((self.command, self.path))
            loses = peer.lost_of(self.command, self.path)
            if loses == "request":
                self._hang_up()
                return
            status, answer = peer.answer(self.command, self.path, data, self.headers)
            if loses == "answer":
                self._hang_up()
                return
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(answer)))
            self.end_headers()
            self.wfile.write(answer)

        do_GET = do_POST = do_DELETE = _pass  # noqa: N815  as http.server names them

        def _hang_up(self) -> None:
            self.close_connection = True
            with suppress(OSError):
                self.connection.shutdown(socket.SHUT_RDWR)

        def log_message(self, *_arguments: object) -> None:
            """Write nothing."""

    return Proxy


def _listens(port: int) -> bool:
    with closing(socket.socket()) as tried:
        tried.settimeout(1)
        return tried.connect_ex(("127.0.0.1", port)) == 0


def stripe_at(peer: StripePeer) -> StripeProvider:
    """Reach Stripe as billing does in production."""
    return StripeProvider(api_key=SECRET_KEY, webhook_secret=WEBHOOK_SECRET, api_base=peer.url)
