"""The mail server of the tests: a real one, which keeps what it takes and refuses as it is told."""

from dataclasses import dataclass, field
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import Any

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import Envelope

from local_servers import free_port

HOST = "127.0.0.1"


@dataclass(kw_only=True)
class MailServer:
    """Takes mail on a port of its own. `answers` maps an address (sender or recipient) or `DATA` to what it says instead of 250."""

    answers: dict[str, str] = field(default_factory=dict)
    mails: list[EmailMessage] = field(default_factory=list)
    port: int = field(default_factory=free_port)
    _controller: Controller | None = None

    @property
    def url(self) -> str:
        """Where it takes mail."""
        return f"smtp://{HOST}:{self.port}"

    def start(self) -> None:
        """Take mail."""
        self._controller = Controller(self, hostname=HOST, port=self.port)
        self._controller.start()

    def stop(self) -> None:
        """Be away."""
        if self._controller is not None:
            self._controller.stop()
            self._controller = None

    async def handle_MAIL(self, _server: Any, _session: Any, envelope: Envelope, address: str, _options: list[str]) -> str:  # noqa: N802  aiosmtpd's names and order
        """Take a sender."""
        envelope.mail_from = address
        return self.answers.get(address, "250 OK")

    async def handle_RCPT(self, _server: Any, _session: Any, envelope: Envelope, address: str, _options: list[str]) -> str:  # noqa: N802  as above
        """Take a recipient."""
        envelope.rcpt_tos.append(address)
        return self.answers.get(address, "250 OK")

    async def handle_DATA(self, _server: Any, _session: Any, envelope: Envelope) -> str:  # noqa: N802  as above
        """Take a message."""
        if "DATA" in self.answers:
            return self.answers["DATA"]
        assert isinstance(envelope.content, bytes)
        self.mails.append(message_from_bytes(envelope.content, policy=policy.default))
        return "250 OK"
