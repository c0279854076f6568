"""The way out of the platform: mail."""

import contextlib
import smtplib
import ssl
from datetime import datetime
from email.message import EmailMessage
from email.utils import format_datetime, parseaddr
from urllib.parse import unquote, urlsplit

from chassis.wiring import Wiring
from notifications import errors

SMTP_TIMEOUT_SECONDS = 5
"""For each step of the conversation; there are at most ten, and all of them fit into usecases.SENDING_TIME."""

PERMANENT = range(500, 600)


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

    def send(
        self,
        *,
        notice_id: str,
        recipient: str,
        language: str,
        subject: str,
        body: str,
        written_at: datetime,
        copied_to: str | None = None,
        copied_body: str = "",
    ) -> None:
        """Send one message, the same each time for the same notice, down to its Message-ID: a receiver can drop a repeat.

        `copied_to` gets a copy, of which the recipient knows; it says `copied_body`, where not all of the message is for its eyes.
        Raises `MailRefused` where the server will never take it, and `MailUnavailable` where it may take it later.
        """
        letters, headers = {recipient: body}, {"To": recipient}
        if copied_to is not None and copied_to != recipient:
            letters[copied_to], headers["Cc"] = copied_body, copied_to
        for address, text in letters.items():
            self._send(address, headers=headers, notice_id=notice_id, language=language, subject=subject, body=text, written_at=written_at)

    def _send(
        self, recipient: str, *, headers: dict[str, str], notice_id: str, language: str, subject: str, body: str, written_at: datetime
    ) -> None:
        message = EmailMessage()
        message["From"] = self._sender
        for name, address in headers.items():
            message[name] = address
        message["Subject"] = subject
        message["Date"] = format_datetime(written_at)
        message["Message-ID"] = f"<{notice_id}@{self._sender_host}>"
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
