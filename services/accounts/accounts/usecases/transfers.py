"""Transfers: asked for, shown, confirmed or declined by the client, completed by the platform (R0.53 to R0.57)."""

from datetime import datetime

from sqlalchemy.orm import Session

from accounts import domain, errors, events, models, repository
from accounts.domain import Direction, TransferVerb, Verb
from accounts.usecases.due import catch_up, drop_change
from accounts.usecases.history import note_change
from accounts.usecases.states import keep
from chassis.ids import new_id
from chassis.paging import Page, decode_cursor, encode_cursor
from chassis.unit_of_work import UnitOfWork
from chassis.wiring import Wiring


def transfer_links(wiring: Wiring) -> domain.TransferLinks:
    """Read from the environment what links to confirm are made by."""
    return domain.TransferLinks(secret=wiring.config.transfer_link_secret.encode())


def request_transfer(
    uow: UnitOfWork,
    *,
    agency_id: str,
    direction: Direction,
    account_host: str,
    client_email: str,
    agency_email: str | None,
    terms: domain.Terms,
    links: domain.TransferLinks,
) -> models.Transfer:
    """Ask for an account to come to the agency or to leave it; its client is sent a link to confirm (R0.54 to R0.57)."""
    if not links.secret:
        raise errors.TransfersUnavailable
    agency_email = agency_email or (repository.notification_email_of(uow.session, agency_id) if direction is Direction.OUT else None)
    if agency_email is None:
        raise errors.AgencyEmailMissing
    if not domain.is_email(agency_email):
        raise errors.AgencyEmailInvalid(given=agency_email)
    account = _account_to_transfer(uow, agency_id, direction, account_host, client_email, terms)
    domain.allow(catch_up(uow, account), Verb.TRANSFER_OUT, uow.now_of(account.agency_id))
    if direction is Direction.OUT and repository.is_branded(uow.session, account.id):
        raise errors.BrandingStillSet
    transfer = repository.insert_transfer(
        uow.session,
        id=new_id("trf"),
        agency_id=agency_id,
        account_id=account.id,
        account_host=terms.host_of(account.name),
        direction=direction,
        state=domain.TransferState.REQUESTED,
        client_email=account.client_email,
        agency_email=agency_email,
        requested_at=uow.platform_now,
        expires_at=uow.platform_now + domain.CONFIRM_WITHIN,
    )
    if transfer is None:
        raise errors.TransferUnderWay(account_host=account_host)
    uow.emit(
        events.TransferRequested(
            subject=transfer.id,
            agency_id=agency_id,
            transfer_id=transfer.id,
            direction=transfer.direction,
            account_id=account.id,
            account_name=account.name,
            account_host=transfer.account_host,
            client_email=transfer.client_email,
            agency_email=transfer.agency_email,
            language=account.language,
            login_url=account.login_url,
            expires_at=transfer.expires_at,
        )
    )
    return transfer


def transfer(session: Session, *, agency_id: str, transfer_id: str) -> models.Transfer:
    """Show a transfer that the agency asked for."""
    found = repository.transfer_of(session, agency_id=agency_id, transfer_id=transfer_id)
    if found is None:
        raise errors.TransferNotFound(transfer_id=transfer_id)
    return found


def transfers(session: Session, *, agency_id: str, limit: int, cursor: str | None) -> Page[models.Transfer]:
    """List the transfers that the agency asked for, newest first, one page of them."""
    after = None if cursor is None else _after(cursor)
    found = repository.transfers_page(session, agency_id=agency_id, after=after, limit=limit + 1)
    page = found[:limit]
    next_cursor = encode_cursor(page[-1].requested_at.isoformat(), page[-1].id) if len(found) > limit else None
    return Page(data=page, next_cursor=next_cursor, total=repository.count_transfers(session, agency_id))


def transfer_to_confirm(uow: UnitOfWork, *, transfer_id: str, token: str, links: domain.TransferLinks) -> models.Transfer:
    """Show the client what it is asked, by the link that was sent to it, which stays good; refuse as the answer would be refused."""
    found = repository.transfer_by_id(uow.session, transfer_id) if links.knows(transfer_id, token) else None
    if found is None:
        raise errors.TransferNotFound(transfer_id=transfer_id)
    domain.transfer_state_after(TransferVerb.CONFIRM, state=found.state, expires_at=found.expires_at, now=uow.platform_now)
    return found


def confirm_transfer(uow: UnitOfWork, *, transfer_id: str, token: str, links: domain.TransferLinks) -> models.Transfer:
    """Note that the client agrees, by the link that was sent to it: once, within seven days (R0.56)."""
    return _answered(uow, TransferVerb.CONFIRM, transfer_id, token, links)


def decline_transfer(uow: UnitOfWork, *, transfer_id: str, token: str, links: domain.TransferLinks) -> models.Transfer:
    """Note that the client does not agree, by the same link."""
    return _answered(uow, TransferVerb.DECLINE, transfer_id, token, links)


def complete_transfer(uow: UnitOfWork, *, transfer_id: str, to_agency_id: str | None) -> models.Transfer:
    """Move a confirmed account: one that comes to the agency that asked, one that leaves to where the platform says (R0.56)."""
    found = repository.transfer_for_update(uow.session, transfer_id)
    if found is None:
        raise errors.TransferNotFound(transfer_id=transfer_id)
    state = domain.transfer_state_after(TransferVerb.COMPLETE, state=found.state, expires_at=found.expires_at, now=uow.platform_now)
    if (to_agency_id is None) != (found.direction == Direction.IN):
        raise errors.DestinationMismatch
    account = repository.account_by_id_for_update(uow.session, found.account_id)
    if account is None:
        raise errors.AccountNotFound(account_id=found.account_id)
    if found.direction == Direction.OUT and repository.is_branded(uow.session, account.id):
        raise errors.BrandingStillSet
    new_agency_id = to_agency_id or found.agency_id
    notification_email = repository.notification_email_of(uow.session, new_agency_id) if to_agency_id else found.agency_email
    if notification_email is None:
        raise errors.NotificationEmailMissing
    found.state, found.ended_at = state, uow.platform_now
    handed_over = domain.handed_over(catch_up(uow, account))
    drop_change(uow, account, repository.scheduled_plan_change(uow.session, account.id))  # it was the former agency's wish
    keep(uow.session, account, handed_over)
    note_change(uow, account, "leave")
    account.agency_id, account.notification_email = new_agency_id, notification_email
    account.billing_profile_id = None  # it was the former agency's
    uow.session.flush()
    note_change(uow, account, "arrive")  # without what it was before: that is the former agency's to know
    uow.emit(
        events.TransferCompleted(
            subject=found.id,
            agency_id=found.agency_id,
            transfer_id=found.id,
            direction=found.direction,
            account_id=account.id,
            account_name=account.name,
            account_host=found.account_host,
            to_agency_id=new_agency_id,
            agency_email=found.agency_email,
            completed_at=uow.platform_now,
        )
    )
    return found


def expire_transfers(uow: UnitOfWork, *, limit: int) -> int:
    """End at most `limit` transfers that no client confirmed in time; tell how many."""
    overdue = repository.overdue_transfers(uow.session, now=uow.platform_now, limit=limit)
    for each in overdue:
        each.state = domain.transfer_state_after(TransferVerb.EXPIRE, state=each.state, expires_at=each.expires_at, now=uow.platform_now)
        each.ended_at = uow.platform_now
    return len(overdue)


def _account_to_transfer(
    uow: UnitOfWork, agency_id: str, direction: Direction, account_host: str, client_email: str, terms: domain.Terms
) -> models.Account:
    """Find the account; of another agency's nothing is learned but by who knows its client's address."""
    name = terms.name_of(account_host)
    account = None if name is None else repository.account_of_name_for_update(uow.session, name)
    is_own = account is not None and account.agency_id == agency_id
    if account is None or (direction is Direction.OUT and not is_own):
        raise errors.AccountToTransferNotFound(account_host=account_host)
    if direction is Direction.IN and is_own:
        raise errors.AccountAlreadyYours(account_host=account_host)
    if not domain.same_mailbox(account.client_email, client_email):
        if is_own:
            raise errors.ClientEmailDiffers(account_host=account_host)
        raise errors.AccountToTransferNotFound(account_host=account_host)
    return account


def _answered(uow: UnitOfWork, verb: TransferVerb, transfer_id: str, token: str, links: domain.TransferLinks) -> models.Transfer:
    found = repository.transfer_for_update(uow.session, transfer_id) if links.knows(transfer_id, token) else None
    if found is None:
        raise errors.TransferNotFound(transfer_id=transfer_id)
    found.state = domain.transfer_state_after(verb, state=found.state, expires_at=found.expires_at, now=uow.platform_now)
    if verb is TransferVerb.CONFIRM:
        found.confirmed_at = uow.platform_now
    else:
        found.ended_at = uow.platform_now
    return found


def _after(cursor: str) -> tuple[datetime, str]:
    requested_at, transfer_id = decode_cursor(cursor, length=2)
    try:
        return datetime.fromisoformat(str(requested_at)), str(transfer_id)
    except ValueError:
        raise errors.InvalidCursor from None
