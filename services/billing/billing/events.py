"""Facts that billing publishes, and what it reads of those of others and of its own."""

from billing.domain.dunning import DunningOutcome
from billing.domain.invoice import CreditReason, Purpose
from chassis.events import Fact
from chassis.schemas import Reading, Schema, fields

# --- told -------------------------------------------------------------------------------------------------------------------------------


class QuoteCreated(Fact):
    """An agency was offered something at a price."""

    source = "billing"
    quote_id = fields.Id("quo", required=True)
    purpose = fields.Enum(Purpose, by_value=True, required=True)
    account_id = fields.Id("acc", required=True, allow_none=True)
    due_today_minor = fields.Minor(required=True)
    currency = fields.String(required=True)
    expires_at = fields.Instant(required=True)


class BillingProfileAdded(Fact):
    """An agency has a new payment method."""

    source = "billing"
    billing_profile_id = fields.Id("bp", required=True)
    brand = fields.String(required=True)
    last_four = fields.String(required=True)
    is_default = fields.Boolean(required=True)


class BillingProfileUpdated(Fact):
    """A billing profile is another one's name, address or card now, or the default: `changes` says which of them.

    `changes` holds some of `name`, `invoice_address`, `is_default` and `card`.
    """

    source = "billing"
    billing_profile_id = fields.Id("bp", required=True)
    brand = fields.String(required=True)
    last_four = fields.String(required=True)
    expiry_month = fields.Integer(required=True, strict=True)
    expiry_year = fields.Integer(required=True, strict=True)
    is_default = fields.Boolean(required=True)
    changes = fields.List(fields.String(), required=True)


class BillingProfileRemoved(Fact):
    """An agency has a payment method no more."""

    source = "billing"
    billing_profile_id = fields.Id("bp", required=True)
    brand = fields.String(required=True)
    last_four = fields.String(required=True)


class CardExpiring(Fact):
    """A card expires in thirty days, or in seven: at the end of the month that it says."""

    source = "billing"
    billing_profile_id = fields.Id("bp", required=True)
    profile_name = fields.String(required=True, data_key="name")
    brand = fields.String(required=True)
    last_four = fields.String(required=True)
    expiry_month = fields.Integer(required=True, strict=True)
    expiry_year = fields.Integer(required=True, strict=True)
    days = fields.Integer(required=True, strict=True)
    is_default = fields.Boolean(required=True)


class InvoiceIssued(Fact):
    """Something is owed; it is collected from here on."""

    source = "billing"
    invoice_id = fields.Id("inv", required=True)
    number = fields.String(required=True)
    purpose = fields.Enum(Purpose, by_value=True, required=True)
    account_id = fields.Id("acc", required=True, allow_none=True)
    billing_profile_id = fields.Id("bp", required=True, allow_none=True)  # null: there is none, so that prepaid alone can pay
    total_minor = fields.Minor(required=True)
    currency = fields.String(required=True)


class Credit(Schema):
    """What a paid credit purchase bought: units of prepaid are minor units of the currency."""

    kind = fields.String(required=True)
    units = fields.Minor(required=True)
    account_id = fields.Id("acc", required=True, allow_none=True)
    expires_at = fields.Instant(allow_none=True)  # null where it never does


class InvoicePaid(Fact):
    """An invoice was paid in full, so much of it by prepaid and so much by card."""

    source = "billing"
    invoice_id = fields.Id("inv", required=True)
    number = fields.String(required=True)
    payment_id = fields.Id("pay", required=True)
    purpose = fields.Enum(Purpose, by_value=True, required=True)
    account_id = fields.Id("acc", required=True, allow_none=True)
    total_minor = fields.Minor(required=True)
    prepaid_minor = fields.Minor(required=True)
    card_minor = fields.Minor(required=True)
    currency = fields.String(required=True)
    credit = fields.Nested(Credit, required=True, allow_none=True)
    period_ends_at = fields.Instant(allow_none=True)  # of what was paid for; null where that has no period


class PaymentFailed(Fact):
    """An attempt to collect an invoice was refused; nothing of it was charged."""

    source = "billing"
    invoice_id = fields.Id("inv", required=True)
    number = fields.String(required=True)
    payment_id = fields.Id("pay", required=True)
    purpose = fields.Enum(Purpose, by_value=True, required=True)
    account_id = fields.Id("acc", required=True, allow_none=True)
    amount_minor = fields.Minor(required=True)
    currency = fields.String(required=True)
    code = fields.String(required=True)
    reason = fields.String(required=True)
    attempt = fields.Integer(strict=True)
    is_final = fields.Boolean(dump_default=True)  # it is not tried again by itself


class TopUpRefused(Fact):
    """A low pot could not be topped up as its agency wants it to be: nothing was bought, and nothing is until the pot is low again."""

    source = "billing"
    kind = fields.String(required=True)
    units = fields.Integer(strict=True, required=True)
    currency = fields.String(required=True, allow_none=True)
    code = fields.String(required=True)
    reason = fields.String(required=True)


class DunningStep(Fact):
    """What the dunning of an overdue invoice has come to; `sequence` counts these facts of one account."""

    source = "billing"
    invoice_id = fields.Id("inv", required=True)
    number = fields.String(required=True)
    account_id = fields.Id("acc", required=True)
    step = fields.Integer(strict=True, required=True)
    outcome = fields.Enum(DunningOutcome, by_value=True, required=True)
    code = fields.String(required=True)
    reason = fields.String(required=True)
    amount_minor = fields.Minor(required=True)
    currency = fields.String(required=True)
    next_attempt_at = fields.Instant(required=True, allow_none=True)
    sequence = fields.Integer(strict=True, required=True)


class CreditNoteIssued(Fact):
    """An invoice was taken back, and what had been paid of it is given back the way it came; or a change of plan left something unused.

    Then there is no invoice, and `granted_minor` becomes prepaid credit of the account; `period_ends_at` is until when it is paid for now.
    """

    source = "billing"
    credit_note_id = fields.Id("cn", required=True)
    invoice_id = fields.Id("inv", required=True, allow_none=True)
    number = fields.String(required=True)
    account_id = fields.Id("acc", required=True, allow_none=True)
    total_minor = fields.Minor(required=True)
    prepaid_minor = fields.Minor(required=True)
    card_minor = fields.Minor(required=True)
    currency = fields.String(required=True)
    payment_id = fields.Id("pay", required=True, allow_none=True)
    granted_minor = fields.Minor(load_default=0)
    reason = fields.Enum(CreditReason, by_value=True)
    period_ends_at = fields.Instant(allow_none=True)


# --- read -------------------------------------------------------------------------------------------------------------------------------


class AgencyTold(Reading):
    """Of identity's agency_registered and agency_updated."""

    agency_id = fields.Id("agy", required=True)
    name = fields.String(load_default=None, allow_none=True)
    currency = fields.String(required=True)
    discount_basis_points = fields.Integer(strict=True, required=True)
    language = fields.String(required=True)


class AccountRequested(Reading):
    """Of accounts' account_requested."""

    account_id = fields.Id("acc", required=True)
    name = fields.String(load_default=None, allow_none=True)
    quote_id = fields.Id("quo", required=True)
    billing_profile_id = fields.Id("bp", load_default=None, allow_none=True)
    time_zone = fields.String(required=True)
    requested_at = fields.Instant(required=True)


class AccountFailed(Reading):
    """Of accounts' account_failed."""

    account_id = fields.Id("acc", required=True)


class AccountUpgraded(Reading):
    """Of accounts' account_upgraded, account_converted and account_downgraded."""

    account_id = fields.Id("acc", required=True)
    quote_id = fields.Id("quo", required=True)
    billing_profile_id = fields.Id("bp", load_default=None, allow_none=True)


class AccountRenewed(Reading):
    """Of accounts' account_renewed; without a quote nothing is to be paid: it goes on with what is paid for already."""

    account_id = fields.Id("acc", required=True)
    quote_id = fields.Id("quo", load_default=None, allow_none=True)
    billing_profile_id = fields.Id("bp", load_default=None, allow_none=True)


class AccountToldOf(Reading):
    """Of accounts' cancellation_undone and account_archived."""

    account_id = fields.Id("acc", required=True)


class AccountCancelled(AccountToldOf):
    """Of accounts' account_cancelled; until `expires_at` it is usable."""

    expires_at = fields.Instant(load_default=None, allow_none=True)


class AccountExpired(AccountToldOf):
    """Of accounts' account_expired."""

    expired_at = fields.Instant(load_default=None, allow_none=True)


class PlanChangeTold(Reading):
    """Of accounts' plan_change_scheduled and plan_change_dropped."""

    account_id = fields.Id("acc", required=True)
    quote_id = fields.Id("quo", required=True)


class AccountUpdated(Reading):
    """Of accounts' account_updated: billing reads one of the settings, where it is among those that changed."""

    account_id = fields.Id("acc", required=True)
    changes = fields.Dict(keys=fields.String(), values=fields.String(allow_none=True), required=True)


class TransferCompleted(Reading):
    """Of accounts' transfer_completed."""

    account_id = fields.Id("acc", required=True)
    to_agency_id = fields.Id("agy", required=True)


class TopUpWanted(Reading):
    """Of what is to be bought when a pot is low."""

    units = fields.Integer(strict=True, required=True)


class BalanceLow(Reading):
    """Of credits' balance_low."""

    kind = fields.String(required=True)
    currency = fields.String(load_default=None, allow_none=True)
    top_up = fields.Nested(TopUpWanted, load_default=None, allow_none=True)


class ProfileAdded(Reading):
    """Of our own billing_profile_added."""

    billing_profile_id = fields.Id("bp", required=True)


class ProfileUpdated(Reading):
    """Of our own billing_profile_updated."""

    billing_profile_id = fields.Id("bp", required=True)
    changes = fields.List(fields.String(), required=True)


class CreditsPurchased(Reading):
    """Of credits' credits_purchased; `account_id` is null for credit of the whole agency."""

    kind = fields.String(required=True)
    account_id = fields.Id("acc", load_default=None, allow_none=True)


class InvoiceToCollect(Reading):
    """Of our own invoice_issued."""

    invoice_id = fields.Id("inv", required=True)


class CreditNoteToRefund(Reading):
    """Of our own credit_note_issued."""

    credit_note_id = fields.Id("cn", required=True)
