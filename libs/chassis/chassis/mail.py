"""The way out for mail: for whoever in the platform writes to people."""

import contextlib
import smtplib
import ssl
from datetime import datetime
from email.message import EmailMessage
from email.utils import format_datetime, parseaddr
from urllib.parse import unquote, urlsplit

from chassis.errors import Refusal
from chassis.wiring import Wiring

SMTP_TIMEOUT_SECONDS = 5
"""For each step of the conversation; there are at most ten: whoever takes a message to send it keeps it for a minute."""

PERMANENT = range(500, 600)


class MailUnavailable(Refusal):
    """The mail server cannot be reached, or does not take anything just now."""

    kind = "unavailable"
    code = "mail_unavailable"
    message = "The mail server does not take mail now: {reason}"


class MailRefused(Refusal):
    """The mail server refuses this message for good (RFC 5321, section 4.2.1: 5yz)."""

    kind = "conflict"
    code = "mail_refused"
    message = "The mail server refuses the message: {reason}"


class Mailer:
    """Hands messages to the mail server that `smtp_url` names in the configuration, from `mail_from`.

    `smtp://host:port` speaks in plain (a mail catcher, a relay on the same machine), `smtp+starttls://` and `smtps://` encrypted and with
    the server's certificate verified; `user:password@` in front of the host logs in.
    """

    def __init__(self, wiring: Wiring) -> None:
        self._server = urlsplit(wiring.config.smtp_url)
        self._sender: str = wiring.config.mail_from
        self._sender_address = parseaddr(self._sender)[1]
        self._sender_host = self._sender_address.rpartition("@")[2]

    def send(
        self,
        *,
        message_id: str,
        recipient: str,
        language: str,
        subject: str,
        body: str,
        written_at: datetime,
        copied_to: str | None = None,
        copied_body: str = "",
    ) -> None:
        """Send one message, the same each time for the same id, down to its Message-ID: a receiver can drop a repeat.

        `copied_to` gets a copy, of which the recipient knows; it says `copied_body`, where not all of the message is for its eyes.
        Raises `MailRefused` where the server will never take it, and `MailUnavailable` where it may take it later.
        """
        letters, headers = {recipient: body}, {"To": recipient}
        if copied_to is not None and copied_to != recipient:
            letters[copied_to], headers["Cc"] = copied_body, copied_to
        for address, text in letters.items():
            self._send(
                address, headers=headers, message_id=message_id, language=language, subject=subject, body=text, written_at=written_at
            )

    def _send(
        self, recipient: str, *, headers: dict[str, str], message_id: str, language: str, subject: str, body: str, written_at: datetime
    ) -> None:
        message = EmailMessage()
        message["From"] = self._sender
        for name, address in headers.items():
            message[name] = address
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
            raise MailUnavailable(reason=str(error)) from error
        except smtplib.SMTPDataError as error:
            raise _refusal(error.smtp_code, error.smtp_error) from error
        except (smtplib.SMTPException, OSError) as error:
            raise MailUnavailable(reason=str(error)) from error

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
        with contextlib.ExitStack() as unless_ready:
            if self._server.scheme == "smtps":
                smtp: smtplib.SMTP = smtplib.SMTP_SSL(
                    host, port, self._sender_host, timeout=SMTP_TIMEOUT_SECONDS, context=ssl.create_default_context()
                )
            else:
                smtp = smtplib.SMTP(host, port, self._sender_host, timeout=SMTP_TIMEOUT_SECONDS)
            unless_ready.callback(smtp.close)
            if self._server.scheme == "smtp+starttls":
                smtp.starttls(context=ssl.create_default_context())
            if self._server.username is not None:
                smtp.login(unquote(self._server.username), unquote(self._server.password or ""))
            unless_ready.pop_all()
        return smtp


def _refusal(code: int, reason: bytes | str) -> MailRefused | MailUnavailable:
    said = f"{code} {reason.decode(errors='replace') if isinstance(reason, bytes) else reason}"
    return MailRefused(reason=said) if code in PERMANENT else MailUnavailable(reason=said)
