"""Collecting invoices and giving back: two units of work each, and the outside world between them, under an id kept before it is asked."""

from dataclasses import dataclass

from billing import clients, errors, events, models, repository
from billing.domain.invoice import PaymentStatus, Purpose, card_share
from billing.usecases.invoices import credit
from chassis.errors import Refusal
from chassis.ids import new_id
from chassis.money import Money
from chassis.unit_of_work import UnitOfWork


@dataclass(frozen=True, kw_only=True)
class Attempt:
    """A payment about to be made, or resumed: its provider may have been asked before."""

    payment_id: str
    invoice_id: str
    agency_id: str
    account_id: str | None
    amount: Money
    payment_method: str
    takes_prepaid: bool
    resumed: bool


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
    invoice = repository.invoice(uow.session, invoice_id=invoice_id)
    account = _locked_account(uow, invoice)
    repository.lock_invoice(uow.session, invoice_id=invoice_id)
    payment = repository.last_payment(uow.session, invoice_id=invoice_id)
    resumed = payment is not None
    if payment is None:
        if _is_undone(invoice, account):
            return None
        payment = _new_payment(uow, invoice, status=PaymentStatus.PENDING)
    if payment.status != PaymentStatus.PENDING:
        return None
    return Attempt(
        payment_id=payment.id,
        invoice_id=invoice.id,
        agency_id=invoice.agency_id,
        account_id=invoice.account_id,
        amount=Money(amount_minor=payment.amount_minor, currency=payment.currency),
        payment_method=payment.token or repository.token_of(uow.session, billing_profile_id=payment.billing_profile_id),
        takes_prepaid=invoice.purpose != Purpose.CREDIT_PURCHASE,
        resumed=resumed,
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
        )
    card = card_share(attempt.amount, reserved=prepaid)
    if card == zero:
        return Outcome(prepaid=prepaid, card=card)
    charged = (
        provider.find(idempotency_key=attempt.payment_id, payment_method=attempt.payment_method) if attempt.resumed else None
    ) or provider.charge(idempotency_key=attempt.payment_id, payment_method=attempt.payment_method, amount=card)
    return _outcome(charged, prepaid=prepaid, card=card)


def record_payment(uow: UnitOfWork, *, attempt: Attempt, outcome: Outcome) -> None:
    """Record what became of the attempt, once; where the account failed meanwhile, take the invoice back in the same breath.

    Money that is under way leaves the payment pending: it is told (`settle_told`) or asked about under the same id later.
    """
    if not outcome.is_pending:
        _settle(uow, repository.payment(uow.session, payment_id=attempt.payment_id), outcome)


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
    return not outcome.is_pending and _settle(uow, payment, outcome)


def _outcome(charged: clients.Charged, *, prepaid: Money, card: Money) -> Outcome:
    match charged:
        case clients.Charge():
            return Outcome(prepaid=prepaid, card=card, charge_id=charged.id)
        case clients.Declined():
            return Outcome(prepaid=prepaid, card=card, declined=charged)
        case clients.Pending():
            return Outcome(prepaid=prepaid, card=card, is_pending=True)


def _settle(uow: UnitOfWork, payment: models.Payment, outcome: Outcome) -> bool:
    """Settle a pending payment under the locks of its account and its invoice; tell whether it was still pending."""
    invoice = repository.invoice(uow.session, invoice_id=payment.invoice_id)
    account = _locked_account(uow, invoice)
    repository.lock_invoice(uow.session, invoice_id=invoice.id)
    uow.session.refresh(payment)
    if payment.status != PaymentStatus.PENDING:
        return False
    if outcome.declined is not None:
        _fail(uow, invoice, payment, code=outcome.declined.code, reason=outcome.declined.reason)
    else:
        _succeed(uow, invoice, payment, outcome)
    if _is_undone(invoice, account):
        credit(uow, invoice=invoice, payment=payment)
    return True


def refuse_payment(uow: UnitOfWork, *, invoice: models.Invoice, refusal: Refusal) -> None:
    """Record that an invoice will not be collected, without asking anybody for money."""
    _fail(uow, invoice, _new_payment(uow, invoice, status=PaymentStatus.FAILED), code=refusal.code, reason=refusal.text)


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


def _locked_account(uow: UnitOfWork, invoice: models.Invoice) -> models.Account | None:
    if invoice.account_id is None:
        return None
    return repository.account_for_update(uow.session, agency_id=invoice.agency_id, account_id=invoice.account_id, now=uow.now)


def _is_undone(invoice: models.Invoice, account: models.Account | None) -> bool:
    """Tell whether the invoice is for opening an account that failed: nothing of it may stay charged."""
    return invoice.purpose == Purpose.ACCOUNT_OPENING and account is not None and account.failed_at is not None


def _new_payment(uow: UnitOfWork, invoice: models.Invoice, *, status: PaymentStatus) -> models.Payment:
    payment = models.Payment(
        id=new_id("pay"),
        invoice_id=invoice.id,
        attempt=1,
        billing_profile_id=invoice.billing_profile_id,
        token=repository.token_of(uow.session, billing_profile_id=invoice.billing_profile_id),
        status=status,
        currency=invoice.currency,
        amount_minor=invoice.total_minor,
        prepaid_minor=0,
        card_minor=0,
        created_at=uow.now,
    )
    uow.session.add(payment)
    return payment


def _succeed(uow: UnitOfWork, invoice: models.Invoice, payment: models.Payment, outcome: Outcome) -> None:
    payment.status = PaymentStatus.SUCCEEDED
    payment.settled_at = uow.now
    payment.prepaid_minor = outcome.prepaid.amount_minor
    payment.card_minor = outcome.card.amount_minor
    payment.provider_charge_id = outcome.charge_id
    bought = None
    if invoice.credit_kind is not None:
        bought = {"kind": invoice.credit_kind, "units": invoice.credit_units, "account_id": invoice.account_id}
    subscription = None
    if invoice.account_id is not None and invoice.purpose != Purpose.CREDIT_PURCHASE:
        subscription = repository.subscription_of_account(uow.session, account_id=invoice.account_id)
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
            period_ends_at=None if subscription is None else subscription.period_end,
        )
    )


def _fail(uow: UnitOfWork, invoice: models.Invoice, payment: models.Payment, *, code: str, reason: str) -> None:
    payment.status = PaymentStatus.FAILED
    payment.settled_at = uow.now
    payment.failure_code = code
    payment.failure_reason = reason
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
            code=code,
            reason=reason,
        )
    )
