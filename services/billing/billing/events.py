"""Facts that billing publishes, and what it reads of those of others and of its own."""

from billing.domain.invoice import Purpose
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


class InvoiceIssued(Fact):
    """Something is owed; it is collected from here on."""

    source = "billing"
    invoice_id = fields.Id("inv", required=True)
    number = fields.String(required=True)
    purpose = fields.Enum(Purpose, by_value=True, required=True)
    account_id = fields.Id("acc", required=True, allow_none=True)
    billing_profile_id = fields.Id("bp", required=True)
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


class CreditNoteIssued(Fact):
    """An invoice was taken back; what had been paid of it is given back the way it came."""

    source = "billing"
    credit_note_id = fields.Id("cn", required=True)
    invoice_id = fields.Id("inv", required=True)
    number = fields.String(required=True)
    account_id = fields.Id("acc", required=True, allow_none=True)
    total_minor = fields.Minor(required=True)
    prepaid_minor = fields.Minor(required=True)
    card_minor = fields.Minor(required=True)
    currency = fields.String(required=True)
    payment_id = fields.Id("pay", required=True, allow_none=True)
    granted_minor = fields.Minor()  # unused value that becomes prepaid of the account; nothing where it is left out


# --- read -------------------------------------------------------------------------------------------------------------------------------


class AgencyTold(Reading):
    """Of identity's agency_registered and agency_updated."""

    agency_id = fields.Id("agy", required=True)
    currency = fields.String(required=True)
    discount_basis_points = fields.Integer(strict=True, required=True)
    language = fields.String(required=True)


class AccountRequested(Reading):
    """Of accounts' account_requested."""

    account_id = fields.Id("acc", required=True)
    quote_id = fields.Id("quo", required=True)
    billing_profile_id = fields.Id("bp", load_default=None, allow_none=True)
    time_zone = fields.String(required=True)
    requested_at = fields.Instant(required=True)


class AccountFailed(Reading):
    """Of accounts' account_failed."""

    account_id = fields.Id("acc", required=True)


class AccountUpgraded(Reading):
    """Of accounts' account_upgraded and account_converted."""

    account_id = fields.Id("acc", required=True)
    quote_id = fields.Id("quo", required=True)
    billing_profile_id = fields.Id("bp", load_default=None, allow_none=True)


class AccountRenewed(Reading):
    """Of accounts' account_renewed; without a quote nothing is to be paid: it goes on with what is paid for already."""

    account_id = fields.Id("acc", required=True)
    quote_id = fields.Id("quo", load_default=None, allow_none=True)
    billing_profile_id = fields.Id("bp", load_default=None, allow_none=True)


class AccountToldOf(Reading):
    """Of accounts' account_cancelled, cancellation_undone, account_expired and account_archived."""

    account_id = fields.Id("acc", required=True)


class PlanChangeTold(Reading):
    """Of accounts' plan_change_scheduled, plan_change_dropped and account_downgraded."""

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


class InvoiceToCollect(Reading):
    """Of our own invoice_issued."""

    invoice_id = fields.Id("inv", required=True)


class CreditNoteToRefund(Reading):
    """Of our own credit_note_issued."""

    credit_note_id = fields.Id("cn", required=True)
