"""Handing messages to a real mail server."""

import socket
import ssl
import subprocess
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from chassis.mail import Mailer, MailRefused, MailUnavailable
from chassis.testing.mail import MailServer, mailer_to

MESSAGE: dict[str, Any] = {
    "message_id": "ntc_01",
    "recipient": "notices@atelier.example",
    "language": "fr",
    "subject": "La facture est payée",
    "body": "Déjà payée : 39,20 EUR.\n",
    "written_at": datetime(2026, 3, 31, 9, 30, tzinfo=UTC),
}


@pytest.fixture
def mailer(mail_server: MailServer) -> Mailer:
    return mailer_to(mail_server.url)


def test_a_message_says_who_writes_to_whom_when_and_that_no_answer_is_wanted(mailer: Mailer, mail_server: MailServer) -> None:
    mailer.send(**MESSAGE)
    (mail,) = mail_server.mails
    assert (mail.sender, mail.recipients) == ("notices@comptoir.example", ["notices@atelier.example"])
    message = mail.message
    assert {name: message[name] for name in ("From", "To", "Subject", "Date", "Message-ID", "Content-Language", "Auto-Submitted")} == {
        "From": "Comptoir <notices@comptoir.example>",
        "To": "notices@atelier.example",
        "Subject": "La facture est payée",
        "Date": "Tue, 31 Mar 2026 09:30:00 +0000",
        "Message-ID": "<ntc_01@comptoir.example>",
        "Content-Language": "fr",
        "Auto-Submitted": "auto-generated",
    }
    assert message.get_content_type() == "text/plain"
    assert message.get_content().replace("\r\n", "\n") == MESSAGE["body"]


def test_a_message_is_the_same_to_the_byte_each_time_it_is_sent(mailer: Mailer, mail_server: MailServer) -> None:
    mailer.send(**MESSAGE)
    mailer.send(**MESSAGE)
    first, second = mail_server.mails
    assert first == second


@pytest.mark.parametrize(("copied_to", "copies"), [("ops@atelier.example", 1), (MESSAGE["recipient"], 0)])
def test_a_copy_says_less_and_nobody_gets_two(mailer: Mailer, mail_server: MailServer, copied_to: str, copies: int) -> None:
    mailer.send(**MESSAGE, copied_to=copied_to, copied_body="Déjà payée.\n")
    sent, *copied = mail_server.mails
    assert (sent.recipients, sent.message.get_content().strip()) == ([MESSAGE["recipient"]], MESSAGE["body"].strip())
    assert [(mail.recipients, mail.message.get_content().strip()) for mail in copied] == [([copied_to], "Déjà payée.")] * copies
    assert {mail.message["Cc"] for mail in copied} <= {copied_to}


@pytest.mark.parametrize(
    ("at", "answer", "refusal"),
    [
        ("notices@atelier.example", "550 No such mailbox", MailRefused),
        ("notices@atelier.example", "450 Come back later", MailUnavailable),
        ("DATA", "554 Not this", MailRefused),
        ("DATA", "452 No room now", MailUnavailable),
        ("notices@comptoir.example", "550 Who are you", MailUnavailable),
    ],
)
def test_a_refusal_for_good_is_told_from_one_for_now(
    mailer: Mailer, mail_server: MailServer, at: str, answer: str, refusal: type[Exception]
) -> None:
    mail_server.answers[at] = answer
    with pytest.raises(refusal, match=answer.partition(" ")[2]):
        mailer.send(**MESSAGE)
    assert not mail_server.mails


def test_a_server_that_is_away_is_unavailable(mailer: Mailer, mail_server: MailServer) -> None:
    mail_server.stop()
    with pytest.raises(MailUnavailable):
        mailer.send(**MESSAGE)


def test_a_server_that_hangs_up_instead_of_saying_goodbye_has_taken_the_message(mailer: Mailer, mail_server: MailServer) -> None:
    mail_server.answers["QUIT"] = "hang up"
    mailer.send(**MESSAGE)
    assert len(mail_server.mails) == 1


def test_a_server_that_says_nothing_is_not_waited_for_longer_than_allowed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("chassis.mail.SMTP_TIMEOUT_SECONDS", 0.2)
    with socket.create_server(("127.0.0.1", 0)) as silent, pytest.raises(MailUnavailable):
        mailer_to(f"smtp://127.0.0.1:{silent.getsockname()[1]}").send(**MESSAGE)


def test_a_server_that_asks_for_no_login_refuses_one(mail_server: MailServer) -> None:
    with pytest.raises(MailUnavailable):
        mailer_to(mail_server.url.replace("//", "//somebody:secret@")).send(**MESSAGE)


@pytest.fixture
def certificate(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ssl.SSLContext:
    """The server's side of a certificate that this process trusts."""
    key, file = tmp_path / "key.pem", tmp_path / "certificate.pem"
    subject = ["-subj", "/CN=127.0.0.1", "-addext", "subjectAltName=IP:127.0.0.1"]
    command = ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "1", *subject]
    subprocess.run([*command, "-keyout", key, "-out", file], check=True, capture_output=True)
    monkeypatch.setenv("SSL_CERT_FILE", str(file))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(file, key)
    return context


@pytest.mark.parametrize(("scheme", "starttls"), [("smtps", False), ("smtp+starttls", True)])
def test_mail_can_go_encrypted_to_a_server_whose_certificate_is_trusted(
    certificate: ssl.SSLContext, scheme: str, *, starttls: bool
) -> None:
    server = MailServer(tls=certificate, starttls=starttls)
    server.start()
    try:
        mailer_to(server.url.replace("smtp://", f"{scheme}://")).send(**MESSAGE)
    finally:
        server.stop()
    assert len(server.mails) == 1


def test_mail_does_not_go_in_plain_where_encryption_was_asked_for(mail_server: MailServer) -> None:
    with pytest.raises(MailUnavailable):
        mailer_to(mail_server.url.replace("smtp://", "smtp+starttls://")).send(**MESSAGE)
    assert not mail_server.mails
