"""Collecting invoices and giving back: two units of work each, and the outside world between them, under an id kept before it is asked."""

from dataclasses import dataclass
from datetime import datetime

from billing import clients, errors, events, models, repository
from billing.domain.credits import PREPAID
from billing.domain.dunning import DUNNED
from billing.domain.invoice import PaymentStatus, Purpose, card_share
from billing.usecases import dunning
from billing.usecases.invoices import credit
from chassis.errors import Refusal
from chassis.ids import new_id
from chassis.money import Money
from chassis.unit_of_work import UnitOfWork


@dataclass(frozen=True, kw_only=True)
class Attempt:
    """A payment about to be made, or resumed: its provider may have been asked before. Without a payment method only prepaid can pay.

    `previous_payment_id`: the attempt before it, which failed; what that had of prepaid may not have been released yet.
    """

    payment_id: str
    invoice_id: str
    agency_id: str
    account_id: str | None
    amount: Money
    payment_method: str | None
    takes_prepaid: bool
    resumed: bool
    previous_payment_id: str | None


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """What became of an attempt: paid, so much by prepaid and the rest by card, declined, or not known yet: the money is under way."""

    prepaid: Money
    card: Money
    charge_id: str | None = None
    declined: clients.Declined | None = None
    is_pending: bool = False


@dataclass(frozen=True, kw_only=True)
class RefundDue:
    """The card's part of a credit note, to be given back."""

    credit_note_id: str
    charge_id: str
    amount: Money


def begin_payment(uow: UnitOfWork, *, invoice_id: str) -> Attempt | None:
    """Keep the payment that is to collect the invoice; None where it was decided already, or its account has failed."""
    found = repository.locked_to_collect(uow.session, invoice_id=invoice_id)
    if found.payment is None:
        return None if _is_undone(found) else new_attempt(uow, found.invoice)
    return resume(uow, found.invoice, found.payment) if found.payment.status == PaymentStatus.PENDING else None


def new_attempt(uow: UnitOfWork, invoice: models.Invoice, *, number: int = 1) -> Attempt:
    """Keep the payment of one more attempt at a locked invoice, by the profile that pays at this moment."""
    profile_id, token = _paying_profile(uow, invoice)
    payment = _new_payment(uow, invoice, number=number, billing_profile_id=profile_id, token=token, status=PaymentStatus.PENDING)
    return _attempt(uow, invoice, payment, resumed=False)


def resume(uow: UnitOfWork, invoice: models.Invoice, payment: models.Payment) -> Attempt:
    """Go on with a payment whose outcome is not known."""
    payment.asked_at = uow.platform_now
    return _attempt(uow, invoice, payment, resumed=True)


def _attempt(uow: UnitOfWork, invoice: models.Invoice, payment: models.Payment, *, resumed: bool) -> Attempt:
    profile_id = payment.billing_profile_id
    return Attempt(
        payment_id=payment.id,
        invoice_id=invoice.id,
        agency_id=invoice.agency_id,
        account_id=invoice.account_id,
        amount=Money(amount_minor=payment.amount_minor, currency=payment.currency),
        payment_method=payment.token or (None if profile_id is None else repository.token_of(uow.session, billing_profile_id=profile_id)),
        takes_prepaid=invoice.credit_kind != PREPAID,
        resumed=resumed,
        previous_payment_id=repository.payment_before(uow.session, payment),
    )


def pay(attempt: Attempt, *, credits_: clients.Credits, provider: clients.PaymentProvider) -> Outcome:
    """Pay by prepaid first and by card for the rest, under the payment's id: however often this is begun, it is charged once.

    Outside of any transaction. Raises `Unavailable`, `ProviderUnavailable` or `DeadlineExceeded` where the outcome is unknown: begin again.
    """
    zero = Money.zero(attempt.amount.currency)
    prepaid = zero
    if attempt.takes_prepaid and attempt.amount != zero:
        prepaid = credits_.reserve_prepaid(
            agency_id=attempt.agency_id,
            account_id=attempt.account_id,
            payment_id=attempt.payment_id,
            invoice_id=attempt.invoice_id,
            up_to=attempt.amount,
            previous_payment_id=attempt.previous_payment_id,
        )
    card = card_share(attempt.amount, reserved=prepaid)
    if card == zero:
        return Outcome(prepaid=prepaid, card=card)
    if attempt.payment_method is None:
        nobody_pays = errors.BillingProfileRequired()
        return Outcome(prepaid=prepaid, card=card, declined=clients.Declined(code=nobody_pays.code, reason=nobody_pays.text))
    charged = (
        provider.find(idempotency_key=attempt.payment_id, payment_method=attempt.payment_method) if attempt.resumed else None
    ) or provider.charge(idempotency_key=attempt.payment_id, payment_method=attempt.payment_method, amount=card)
    return _outcome(charged, prepaid=prepaid, card=card)


def record_payment(uow: UnitOfWork, *, attempt: Attempt, outcome: Outcome) -> None:
    """Record what became of the attempt, once; where the account failed meanwhile, take the invoice back in the same breath.

    Money that is under way leaves the payment pending: it is told (`settle_told`) or asked about under the same id later.
    """
    if not outcome.is_pending:
        _settle(uow, outcome, invoice_id=attempt.invoice_id, payment_id=attempt.payment_id)


def settle_told(uow: UnitOfWork, *, payment_id: str, charged: clients.Charged) -> bool:
    """Settle a payment as its provider tells, once, whoever comes first: this, our own answer, or somebody who asked. Tell whether it did.

    What the card did not pay of it, prepaid did. Raises `PaymentNotFound` for a payment that is not ours, and
    `ChargeImpossible` for more than it is about.
    """
    payment = repository.payment_or_none(uow.session, payment_id=payment_id)
    if payment is None:
        raise errors.PaymentNotFound(payment_id=payment_id)
    total = Money(amount_minor=payment.amount_minor, currency=payment.currency)
    card = charged.amount if isinstance(charged, clients.Charge) else total
    if card.currency != total.currency or card > total:
        raise errors.ChargeImpossible(charged=card.amount_minor, total=total.amount_minor)
    outcome = _outcome(charged, prepaid=total - card, card=card)
    return not outcome.is_pending and _settle(uow, outcome, invoice_id=payment.invoice_id, payment_id=payment.id)


def _outcome(charged: clients.Charged, *, prepaid: Money, card: Money) -> Outcome:
    match charged:
        case clients.Charge():
            return Outcome(prepaid=prepaid, card=card, charge_id=charged.id)
        case clients.Declined():
            return Outcome(prepaid=prepaid, card=card, declined=charged)
        case clients.Pending():
            return Outcome(prepaid=prepaid, card=card, is_pending=True)


def _settle(uow: UnitOfWork, outcome: Outcome, *, invoice_id: str, payment_id: str) -> bool:
    """Settle a pending payment under the locks of its account and its invoice; tell whether it was still pending."""
    found = repository.locked_to_collect(uow.session, invoice_id=invoice_id, payment_id=payment_id)
    invoice, payment = found.invoice, found.payment
    if payment is None:
        raise errors.PaymentNotFound(payment_id=payment_id)
    if payment.status != PaymentStatus.PENDING:
        return False
    if outcome.declined is not None:
        _fail(uow, invoice, payment, outcome.declined)
    else:
        _succeed(uow, invoice, payment, outcome, paid_until=_paid_until(found))
        if found.dunning_state is not None:
            dunning.recover(uow, invoice=invoice)
    if _is_undone(found) or not _stays_owed(uow, invoice, payment):
        credit(uow, invoice=invoice, payment=payment)
    return True


def refuse_payment(uow: UnitOfWork, *, invoice: models.Invoice, refusal: Refusal) -> None:
    """Record that an invoice will not be collected, without asking anybody for money."""
    profile_id, token = _profile_of(uow, invoice)
    payment = _new_payment(uow, invoice, number=1, billing_profile_id=profile_id, token=token, status=PaymentStatus.FAILED)
    _fail(uow, invoice, payment, clients.Declined(code=refusal.code, reason=refusal.text))


def refund_due(uow: UnitOfWork, *, credit_note_id: str) -> RefundDue | None:
    """Say what the card is still to get back for a credit note; None where it is nothing."""
    note = repository.credit_note(uow.session, credit_note_id=credit_note_id)
    payment = None if note.payment_id is None else repository.payment(uow.session, payment_id=note.payment_id)
    if payment is None or payment.provider_charge_id is None or repository.refund(uow.session, credit_note_id=note.id) is not None:
        return None
    return RefundDue(
        credit_note_id=note.id,
        charge_id=payment.provider_charge_id,
        amount=Money(amount_minor=note.card_minor, currency=note.currency),
    )


def record_refund(uow: UnitOfWork, *, due: RefundDue, refund: clients.CardRefund) -> None:
    """Record that the card got its money back; the credit note's id is the row's, so there is one."""
    uow.session.add(
        models.Refund(
            credit_note_id=due.credit_note_id,
            provider_refund_id=refund.id,
            currency=due.amount.currency,
            amount_minor=due.amount.amount_minor,
            refunded_at=uow.now,
        )
    )


def _is_undone(found: repository.ToCollect) -> bool:
    """Tell whether what an invoice is for did not come about, or was given up: nothing of it may stay charged."""
    was_given_up = found.dunning_state in dunning.GIVEN_UP
    match Purpose(found.invoice.purpose):
        case Purpose.ACCOUNT_OPENING:
            return found.account_failed_at is not None
        case Purpose.RENEWAL:
            return was_given_up or not found.is_begun
        case _:
            return was_given_up


def _stays_owed(uow: UnitOfWork, invoice: models.Invoice, payment: models.Payment) -> bool:
    """Tell whether an invoice that this payment did not pay is owed all the same: credit that is not paid for is not bought."""
    if payment.status == PaymentStatus.SUCCEEDED or invoice.purpose == Purpose.ACCOUNT_OPENING:
        return True  # an account whose opening is not paid fails, and its invoice is taken back with that
    return repository.dunning(uow.session, invoice_id=invoice.id) is not None


def _paying_profile(uow: UnitOfWork, invoice: models.Invoice) -> tuple[str | None, str | None]:
    """Say which profile pays now, and its token: for an account in use the one it is paid by, else the default of whose invoice it is."""
    if Purpose(invoice.purpose) not in DUNNED or invoice.account_id is None:
        return _profile_of(uow, invoice)
    profile = repository.paying_profile(uow.session, agency_id=invoice.agency_id, account_id=invoice.account_id)
    return (None, None) if profile is None else (profile.id, profile.token)


def _profile_of(uow: UnitOfWork, invoice: models.Invoice) -> tuple[str | None, str | None]:
    """Give the profile that the invoice was issued for, and its token."""
    profile_id = invoice.billing_profile_id
    return profile_id, None if profile_id is None else repository.token_of(uow.session, billing_profile_id=profile_id)


def _new_payment(
    uow: UnitOfWork, invoice: models.Invoice, *, number: int, billing_profile_id: str | None, token: str | None, status: PaymentStatus
) -> models.Payment:
    payment = models.Payment(
        id=new_id("pay"),
        invoice_id=invoice.id,
        attempt=number,
        billing_profile_id=billing_profile_id,
        token=token,
        status=status,
        currency=invoice.currency,
        amount_minor=invoice.total_minor,
        prepaid_minor=0,
        card_minor=0,
        created_at=uow.now_of(invoice.agency_id),
        asked_at=uow.platform_now,
    )
    uow.session.add(payment)
    return payment


def _succeed(uow: UnitOfWork, invoice: models.Invoice, payment: models.Payment, outcome: Outcome, *, paid_until: datetime | None) -> None:
    payment.status = PaymentStatus.SUCCEEDED
    payment.settled_at = uow.now_of(invoice.agency_id)
    payment.prepaid_minor = outcome.prepaid.amount_minor
    payment.card_minor = outcome.card.amount_minor
    payment.provider_charge_id = outcome.charge_id
    bought = None
    if invoice.credit_kind is not None:
        bought = {
            "kind": invoice.credit_kind,
            "units": invoice.credit_units,
            "account_id": invoice.account_id,
            "expires_at": invoice.credit_expires_at,
        }
    uow.emit(
        events.InvoicePaid(
            subject=invoice.id,
            agency_id=invoice.agency_id,
            invoice_id=invoice.id,
            number=invoice.number,
            payment_id=payment.id,
            purpose=Purpose(invoice.purpose),
            account_id=invoice.account_id,
            total_minor=invoice.total_minor,
            prepaid_minor=payment.prepaid_minor,
            card_minor=payment.card_minor,
            currency=invoice.currency,
            credit=bought,
            period_ends_at=paid_until,
        )
    )


def _paid_until(found: repository.ToCollect) -> datetime | None:
    """Say until when the account is paid for by this: a renewal by its own period, however late it is paid; else by the one that runs."""
    match Purpose(found.invoice.purpose):
        case Purpose.CREDIT_PURCHASE:
            return None
        case Purpose.RENEWAL:
            return found.invoiced_until
        case _:
            return found.subscribed_until


def _fail(uow: UnitOfWork, invoice: models.Invoice, payment: models.Payment, declined: clients.Declined) -> None:
    payment.status = PaymentStatus.FAILED
    payment.settled_at = uow.now_of(invoice.agency_id)
    payment.failure_code = declined.code
    payment.failure_reason = declined.reason
    refused = dunning.note_refusal(
        uow, invoice=invoice, payment=payment, code=declined.code, reason=declined.reason, is_hard=declined.is_hard
    )
    uow.emit(
        events.PaymentFailed(
            subject=invoice.id,
            agency_id=invoice.agency_id,
            invoice_id=invoice.id,
            number=invoice.number,
            payment_id=payment.id,
            purpose=Purpose(invoice.purpose),
            account_id=invoice.account_id,
            amount_minor=payment.amount_minor,
            currency=payment.currency,
            code=declined.code,
            reason=declined.reason,
            attempt=payment.attempt,
            is_final=refused.is_final,
        )
    )
    if refused.step is not None:
        dunning.tell_step(uow, invoice, refused.step)
