"""The mail that a client gets because it asked: the link to confirm a transfer, an answer. The mail server is real."""

import base64
import hmac
from collections.abc import Callable
from typing import Any

import pytest

from chassis.events import Event
from chassis.ids import new_id
from chassis.mail import Mailer
from chassis.testing import Bus, ServiceDatabase, ServiceProcess, eventually
from chassis.testing.mail import Mail, MailServer
from chassis.unit_of_work import Units
from notifications import errors, usecases
from notifications.config import Config
from notifications.domain import TransferLinks

from .conftest import LINK_SECRET
from .factories import ACCOUNT_ADDRESS, CLIENT_ADDRESS, TRANSFER_ADDRESS, TRANSFER_ID, World

PAGE = f"http://acme.localhost:8000/transfer?transfer={TRANSFER_ID}"
TOKEN = base64.urlsafe_b64encode(hmac.digest(LINK_SECRET.encode(), f"transfer:{TRANSFER_ID}".encode(), "sha256")).decode().rstrip("=")


@pytest.fixture
def tell(work: Units, mailer: Mailer, links: TransferLinks) -> Callable[..., None]:
    """Deliver events, in this order."""

    def deliver(*events: Event, links: TransferLinks = links) -> None:
        for event in events:
            usecases.tell(work, mailer, links, event)

    return deliver


def text_of(mail: Mail) -> str:
    content: str = mail.message.get_content()
    return content.replace("\r\n", "\n")


def test_the_client_gets_the_link_and_the_agency_a_copy_that_confirms_nothing(tell: Callable[..., None], mail_server: MailServer) -> None:
    """R0.55, R0.56."""
    world = World(client_language="es")
    requested = world.event("transfer_requested")
    tell(world.event("agency_registered"), requested, requested)
    to_client, copy = mail_server.mails
    assert (to_client.recipients, copy.recipients) == ([CLIENT_ADDRESS], [TRANSFER_ADDRESS])
    for mail in (to_client, copy):
        assert (mail.message["To"], mail.message["Cc"]) == (CLIENT_ADDRESS, TRANSFER_ADDRESS)
        assert mail.message["Subject"] == "Confirme la transferencia de la cuenta acme"
    assert f"\n{PAGE}&token={TOKEN}\n" in text_of(to_client)
    assert f"\n{PAGE}\n" in text_of(copy)


def test_the_token_is_kept_nowhere(tell: Callable[..., None], database: ServiceDatabase) -> None:
    """R0.56."""
    world = World()
    tell(world.event("agency_registered"), world.event("transfer_requested"))
    assert TOKEN not in database.everything()
    assert [row["state"] for row in database.query("SELECT state FROM notices")] == ["sent"]


def test_without_a_secret_there_is_no_such_mail_and_the_notice_says_why(
    tell: Callable[..., None], database: ServiceDatabase, mail_server: MailServer
) -> None:
    world = World()
    tell(world.event("agency_registered"), world.event("transfer_requested"), links=TransferLinks(secret=b""))
    assert mail_server.mails == []
    [(name, told)] = database.emitted()
    assert (name, told["kind"], told["reason"]) == ("notice_failed", "transfer_requested", errors.TransferLinksUnavailable().text)


def test_a_secret_is_long_enough_to_be_one() -> None:
    with pytest.raises(Exception, match="TRANSFER_LINK_SECRET"):
        Config.from_environment({"DATABASE_URL": "postgresql://", "TRANSFER_LINK_SECRET": "short"})


def test_the_agency_that_asked_is_told_when_the_transfer_is_complete(tell: Callable[..., None], mail_server: MailServer) -> None:
    """R0.56."""
    world = World(language="fr")
    completed = world.event("transfer_completed")
    tell(world.event("agency_registered"), completed, completed)
    assert mail_server.recipients() == [TRANSFER_ADDRESS]
    assert mail_server.mails[0].message["Subject"] == "Le transfert du compte acme est terminé"


def test_a_transferred_account_is_written_about_to_its_new_agency(tell: Callable[..., None], mail_server: MailServer) -> None:
    """R0.56, R0.73."""
    former, new = World(), World(language="fr")
    new.account_id = former.account_id
    tell(former.event("agency_registered"), new.event("agency_registered", notification_email="new@agency.example"))
    tell(former.event("account_requested"))
    tell(former.event("transfer_completed", minutes_later=1, direction="out", to_agency_id=new.agency_id))
    tell(former.event("account_requested"))
    tell(new.event("payment_failed", minutes_later=2))
    assert mail_server.recipients() == [TRANSFER_ADDRESS, "new@agency.example"]


def answer(work: Units, world: World) -> Any:
    with work.begin() as uow:
        return usecases.answer_client(
            uow,
            agency_id=world.agency_id,
            account_id=world.account_id,
            client_email=CLIENT_ADDRESS,
            subject="Re: my login",
            text="Please ask your agency.",
        )


def test_an_account_nobody_has_described_is_not_answered_about(work: Units, tell: Callable[..., None]) -> None:
    world = World()
    tell(world.event("agency_registered"))
    with pytest.raises(errors.AccountUnknown):
        answer(work, world)


@pytest.mark.parametrize("programme", ["reseller", "commission"])
def test_a_client_who_wrote_is_answered_once_with_a_copy_for_the_agencys_side(
    programme: str,
    notifications: ServiceProcess,
    run_service: Callable[..., ServiceProcess],
    bus: Bus,
    database: ServiceDatabase,
    mail_server: MailServer,
) -> None:
    """R0.71."""
    run_service("notifications", database, command="relay")
    world = World(programme=programme)
    for source, name in (("identity", "agency_registered"), ("accounts", "account_requested")):
        bus.publish(source, name, world.data(name), agency_id=world.agency_id, event_id=new_id("evt"))
    eventually(lambda: database.query("SELECT 1 FROM accounts"))
    request = {
        "agency_id": world.agency_id,
        "account_id": world.account_id,
        "client_email": CLIENT_ADDRESS,
        "subject": "Re: my login",
        "text": "Please ask your agency.",
    }
    mail_server.stop()
    notice = bus.call("notifications", "answer_client", request, idempotency_key="answer")
    assert bus.call("notifications", "answer_client", request, idempotency_key="answer") == notice
    assert (notice["kind"], notice["recipient"], notice["state"]) == ("client_answered", CLIENT_ADDRESS, "pending")
    eventually(lambda: notifications.metric("comptoir_event_retries_total") >= 1, what="a failed try")
    mail_server.start()
    eventually(lambda: database.query("SELECT 1 FROM notices WHERE state = 'sent'"))
    assert mail_server.recipients() == [CLIENT_ADDRESS, ACCOUNT_ADDRESS]
    for mail in mail_server.mails:
        assert (mail.message["To"], mail.message["Cc"]) == (CLIENT_ADDRESS, ACCOUNT_ADDRESS)
        assert mail.message["Subject"] == "Re: my login"
        assert text_of(mail) == "Please ask your agency.\n\n-- \nComptoir\n"
