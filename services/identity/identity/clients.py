"""What identity takes from outside its own tables: a pepper from the environment, the work of hashing, and the way out for mail."""

import contextlib
import secrets
import smtplib
import ssl
from datetime import datetime
from email.message import EmailMessage
from email.utils import format_datetime, parseaddr
from urllib.parse import unquote, urlsplit

from argon2 import PasswordHasher
from argon2.exceptions import VerifyMismatchError
from argon2.low_level import Type

from chassis.concurrency import off_the_hub
from chassis.wiring import Wiring
from identity import errors

SMTP_TIMEOUT_SECONDS = 5
"""For each step of the conversation; there are at most ten, and all of them fit into usecases.SENDING_TIME."""

PERMANENT = range(500, 600)


def api_key_pepper(wiring: Wiring) -> bytes:
    """Give the secret under which key digests are stored: whoever reads the database alone cannot test a key against it."""
    pepper: str = wiring.config.api_key_pepper
    return pepper.encode()


class Passwords:
    """Argon2id, by the parameters OWASP's Password Storage Cheat Sheet gives as the smallest in memory.

    19 MiB and two passes withstand an attack like its 46 MiB and one pass, and keep ten workers that hash at once under 200 MiB.
    The parameters are in each hash, so they can grow later.
    """

    def __init__(self, _wiring: Wiring) -> None:
        self._hasher = PasswordHasher(time_cost=2, memory_cost=19 * 1024, parallelism=1, type=Type.ID)
        self._nobodys = self._hasher.hash(secrets.token_urlsafe())

    def hash(self, password: str) -> str:
        """Hash the password with a salt of its own, in a thread: the tens of milliseconds it takes would stall every other request."""
        hashed: str = off_the_hub(self._hasher.hash, password)
        return hashed

    def matches(self, password: str, password_hash: str | None) -> bool:
        """Tell whether the hash is of this password, in a thread; where there is none, take as long to say no."""
        try:
            return off_the_hub(self._hasher.verify, password_hash or self._nobodys, password)
        except VerifyMismatchError:
            return False


class ResetPages:
    """Where the users of an account set a new password: the account's name in `reset_url_template`, never what a request says of itself."""

    def __init__(self, wiring: Wiring) -> None:
        self._template: str = wiring.config.reset_url_template

    def link(self, *, account_name: str, token: str) -> str:
        """Give the link that a mail holds."""
        return f"{self._template.format(name=account_name)}?token={token}"


class Mailer:
    """Hands messages to the mail server that `smtp_url` names.

    `smtp://host:port` speaks in plain (a mail catcher, a relay on the same machine), `smtp+starttls://` and `smtps://` encrypted and with
    the server's certificate verified; `user:password@` in front of the host logs in.
    """

    def __init__(self, wiring: Wiring) -> None:
        self._server = urlsplit(wiring.config.smtp_url)
        self._sender: str = wiring.config.mail_from
        self._sender_address = parseaddr(self._sender)[1]
        self._sender_host = self._sender_address.rpartition("@")[2]

    def send(self, *, message_id: str, recipient: str, language: str, subject: str, body: str, written_at: datetime) -> None:
        """Send one message, the same each time for the same id, down to its Message-ID: a receiver can drop a repeat.

        Raises `MailRefused` where the server will never take it, and `MailUnavailable` where it may take it later.
        """
        message = EmailMessage()
        message["From"] = self._sender
        message["To"] = recipient
        message["Subject"] = subject
        message["Date"] = format_datetime(written_at)
        message["Message-ID"] = f"<{message_id}@{self._sender_host}>"
        message["Auto-Submitted"] = "auto-generated"  # RFC 3834: nobody's out-of-office answers this
        message.set_content(body)
        message["Content-Language"] = language
        try:
            self._hand_over(message, recipient)
        except smtplib.SMTPRecipientsRefused as error:
            code, reason = error.recipients[recipient]
            raise _refusal(code, reason) from error
        except smtplib.SMTPSenderRefused as error:  # our own address is at fault, not the message: it can be mended
            raise errors.MailUnavailable(reason=str(error)) from error
        except smtplib.SMTPDataError as error:
            raise _refusal(error.smtp_code, error.smtp_error) from error
        except (smtplib.SMTPException, OSError) as error:
            raise errors.MailUnavailable(reason=str(error)) from error

    def _hand_over(self, message: EmailMessage, recipient: str) -> None:
        smtp = self._connected()
        try:
            smtp.send_message(message, self._sender_address, [recipient])
            with contextlib.suppress(smtplib.SMTPException, OSError):  # the message is taken: how the server says goodbye does not matter
                smtp.quit()
        finally:
            smtp.close()

    def _connected(self) -> smtplib.SMTP:
        host, port = self._server.hostname or "127.0.0.1", self._server.port or smtplib.SMTP_PORT
        if self._server.scheme == "smtps":
            smtp: smtplib.SMTP = smtplib.SMTP_SSL(
                host, port, self._sender_host, timeout=SMTP_TIMEOUT_SECONDS, context=ssl.create_default_context()
            )
        else:
            smtp = smtplib.SMTP(host, port, self._sender_host, timeout=SMTP_TIMEOUT_SECONDS)
        try:
            if self._server.scheme == "smtp+starttls":
                smtp.starttls(context=ssl.create_default_context())
            if self._server.username is not None:
                smtp.login(unquote(self._server.username), unquote(self._server.password or ""))
        except BaseException:
            smtp.close()
            raise
        return smtp


def _refusal(code: int, reason: bytes | str) -> errors.MailRefused | errors.MailUnavailable:
    said = f"{code} {reason.decode(errors='replace') if isinstance(reason, bytes) else reason}"
    return errors.MailRefused(reason=said) if code in PERMANENT else errors.MailUnavailable(reason=said)
