"""Facts that notifications publishes, and what it reads of those of others."""

from typing import Any

import marshmallow

from chassis.events import Event, Fact, UnreadableEvent
from chassis.schemas import Reading, fields


class _NoticeFact(Fact):
    """What became of one notice."""

    source = "notifications"
    notice_id = fields.Id("ntc", required=True)
    kind = fields.String(required=True)
    channel = fields.String(required=True)
    account_id = fields.Id("acc", required=True, allow_none=True)
    caused_by = fields.String(required=True)


class NoticeSent(_NoticeFact):
    """The mail server took a notice."""


class NoticeFailed(_NoticeFact):
    """The mail server refuses a notice for good."""

    reason = fields.String(required=True)


class ClientAnswered(Fact):
    """The platform wrote an answer to a client (R0.71); it is mailed from here on."""

    source = "notifications"
    notice_id = fields.Id("ntc", required=True)
    account_id = fields.Id("acc", required=True)


class AnswerToSend(Reading):
    """What is read of our own client_answered."""

    notice_id = fields.Id("ntc", required=True)
    account_id = fields.Id("acc", required=True)


class AgencyDescribed(Reading):
    """What is read of agency_registered and agency_updated."""

    notification_email = fields.String(required=True)
    language = fields.String(required=True)
    programme = fields.String(required=True)


class _AccountDescribed(Reading):
    """What every fact about an account says of it."""

    account_id = fields.Id("acc", required=True)
    name = fields.String(required=True)
    notification_email = fields.String(required=True)


class _Selection(Reading):
    plan = fields.String(required=True)
    contacts = fields.Integer(load_default=None, allow_none=True)
    frequency = fields.String(load_default=None, allow_none=True)


class AccountRequested(_AccountDescribed):
    """What is read of account_requested; the client's address is needed where the agency's programme is commission."""

    language = fields.String(required=True)
    client_email = fields.String(load_default=None, allow_none=True)


class AccountActivated(_AccountDescribed):
    """What is read of account_activated."""

    selection = fields.Nested(_Selection, required=True)


class AccountFailed(_AccountDescribed):
    """What is read of account_failed."""

    code = fields.String(required=True)
    reason = fields.String(required=True)


class AccountUpgraded(_AccountDescribed):
    """What is read of account_upgraded."""

    old_selection = fields.Nested(_Selection, required=True)
    new_selection = fields.Nested(_Selection, required=True)


class AccountOnPlan(_AccountDescribed):
    """What is read of account_renewed and account_converted."""

    new_selection = fields.Nested(_Selection, required=True)


class PlanChangeScheduled(AccountUpgraded):
    """What is read of plan_change_scheduled."""

    due_at = fields.Instant(required=True)


class AccountEnding(_AccountDescribed):
    """What is read of account_cancelled and trial_ending."""

    expires_at = fields.Instant(required=True)


class AccountExpired(_AccountDescribed):
    """What is read of account_expired."""

    archives_at = fields.Instant(required=True)


class AccountArchived(_AccountDescribed):
    """What is read of account_archived."""

    renewable_until = fields.Instant(required=True)


class AccountDisabled(_AccountDescribed):
    """What is read of account_disabled."""

    reason = fields.String(required=True)
    message = fields.String(load_default=None, allow_none=True)


class RenewalUpcoming(_AccountDescribed):
    """What is read of renewal_upcoming."""

    selection = fields.Nested(_Selection, required=True)
    renews_at = fields.Instant(required=True)


class AccountLoginLocked(Reading):
    """What is read of account_login_locked; the username is null where the account has no such user."""

    account_id = fields.Id("acc", required=True)
    username = fields.String(load_default=None, allow_none=True)
    locked_until = fields.Instant(required=True)


class _TransferDescribed(Reading):
    """What every fact about a transfer says of its account; `agency_email` is that of the agency that asked."""

    account_id = fields.Id("acc", required=True)
    name = fields.String(required=True)
    direction = fields.String(required=True)
    agency_email = fields.String(required=True)


class TransferRequested(_TransferDescribed):
    """What is read of transfer_requested; `login_url` is that of the account."""

    transfer_id = fields.Id("trf", required=True)
    account_host = fields.String(required=True)
    login_url = fields.String(load_default=None, allow_none=True)
    client_email = fields.String(required=True)
    language = fields.String(required=True)
    expires_at = fields.Instant(required=True)


class TransferCompleted(_TransferDescribed):
    """What is read of transfer_completed."""

    to_agency_id = fields.Id("agy", required=True)


class InvoicePaid(Reading):
    """What is read of invoice_paid."""

    account_id = fields.Id("acc", load_default=None, allow_none=True)
    number = fields.String(required=True)
    total_minor = fields.Minor(required=True)
    prepaid_minor = fields.Minor(required=True)
    card_minor = fields.Minor(required=True)
    currency = fields.String(required=True)


class PaymentFailed(Reading):
    """What is read of payment_failed."""

    account_id = fields.Id("acc", load_default=None, allow_none=True)
    number = fields.String(required=True)
    amount_minor = fields.Minor(required=True)
    currency = fields.String(required=True)
    code = fields.String(required=True)
    reason = fields.String(required=True)


class DunningStep(PaymentFailed):
    """What is read of dunning_step."""

    outcome = fields.String(required=True)
    next_attempt_at = fields.Instant(load_default=None, allow_none=True)


class CardExpiring(Reading):
    """What is read of card_expiring."""

    name = fields.String(required=True)
    brand = fields.String(required=True)
    last_four = fields.String(required=True)
    expiry_month = fields.Integer(required=True)
    expiry_year = fields.Integer(required=True)
    days = fields.Integer(required=True)


class CreditsPurchased(Reading):
    """What is read of credits_purchased; units with a currency are its minor units."""

    account_id = fields.Id("acc", load_default=None, allow_none=True)
    kind = fields.String(required=True)
    units = fields.Minor(required=True)
    currency = fields.String(load_default=None, allow_none=True)


class CreditsExpired(CreditsPurchased):
    """What is read of credits_expired."""

    expired_at = fields.Instant(required=True)


class TopUp(Reading):
    """What is read of what is bought when a balance is low."""

    units = fields.Minor(required=True)


class BalanceLow(Reading):
    """What is read of balance_low."""

    kind = fields.String(required=True)
    units = fields.Minor(required=True)
    threshold = fields.Minor(required=True)
    currency = fields.String(load_default=None, allow_none=True)
    top_up = fields.Nested(TopUp, load_default=None, allow_none=True)


class TopUpRefused(Reading):
    """What is read of top_up_refused."""

    kind = fields.String(required=True)
    units = fields.Minor(required=True)
    currency = fields.String(load_default=None, allow_none=True)
    code = fields.String(required=True)
    reason = fields.String(required=True)


AGENCY_FACTS = frozenset({"agency_registered", "agency_updated"})

_READ: dict[str, Reading] = {
    "agency_registered": AgencyDescribed(),
    "agency_updated": AgencyDescribed(),
    "account_requested": AccountRequested(),
    "account_activated": AccountActivated(),
    "account_failed": AccountFailed(),
    "account_upgraded": AccountUpgraded(),
    "client_answered": AnswerToSend(),
    "account_updated": _AccountDescribed(),
    "account_cancelled": AccountEnding(),
    "cancellation_undone": _AccountDescribed(),
    "account_disabled": AccountDisabled(),
    "account_enabled": _AccountDescribed(),
    "account_expired": AccountExpired(),
    "account_archived": AccountArchived(),
    "account_renewed": AccountOnPlan(),
    "account_downgraded": AccountUpgraded(),
    "account_converted": AccountOnPlan(),
    "plan_change_scheduled": PlanChangeScheduled(),
    "plan_change_dropped": _AccountDescribed(),
    "trial_ending": AccountEnding(),
    "renewal_upcoming": RenewalUpcoming(),
    "account_login_locked": AccountLoginLocked(),
    "transfer_requested": TransferRequested(),
    "transfer_completed": TransferCompleted(),
    "invoice_paid": InvoicePaid(),
    "payment_failed": PaymentFailed(),
    "dunning_step": DunningStep(),
    "card_expiring": CardExpiring(),
    "credits_purchased": CreditsPurchased(),
    "credits_expired": CreditsExpired(),
    "balance_low": BalanceLow(),
    "top_up_refused": TopUpRefused(),
}

ACCOUNT_FACTS = frozenset(name for name, reading in _READ.items() if isinstance(reading, _AccountDescribed))
TRANSFER_FACTS = frozenset({"transfer_requested", "transfer_completed"})


def facts_of(event: Event) -> dict[str, Any]:
    """Read what notifications needs of an event: its data and its `agency_id`; nothing of an event that is only kept.

    Raises `UnreadableEvent`.
    """
    reading = _READ.get(event.name)
    if reading is None:
        return {}
    if event.agency_id is None:
        raise UnreadableEvent(f"{event.source}.{event.name} does not say whose it is")
    try:
        facts: dict[str, Any] = reading.load(event.data)
    except marshmallow.ValidationError as error:
        raise UnreadableEvent(f"{event.source}.{event.name} does not hold what notifications reads: {error.messages}") from None
    return {**facts, "agency_id": event.agency_id}
