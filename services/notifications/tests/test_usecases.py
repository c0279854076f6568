"""What becomes of facts: a feed, notices, mail. The database and the mail server are real."""

import random
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from chassis.errors import InvalidCursor, Refusal
from chassis.events import Event, UnreadableEvent
from chassis.ids import new_id
from chassis.mail import Mailer, MailUnavailable
from chassis.paging import Page, encode_cursor
from chassis.testing import MovingClock, ServiceDatabase
from chassis.testing.mail import MailServer
from chassis.unit_of_work import Units
from notifications import errors, models, usecases
from notifications.domain import CLIENT_KINDS, TransferLinks

from .factories import ACCOUNT_ADDRESS, AGENCY_ADDRESS, CLIENT_ADDRESS, NOTICE_FACTS, World

Tell = Callable[..., None]

EVERY_FACT = ("agency_registered", "account_requested", "workspace_prepared", *NOTICE_FACTS)


@pytest.fixture
def tell(work: Units, mailer: Mailer, links: TransferLinks) -> Tell:
    """Deliver events, in this order."""

    def deliver(*events: Event) -> None:
        for event in events:
            usecases.tell(work, mailer, links, event)

    return deliver


def feed_of(work: Units, agency_id: str, *, limit: int = 50, cursor: str | None = None) -> Page[dict[str, Any]]:
    with work.reading() as session:
        return usecases.feed(session, agency_id=agency_id, limit=limit, cursor=cursor)


def notices_of(
    work: Units, agency_id: str, *, account_id: str | None = None, limit: int = 50, cursor: str | None = None
) -> Page[models.Notice]:
    with work.reading() as session:
        return usecases.notices(session, agency_id=agency_id, account_id=account_id, limit=limit, cursor=cursor)


@pytest.mark.parametrize("name", NOTICE_FACTS)
def test_a_fact_that_concerns_an_agency_is_mailed_to_its_side_once(name: str, work: Units, tell: Tell, mail_server: MailServer) -> None:
    """R0.73."""
    world = World()
    fact = world.event(name)
    tell(world.event("agency_registered"), world.event("account_requested"), fact, fact)
    to_the_agency = {"credits_purchased", "credits_expired", "balance_low", "card_expiring", "top_up_refused"}
    assert mail_server.recipients() == [AGENCY_ADDRESS if name in to_the_agency else ACCOUNT_ADDRESS]
    (notice,) = notices_of(work, world.agency_id).data
    assert (notice.kind, notice.channel, notice.state, notice.caused_by) == (name, "email", "sent", fact.id)
    assert mail_server.mails[0].message["Subject"] == notice.subject
    assert mail_server.mails[0].message["Message-ID"] == f"<{notice.id}@comptoir.example>"


def test_a_sent_notice_is_told_by_its_id_and_its_cause(tell: Tell, database: ServiceDatabase) -> None:
    world = World()
    fact = world.event("account_activated")
    tell(world.event("agency_registered"), fact)
    ((name, data),) = database.emitted()
    (notice,) = database.query("SELECT id FROM notices")
    assert name == "notice_sent"
    assert data == {
        "notice_id": notice["id"],
        "kind": "account_activated",
        "channel": "email",
        "account_id": world.account_id,
        "caused_by": fact.id,
    }


def test_what_became_of_a_notice_makes_no_notice(work: Units, tell: Tell, database: ServiceDatabase, mail_server: MailServer) -> None:
    world = World()
    tell(world.event("agency_registered"), world.event("account_activated"))
    ((_, data),) = database.emitted()
    sent = world.event("account_activated")
    tell(Event(**{**vars(sent), "id": new_id("evt"), "name": "notice_sent", "source": "notifications", "data": data}))
    assert len(mail_server.mails) == notices_of(work, world.agency_id).total == 1
    assert feed_of(work, world.agency_id).total == 3


def test_a_notice_is_in_the_language_of_the_agency(tell: Tell, mail_server: MailServer) -> None:
    world = World(language="fr", client_language="es")
    tell(world.event("agency_registered"), world.event("account_requested"), world.event("account_activated"))
    assert mail_server.mails[0].message["Subject"] == "Le compte acme est prêt"
    assert mail_server.mails[0].message["Content-Language"] == "fr"


def test_the_client_of_a_commission_account_gets_its_invoice(tell: Tell, mail_server: MailServer) -> None:
    """R0.126."""
    world = World(programme="commission", client_language="es")
    tell(world.event("agency_registered"), world.event("account_requested"), world.event("invoice_paid"))
    assert mail_server.recipients() == [CLIENT_ADDRESS]
    assert mail_server.mails[0].message["Subject"] == "La factura F-2026-0001 está pagada"


def test_a_fact_is_in_the_feed_at_once_and_mailed_when_its_agency_is_known(work: Units, tell: Tell, mail_server: MailServer) -> None:
    world = World()
    early = world.event("account_activated")
    with pytest.raises(errors.AgencyUnknown):
        tell(early)
    assert feed_of(work, world.agency_id).data == [early.envelope]
    assert not mail_server.mails
    tell(world.event("agency_registered"), early)
    assert mail_server.recipients() == [ACCOUNT_ADDRESS]
    assert feed_of(work, world.agency_id).total == 2


def test_a_fact_about_an_account_nobody_has_described_waits_for_it(tell: Tell, mail_server: MailServer) -> None:
    world = World()
    early = world.event("payment_failed")
    tell(world.event("agency_registered"))
    with pytest.raises(errors.AccountUnknown):
        tell(early)
    tell(world.event("account_requested"), early)
    assert mail_server.recipients() == [ACCOUNT_ADDRESS]


def test_the_newest_fact_says_where_to_write_whatever_comes_last(tell: Tell, mail_server: MailServer) -> None:
    world = World()
    tell(
        world.event("agency_updated", minutes_later=1, language="pt", notification_email="new@atelier.example"),
        world.event("agency_registered"),
        world.event("account_activated", minutes_later=1, notification_email="new-acme@atelier.example"),
        world.event("account_requested"),
        world.event("invoice_paid"),
        world.event("credits_purchased"),
    )
    assert mail_server.recipients() == ["new-acme@atelier.example", "new-acme@atelier.example", "new@atelier.example"]
    assert {mail.message["Content-Language"] for mail in mail_server.mails} == {"pt"}


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(order=st.randoms(use_true_random=False), programme=st.sampled_from(["reseller", "commission"]))
def test_every_fact_one_to_three_times_in_any_order_ends_in_the_same_mails(
    order: random.Random, programme: str, work: Units, tell: Tell, mail_server: MailServer
) -> None:
    """And the client of a resold account never gets one (R0.73-R0.75)."""
    world = World(programme=programme)
    mail_server.mails.clear()
    waiting = [event for event in map(world.event, EVERY_FACT) for _ in range(order.randint(1, 3))]
    order.shuffle(waiting)
    while waiting:
        event = waiting.pop(0)
        try:
            tell(event)
        except (errors.AgencyUnknown, errors.AccountUnknown, errors.ClientAddressUnknown):
            waiting.append(event)  # as the retry ladder does
    billing = ACCOUNT_ADDRESS if programme == "reseller" else CLIENT_ADDRESS
    assert sorted(mail_server.recipients()) == sorted([*[AGENCY_ADDRESS] * 5, *[ACCOUNT_ADDRESS] * 15, *[billing] * len(CLIENT_KINDS)])
    assert feed_of(work, world.agency_id).total == len(EVERY_FACT)
    assert programme == "commission" or not any(CLIENT_ADDRESS.encode() in mail.content for mail in mail_server.mails)


def test_mail_that_cannot_go_now_goes_with_the_next_delivery(work: Units, tell: Tell, mail_server: MailServer) -> None:
    world = World()
    fact = world.event("account_activated")
    tell(world.event("agency_registered"))
    mail_server.stop()
    with pytest.raises(MailUnavailable):
        tell(fact)
    assert [notice.state for notice in notices_of(work, world.agency_id).data] == ["pending"]
    mail_server.start()
    tell(fact, fact)
    assert mail_server.recipients() == [ACCOUNT_ADDRESS]
    assert [notice.state for notice in notices_of(work, world.agency_id).data] == ["sent"]


def test_a_mailbox_that_refuses_for_good_fails_the_notice(
    work: Units, tell: Tell, mail_server: MailServer, database: ServiceDatabase
) -> None:
    world = World()
    fact = world.event("account_activated")
    mail_server.answers[ACCOUNT_ADDRESS] = "550 No such mailbox"
    tell(world.event("agency_registered"), fact, fact)
    assert [(notice.state, notice.sent_at) for notice in notices_of(work, world.agency_id).data] == [("failed", None)]
    ((name, data),) = database.emitted()
    assert (name, data["caused_by"]) == ("notice_failed", fact.id)
    assert "550 No such mailbox" in data["reason"]


def test_a_notice_is_left_to_who_is_sending_it_until_that_one_must_have_ended(
    work: Units, tell: Tell, clock: MovingClock, mail_server: MailServer
) -> None:
    world = World()
    fact = world.event("account_activated")
    tell(world.event("agency_registered"))
    work.handle(fact, usecases.record_event, arrived=fact, facts={**fact.data, "agency_id": world.agency_id})
    with work.begin() as uow:
        taken = usecases.take_notice(uow, event=fact, facts={**fact.data, "agency_id": world.agency_id})
    assert taken is not None
    with pytest.raises(errors.NoticeBeingSent):
        tell(fact)
    assert not mail_server.mails
    clock.advance(seconds=usecases.SENDING_TIME.total_seconds())
    tell(fact)
    assert [mail.message["Message-ID"] for mail in mail_server.mails] == [f"<{taken.id}@comptoir.example>"]


@pytest.mark.parametrize("end", [usecases.mark_sent, usecases.mark_failed])
def test_a_notice_that_came_to_its_end_stays_there(end: Callable[..., None], work: Units, tell: Tell, database: ServiceDatabase) -> None:
    """Two deliveries may send at once where the first outlives its time; the mails are one by their Message-ID."""
    world = World()
    tell(world.event("agency_registered"), world.event("account_activated"))
    before = database.query("SELECT * FROM notices"), database.emitted()
    reason = {"reason": "late"} if end is usecases.mark_failed else {}
    with work.begin() as uow:
        end(uow, notice_id=before[0][0]["id"], **reason)
    assert (database.query("SELECT * FROM notices"), database.emitted()) == before


@pytest.mark.parametrize(
    "changes", [{"total_minor": "much"}, {"currency": None}, {"account_id": "acme"}], ids=["amount", "currency", "account"]
)
def test_a_fact_that_is_not_as_agreed_is_unreadable_and_leaves_nothing(changes: dict[str, Any], work: Units, tell: Tell) -> None:
    world = World()
    with pytest.raises(UnreadableEvent):
        tell(world.event("invoice_paid", **changes))
    assert feed_of(work, world.agency_id).total == 0


def test_a_fact_that_somebody_must_be_told_of_says_whose_it_is(tell: Tell) -> None:
    fact = World().event("invoice_paid")
    with pytest.raises(UnreadableEvent):
        tell(Event(**{**vars(fact), "agency_id": None}))


def test_the_feed_gives_what_came_last_first_page_by_page(work: Units, tell: Tell) -> None:
    world, other = World(), World()
    events = [world.event("workspace_prepared") for _ in range(5)]
    tell(*events, other.event("workspace_prepared"))
    seen: list[dict[str, Any]] = []
    cursor = None
    for size in (2, 2, 1):
        page = feed_of(work, world.agency_id, limit=2, cursor=cursor)
        assert (len(page.data), page.total) == (size, 5)
        seen.extend(page.data)
        cursor = page.next_cursor
    assert cursor is None
    assert seen == [event.envelope for event in reversed(events)]


def test_notices_are_listed_newest_first_page_by_page_and_by_account(work: Units, tell: Tell, clock: MovingClock) -> None:
    world, other = World(), World()
    tell(world.event("agency_registered"), other.event("agency_registered"), other.event("account_activated"))
    for name in ("account_activated", "account_upgraded", "credits_purchased"):
        tell(world.event(name))
        clock.advance(seconds=1)
    first = notices_of(work, world.agency_id, limit=2)
    assert ([notice.kind for notice in first.data], first.total) == (["credits_purchased", "account_upgraded"], 3)
    second = notices_of(work, world.agency_id, limit=2, cursor=first.next_cursor)
    assert ([notice.kind for notice in second.data], second.next_cursor) == (["account_activated"], None)
    assert notices_of(work, world.agency_id, account_id=world.account_id).total == 2
    assert notices_of(work, world.agency_id, account_id=other.account_id).total == 0


@pytest.mark.parametrize(
    ("listing", "cursor"),
    [(feed_of, "nonsense"), (notices_of, "nonsense"), (feed_of, encode_cursor("ntc_1")), (notices_of, encode_cursor("ntc_1", 2))],
)
def test_a_cursor_that_was_not_given_out_is_refused(listing: Callable[..., Any], cursor: str, work: Units) -> None:
    with pytest.raises(InvalidCursor):
        listing(work, new_id("agy"), cursor=cursor)


def test_the_feed_forgets_what_is_older_than_thirty_days(work: Units, tell: Tell, clock: MovingClock) -> None:
    world = World()
    tell(world.event("workspace_prepared"))
    clock.advance(days=1)
    young = world.event("workspace_prepared")
    tell(young)
    clock.advance(days=29, seconds=1)
    with work.begin() as uow:
        usecases.forget_old_events(uow)
    assert feed_of(work, world.agency_id).data == [young.envelope]


def test_every_refusal_names_itself_and_what_it_is_about() -> None:
    named = [each for each in vars(errors).values() if isinstance(each, type) and issubclass(each, Refusal) and each is not Refusal]
    assert len({each.code for each in named}) == len(named) == 5
