"""The mail catcher: what the platform sends arrives in a Maildir."""

from pathlib import Path

from aiosmtpd.controller import Controller
from aiosmtpd.handlers import Mailbox

from local_servers.ports import LOOPBACK


class MailCatcher:
    """An SMTP server on a loopback port that puts every message into a Maildir, in a thread of this process."""

    def __init__(self, folder: Path, port: int) -> None:
        self.folder = folder
        self._controller = Controller(Mailbox(folder), hostname=LOOPBACK, port=port)

    def start(self) -> None:
        """Begin to listen."""
        self._controller.start()

    def stop(self) -> None:
        """Stop listening; the mail stays."""
        self._controller.stop()
