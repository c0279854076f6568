"""The mail server of the tests: a real one, which keeps what it takes and refuses as it is told."""

import ssl
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from email.message import EmailMessage
from types import SimpleNamespace
from typing import Any

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope

from chassis.mail import Mailer
from chassis.testing.peers import FakeCall
from chassis.wiring import Wiring
from local_servers import free_port

HOST = "127.0.0.1"


@dataclass(frozen=True, kw_only=True)
class Mail:
    """One message the server took."""

    sender: str
    recipients: list[str]
    content: bytes

    @property
    def message(self) -> EmailMessage:
        """The message, read."""
        return message_from_bytes(self.content, policy=policy.default)


@dataclass(kw_only=True)
class MailServer:
    """Takes mail on a port of its own. `answers` maps an address (sender or recipient), `DATA` or `QUIT` to what it says instead of 250."""

    answers: dict[str, str] = field(default_factory=dict)
    tls: ssl.SSLContext | None = None
    starttls: bool = False
    mails: list[Mail] = field(default_factory=list)
    port: int = field(default_factory=free_port)
    _controller: Controller | None = None

    @property
    def url(self) -> str:
        """Where it takes mail."""
        return f"smtp://{HOST}:{self.port}"

    def start(self) -> None:
        """Take mail."""
        if self.starttls:
            self._controller = Controller(self, hostname=HOST, port=self.port, tls_context=self.tls, require_starttls=True)
        else:
            self._controller = Controller(self, hostname=HOST, port=self.port, ssl_context=self.tls)
        self._controller.start()

    def stop(self) -> None:
        """Be away."""
        if self._controller is not None:
            self._controller.stop()
            self._controller = None

    @property
    def messages(self) -> list[EmailMessage]:
        """What it took, read, in order."""
        return [mail.message for mail in self.mails]

    def recipients(self) -> list[str]:
        """Every address that got something, in order."""
        return [recipient for mail in self.mails for recipient in mail.recipients]

    async def handle_MAIL(self, _server: Any, _session: Any, envelope: Envelope, address: str, _options: list[str]) -> str:  # noqa: N802  aiosmtpd's names and order
        """Take a sender."""
        envelope.mail_from = address
        return self.answers.get(address, "250 OK")

    async def handle_RCPT(self, _server: Any, _session: Any, envelope: Envelope, address: str, _options: list[str]) -> str:  # noqa: N802  as above
        """Take a recipient."""
        envelope.rcpt_tos.append(address)
        return self.answers.get(address, "250 OK")

    async def handle_QUIT(self, server: SMTP, _session: Any, _envelope: Envelope) -> str:  # noqa: N802  as above
        """Say goodbye, or just hang up."""
        if "QUIT" in self.answers and server.transport is not None:
            server.transport.close()
        return "221 Bye"

    async def handle_DATA(self, _server: Any, _session: Any, envelope: Envelope) -> str:  # noqa: N802  as above
        """Take a message."""
        if "DATA" in self.answers:
            return self.answers["DATA"]
        assert isinstance(envelope.content, bytes)
        self.mails.append(Mail(sender=str(envelope.mail_from), recipients=list(envelope.rcpt_tos), content=envelope.content))
        return "250 OK"


def mailer_to(url: str, *, mail_from: str = "Comptoir <notices@comptoir.example>") -> Mailer:
    """A mailer to the server at `url`."""
    return Mailer(Wiring(call=FakeCall(), config=SimpleNamespace(smtp_url=url, mail_from=mail_from)))
