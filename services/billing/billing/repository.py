"""The questions billing asks its database. Locks are taken in one order: account, quote or payment, document counter."""

from collections.abc import Sequence
from datetime import datetime
from typing import TypeVar, cast

from sqlalchemy import Select, Table, exists, func, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import InstrumentedAttribute, Session, selectinload

from billing.models import (
    Account,
    Agency,
    BillingProfile,
    Catalogue,
    CreditNote,
    DocumentCounter,
    Invoice,
    Payment,
    Quote,
    Refund,
    Subscription,
)
from chassis.clocks import is_due
from chassis.paging import Page, decode_cursor, encode_cursor

Row = TypeVar("Row")
Ids = InstrumentedAttribute[str]

SUBSCRIPTION = cast("Table", Subscription.__table__)
INVOICE_IN_FULL = (selectinload(Invoice.lines), selectinload(Invoice.payments), selectinload(Invoice.credit_note))


def catalogue_in_force(session: Session) -> Catalogue:
    """Give the newest catalogue; the migrations published it."""
    return session.scalars(select(Catalogue).order_by(Catalogue.version.desc()).limit(1)).one()


def catalogue(session: Session, *, version: int) -> Catalogue:
    """Give a version of the catalogue that something was priced by."""
    return session.get_one(Catalogue, version)


def agency(session: Session, *, agency_id: str) -> Agency | None:
    """Find what was told of the agency."""
    return session.get(Agency, agency_id)


def agency_for_update(session: Session, *, agency_id: str) -> Agency | None:
    """Find what was told of the agency and lock it."""
    return session.get(Agency, agency_id, with_for_update=True)


def note_agency(session: Session, *, agency_id: str, currency: str, discount_basis_points: int, language: str, as_of: datetime) -> None:
    """Keep what was told of an agency, unless something newer is kept already."""
    told = insert(Agency).values(
        id=agency_id, currency=currency, discount_basis_points=discount_basis_points, language=language, as_of=as_of
    )
    changed = {name: told.excluded[name] for name in ("currency", "discount_basis_points", "language", "as_of")}
    session.execute(told.on_conflict_do_update(index_elements=[Agency.id], set_=changed, where=Agency.as_of < told.excluded.as_of))


def account(session: Session, *, agency_id: str, account_id: str) -> Account | None:
    """Find the agency's account."""
    return session.scalar(select(Account).where(Account.id == account_id, Account.agency_id == agency_id))


def account_for_update(session: Session, *, agency_id: str, account_id: str, now: datetime) -> Account | None:
    """Lock the account's row, made first where there is none; None where it is another agency's."""
    session.execute(insert(Account).values(id=account_id, agency_id=agency_id, created_at=now).on_conflict_do_nothing())
    return session.scalar(select(Account).where(Account.id == account_id, Account.agency_id == agency_id).with_for_update())


def account_known_for_update(session: Session, *, account_id: str) -> Account | None:
    """Find an account, whosever it is, and lock it."""
    return session.get(Account, account_id, with_for_update=True)


def quote(session: Session, *, agency_id: str, quote_id: str) -> Quote | None:
    """Find the agency's quote."""
    return session.scalar(select(Quote).where(Quote.id == quote_id, Quote.agency_id == agency_id))


def quote_for_update(session: Session, *, agency_id: str, quote_id: str) -> Quote | None:
    """Find the agency's quote and lock it: of two accounts that want it, one comes second."""
    return session.scalar(select(Quote).where(Quote.id == quote_id, Quote.agency_id == agency_id).with_for_update())


def quote_of_account_for_update(session: Session, *, account_id: str, quote_id: str) -> Quote | None:
    """Find a quote for changing the account's plan and lock it, whichever agency it was made for."""
    return session.scalar(select(Quote).where(Quote.id == quote_id, Quote.account_id == account_id).with_for_update())


def subscription_of_account(session: Session, *, account_id: str) -> Subscription | None:
    """Find what the account is on, whosever it is."""
    return session.get(Subscription, account_id)


def subscription(session: Session, *, agency_id: str, account_id: str) -> Subscription | None:
    """Find what the agency's account is on."""
    return session.scalar(select(Subscription).where(Subscription.account_id == account_id, Subscription.agency_id == agency_id))


def subscriptions_due(session: Session, *, platform_now: datetime, limit: int) -> Sequence[Subscription]:
    """List at most `limit` subscriptions whose period is over in the time of their agency, the longest first, locked with their account.

    Those that somebody else works on are left to them, and so are those of agencies without any billing profile: nobody could pay.
    """
    due = is_due(SUBSCRIPTION.c.period_end, agency_id=SUBSCRIPTION.c.agency_id, platform_now=platform_now)
    payable = exists().where(BillingProfile.agency_id == Subscription.agency_id)
    question = (
        select(Subscription)
        .join(Account, Account.id == Subscription.account_id)
        .where(due, Subscription.standing == "renewed", Account.failed_at.is_(None), payable)
        .order_by(Subscription.period_end)
        .limit(limit)
    )
    return session.scalars(question.with_for_update(of=(Account, Subscription), skip_locked=True)).all()


def waiting_quote(session: Session, *, account_id: str, at: datetime) -> Quote | None:
    """Find the quote of the change of plan that takes effect by `at`, if one was scheduled and is neither dropped nor done; locked."""
    question = select(Quote).where(
        Quote.account_id == account_id,
        Quote.takes_effect_at <= at,
        Quote.held_at.is_not(None),
        Quote.released_at.is_(None),
        Quote.used_at.is_(None),
    )
    return session.scalars(question.order_by(Quote.id.desc()).limit(1).with_for_update()).one_or_none()


def billing_profile(session: Session, *, agency_id: str, billing_profile_id: str) -> BillingProfile | None:
    """Find the agency's billing profile."""
    return session.scalar(select(BillingProfile).where(BillingProfile.id == billing_profile_id, BillingProfile.agency_id == agency_id))


def token_of(session: Session, *, billing_profile_id: str) -> str:
    """Give the provider's token of a billing profile that is known to be there."""
    return session.scalars(select(BillingProfile.token).where(BillingProfile.id == billing_profile_id)).one()


def default_billing_profile(session: Session, *, agency_id: str) -> BillingProfile | None:
    """Find the profile that pays where none is chosen."""
    return session.scalar(select(BillingProfile).where(BillingProfile.agency_id == agency_id, BillingProfile.is_default))


def billing_profiles(session: Session, *, agency_id: str, limit: int, cursor: str | None) -> Page[BillingProfile]:
    """List the agency's billing profiles, newest first."""
    wanted = select(BillingProfile).where(BillingProfile.agency_id == agency_id)
    total = session.scalars(select(func.count()).select_from(wanted.subquery())).one()
    rows = session.scalars(_page(wanted, BillingProfile.id, limit=limit, cursor=cursor)).all()
    return _paged(rows, [row.id for row in rows], limit=limit, total=total)


def invoice(session: Session, *, invoice_id: str) -> Invoice:
    """Give an invoice that is known to be there, without its lines."""
    return session.get_one(Invoice, invoice_id)


def invoice_in_full(session: Session, *, agency_id: str, invoice_id: str) -> Invoice | None:
    """Find the agency's invoice with its lines, payments and credit note."""
    return session.scalar(select(Invoice).where(Invoice.id == invoice_id, Invoice.agency_id == agency_id).options(*INVOICE_IN_FULL))


def invoices(session: Session, *, agency_id: str, account_id: str | None, limit: int, cursor: str | None) -> Page[Invoice]:
    """List the agency's invoices in full, or those of one of its accounts (R0.67, R0.68), newest first."""
    wanted = select(Invoice).where(Invoice.agency_id == agency_id)
    if account_id is not None:
        wanted = wanted.where(Invoice.account_id == account_id)
    total = session.scalars(select(func.count()).select_from(wanted.subquery())).one()
    rows = session.scalars(_page(wanted, Invoice.id, limit=limit, cursor=cursor).options(*INVOICE_IN_FULL)).all()
    return _paged(rows, [row.id for row in rows], limit=limit, total=total)


def opening_invoice(session: Session, *, account_id: str) -> Invoice | None:
    """Find the invoice that the account was opened with; there is one at most."""
    return session.scalar(select(Invoice).where(Invoice.account_id == account_id, Invoice.purpose == "account_opening"))


def lock_invoice(session: Session, *, invoice_id: str) -> None:
    """Wait until nobody else works on the invoice's payments."""
    session.execute(select(Invoice.id).where(Invoice.id == invoice_id).with_for_update())


def last_payment(session: Session, *, invoice_id: str) -> Payment | None:
    """Find the latest attempt to collect the invoice."""
    return session.scalar(select(Payment).where(Payment.invoice_id == invoice_id).order_by(Payment.attempt.desc()).limit(1))


def payment(session: Session, *, payment_id: str) -> Payment:
    """Give a payment that is known to be there."""
    return session.get_one(Payment, payment_id)


def credit_note(session: Session, *, credit_note_id: str) -> CreditNote:
    """Give a credit note that is known to be there."""
    return session.get_one(CreditNote, credit_note_id)


def refund(session: Session, *, credit_note_id: str) -> Refund | None:
    """Find what was given back to the card for a credit note."""
    return session.get(Refund, credit_note_id)


def next_number(session: Session, *, agency_id: str, series: str) -> int:
    """Take the next number of an agency's series. Others wait until this transaction ends; if it is undone, so is the number."""
    first = insert(DocumentCounter).values(agency_id=agency_id, series=series, last=1)
    following = first.on_conflict_do_update(
        index_elements=[DocumentCounter.agency_id, DocumentCounter.series], set_={"last": DocumentCounter.last + 1}
    )
    return session.scalars(following.returning(DocumentCounter.last)).one()


def _page(wanted: Select[Row], by: Ids, *, limit: int, cursor: str | None) -> Select[Row]:
    """Ask for one more row than the page holds: it says whether there is a next one. ULIDs sort by time of birth."""
    if cursor is not None:
        wanted = wanted.where(by < str(decode_cursor(cursor, length=1)[0]))
    return wanted.order_by(by.desc()).limit(limit + 1)


def _paged(rows: Sequence[Row], ids: Sequence[str], *, limit: int, total: int) -> Page[Row]:
    return Page(data=rows[:limit], next_cursor=encode_cursor(ids[limit - 1]) if len(rows) > limit else None, total=total)
