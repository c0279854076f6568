"""The verbs of notifications."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Any

from sqlalchemy.orm import Session

from chassis.errors import InvalidCursor
from chassis.events import Event
from chassis.ids import new_id
from chassis.mail import Mailer, MailRefused, MailUnavailable
from chassis.paging import Page, decode_cursor, encode_cursor
from chassis.unit_of_work import UnitOfWork, Units
from chassis.wiring import Wiring
from notifications import domain, errors, events, models, repository

EMAIL = "email"

SENDING_TIME = timedelta(seconds=60)
"""How long a delivery keeps a notice to itself, longer than sending can take: one that crashes while it sends is followed after that."""

FORGOTTEN_AT_ONCE = 5_000


def transfer_links(wiring: Wiring) -> domain.TransferLinks:
    """Read from the environment what links to confirm are made by."""
    return domain.TransferLinks(secret=wiring.config.transfer_link_secret.encode())


def tell(work: Units, mailer: Mailer, links: domain.TransferLinks, event: Event) -> None:
    """Keep the event, and send the notice it makes, outside of any transaction.

    Each delivery of the event goes on where the last one ended: kept, written, sent. One that comes before the facts that say whom to tell
    is kept at once, and told when it comes again. Raises what `take_notice` raises, `MailUnavailable` and `UnreadableEvent`.
    """
    facts = events.facts_of(event)
    work.handle(event, record_event, arrived=event, facts=facts)
    if domain.kind_of(event.name) is None:
        return
    with work.begin() as uow:
        notice = take_notice(uow, event=event, facts=facts)
    if notice is not None:
        send_notice(work, mailer, links, notice)


def send_notice(work: Units, mailer: Mailer, links: domain.TransferLinks, notice: models.Notice) -> None:
    """Send a notice that was taken, and record what came of it; raises `MailUnavailable`, the notice put back.

    The token of a link is in what its recipient gets, and nowhere else: not in the copy either.
    """
    try:
        link = None if notice.link is None else links.confirming(notice.link)
        mailer.send(
            message_id=notice.id,
            recipient=notice.recipient,
            language=notice.language,
            subject=notice.subject,
            body=notice.body.replace(domain.LINK, link or domain.LINK),
            copied_to=notice.copied_to,
            copied_body=notice.body.replace(domain.LINK, notice.link or domain.LINK),
            written_at=notice.created_at,
        )
    except (MailRefused, errors.TransferLinksUnavailable) as refusal:
        with work.begin() as uow:
            mark_failed(uow, notice_id=notice.id, reason=refusal.text)
    except MailUnavailable:
        with work.begin() as uow:
            put_back(uow, notice_id=notice.id)
        raise
    else:
        with work.begin() as uow:
            mark_sent(uow, notice_id=notice.id)


def record_event(uow: UnitOfWork, *, arrived: Event, facts: Mapping[str, Any]) -> None:
    """Keep the event in the feed, and what it says of how to write to its agency or about its account."""
    repository.add_to_feed(
        uow.session, event_id=arrived.id, agency_id=arrived.agency_id, envelope=arrived.envelope, recorded_at=uow.platform_now
    )
    if arrived.name in events.AGENCY_FACTS:
        repository.know_agency(uow.session, known_at=arrived.time, facts=facts)
    if arrived.name in events.ACCOUNT_FACTS:
        repository.know_account(uow.session, known_at=arrived.time, facts=facts)
    if arrived.name == "transfer_completed":
        repository.know_account(uow.session, known_at=arrived.time, facts=_as_moved(uow.session, facts))


def take_notice(uow: UnitOfWork, *, event: Event, facts: Mapping[str, Any]) -> models.Notice | None:
    """Take the notice of the event for sending, written first where there is none; None where it is sent or failed already.

    Raises `AgencyUnknown`, `AccountUnknown` or `ClientAddressUnknown` where nobody can be told yet, and `NoticeBeingSent` where another
    delivery has the notice.
    """
    kind = domain.NoticeKind(event.name)
    if kind is domain.NoticeKind.CLIENT_ANSWERED:
        return _taken(uow, repository.notice_for_update(uow.session, notice_id=facts["notice_id"]))
    repository.add_notice(uow.session, _written(uow, kind=kind, event=event, facts=facts))
    notice = repository.notice_of_event_for_update(uow.session, event_id=event.id, kind=kind, channel=EMAIL)
    return _taken(uow, notice)


def answer_client(uow: UnitOfWork, *, agency_id: str, account_id: str, client_email: str, subject: str, text: str) -> models.Notice:
    """Write the platform's answer to a client who wrote to it, a copy for the agency's side (R0.71); sending it follows from the fact.

    Raises `AgencyUnknown` and `AccountUnknown`.
    """
    account = _account(uow.session, agency_id=agency_id, account_id=account_id)
    asked = {"agency_id": agency_id, "account_id": account_id, "subject": subject, "text": text}
    answered = None if account is None else replace(account, client_email=client_email)
    notice_id = new_id("ntc")
    written = _notice(uow, kind=domain.NoticeKind.CLIENT_ANSWERED, account=answered, caused_by=notice_id, facts=asked)
    repository.add_notice(uow.session, {**written, "id": notice_id})
    uow.emit(events.ClientAnswered(subject=notice_id, agency_id=agency_id, notice_id=notice_id, account_id=account_id))
    return repository.notice_for_update(uow.session, notice_id=notice_id)


def _taken(uow: UnitOfWork, notice: models.Notice) -> models.Notice | None:
    """Keep a locked notice for whoever sends it now; None where there is nothing to send any more."""
    if notice.state != domain.NoticeState.PENDING:
        return None
    if notice.sending_until is not None and notice.sending_until > uow.platform_now:
        raise errors.NoticeBeingSent(notice_id=notice.id)
    notice.sending_until = uow.platform_now + SENDING_TIME
    return notice


def mark_sent(uow: UnitOfWork, *, notice_id: str) -> None:
    """Record that the mail server took the notice."""
    notice = repository.notice_for_update(uow.session, notice_id=notice_id)
    if notice.state == domain.NoticeState.PENDING:
        notice.state = domain.NoticeState.SENT
        notice.sent_at = uow.platform_now
        uow.emit(events.NoticeSent(**_about(notice)))


def mark_failed(uow: UnitOfWork, *, notice_id: str, reason: str) -> None:
    """Record that the mail server refuses the notice for good."""
    notice = repository.notice_for_update(uow.session, notice_id=notice_id)
    if notice.state == domain.NoticeState.PENDING:
        notice.state = domain.NoticeState.FAILED
        uow.emit(events.NoticeFailed(reason=reason, **_about(notice)))


def put_back(uow: UnitOfWork, *, notice_id: str) -> None:
    """Leave the notice to the next delivery of its event, at once."""
    repository.notice_for_update(uow.session, notice_id=notice_id).sending_until = None


def notices(session: Session, *, agency_id: str, account_id: str | None, limit: int, cursor: str | None) -> Page[models.Notice]:
    """List what the agency, or who has to do with one of its accounts, was told; newest first. Raises `InvalidCursor`."""
    before = None if cursor is None else str(decode_cursor(cursor, length=1)[0])
    found = repository.notices_of(session, agency_id=agency_id, account_id=account_id, before=before, limit=limit + 1)
    total = repository.count_notices_of(session, agency_id=agency_id, account_id=account_id)
    page = found[:limit]
    return Page(data=page, next_cursor=encode_cursor(page[-1].id) if len(found) > limit else None, total=total)


def feed(session: Session, *, agency_id: str, limit: int, cursor: str | None) -> Page[dict[str, Any]]:
    """List the agency's events of the last 30 days as they came, the latest to come first. Raises `InvalidCursor`."""
    before = None if cursor is None else _position(cursor)
    found = repository.events_of(session, agency_id=agency_id, before=before, limit=limit + 1)
    page = found[:limit]
    return Page(
        data=[event.envelope for event in page],
        next_cursor=encode_cursor(page[-1].position) if len(found) > limit else None,
        total=repository.count_events_of(session, agency_id=agency_id),
    )


def forget_old_events(uow: UnitOfWork) -> None:
    """Delete a batch of what is older than the feed goes back: the oldest, so that a late start catches up batch by batch."""
    repository.delete_events_before(uow.session, recorded_before=uow.platform_now - domain.FEED_KEPT, limit=FORGOTTEN_AT_ONCE)


def _position(cursor: str) -> int:
    position = decode_cursor(cursor, length=1)[0]
    if not isinstance(position, int):
        raise InvalidCursor
    return position


def _written(uow: UnitOfWork, *, kind: domain.NoticeKind, event: Event, facts: Mapping[str, Any]) -> dict[str, Any]:
    if event.name in events.TRANSFER_FACTS:
        account: domain.Account | None = _account_of_transfer(facts)
    else:
        account = _account(uow.session, agency_id=facts["agency_id"], account_id=facts.get("account_id"))
    return _notice(uow, kind=kind, account=account, caused_by=event.id, facts=facts)


def _notice(
    uow: UnitOfWork, *, kind: domain.NoticeKind, account: domain.Account | None, caused_by: str, facts: Mapping[str, Any]
) -> dict[str, Any]:
    recipient = domain.recipient(kind=kind, agency=_agency(uow.session, agency_id=facts["agency_id"]), account=account)
    message = domain.message(kind=kind, facts=facts, account=account, language=recipient.language)
    return {
        "id": new_id("ntc"),
        "agency_id": facts["agency_id"],
        "account_id": facts.get("account_id"),
        "kind": kind,
        "channel": EMAIL,
        "recipient": recipient.address,
        "copied_to": recipient.copied_to,
        "language": recipient.language,
        "link": _link_of(facts) if kind is domain.NoticeKind.TRANSFER_REQUESTED else None,
        "subject": message.subject,
        "body": message.body,
        "state": domain.NoticeState.PENDING,
        "caused_by": caused_by,
        "created_at": uow.platform_now,
    }


def _agency(session: Session, *, agency_id: str) -> domain.Agency:
    known = repository.agency(session, agency_id=agency_id)
    if known is None:
        raise errors.AgencyUnknown(agency_id=agency_id)
    return domain.Agency(
        notification_email=known.notification_email,
        language=domain.Language(known.language),
        programme=domain.Programme(known.programme),
    )


def _account(session: Session, *, agency_id: str, account_id: str | None) -> domain.Account | None:
    if account_id is None:
        return None
    known = repository.account(session, agency_id=agency_id, account_id=account_id)
    if known is None:
        raise errors.AccountUnknown(account_id=account_id)
    return domain.Account(
        id=known.id,
        name=known.name,
        notification_email=known.notification_email,
        language=known.language,
        client_email=known.client_email,
    )


def _account_of_transfer(facts: Mapping[str, Any]) -> domain.Account:
    """Describe an account as its transfer does: of the agency that asked for it, there is no more to know than what it asked with."""
    return domain.Account(
        id=facts["account_id"],
        name=facts["name"],
        notification_email=facts["agency_email"],
        language=facts.get("language"),
        client_email=facts.get("client_email"),
    )


def _link_of(facts: Mapping[str, Any]) -> str:
    return domain.transfer_link(login_url=facts["login_url"], account_host=facts["account_host"], transfer_id=facts["transfer_id"])


def _as_moved(session: Session, facts: Mapping[str, Any]) -> dict[str, Any]:
    """Say of a transferred account what its next fact will: it is written about to the new agency's side."""
    agency_id = facts["to_agency_id"]
    comes_in = agency_id == facts["agency_id"]
    address = facts["agency_email"] if comes_in else _agency(session, agency_id=agency_id).notification_email
    return {"account_id": facts["account_id"], "agency_id": agency_id, "name": facts["name"], "notification_email": address}


def _about(notice: models.Notice) -> dict[str, Any]:
    return {
        "subject": notice.id,
        "agency_id": notice.agency_id,
        "notice_id": notice.id,
        "kind": notice.kind,
        "channel": notice.channel,
        "account_id": notice.account_id,
        "caused_by": notice.caused_by,
    }
