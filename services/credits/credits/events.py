"""Facts credits publishes, and what it reads of billing's."""

from marshmallow.validate import OneOf

from chassis.events import Fact
from chassis.schemas import Reading, Schema, fields
from credits.domain import TOLD, Kind


class MovedLot(Schema):
    """What a movement took from one lot."""

    lot_id = fields.Id("lot", required=True)
    units = fields.Integer(required=True)


class CreditsPurchased(Fact):
    """An agency owns more credit: a lot of its own, or of one of its accounts."""

    source = "credits"
    transaction_id = fields.Id("txn", required=True)
    invoice_id = fields.Id("inv", required=True)
    kind = fields.Enum(Kind, by_value=True, required=True)
    units = fields.Integer(required=True)
    currency = fields.String(required=True, allow_none=True)
    account_id = fields.Id("acc", required=True, allow_none=True)


class CreditsGranted(Fact):
    """A credit note turned unused value into prepaid of an account."""

    source = "credits"
    transaction_id = fields.Id("txn", required=True)
    credit_note_id = fields.Id("cn", required=True)
    kind = fields.Enum(Kind, by_value=True, required=True)
    units = fields.Integer(required=True)
    currency = fields.String(required=True, allow_none=True)
    account_id = fields.Id("acc", required=True)


class _MovedBetweenPots(Fact):
    """Credit moved between an agency's own pot and that of one of its accounts."""

    source = "credits"
    transaction_id = fields.Id("txn", required=True)
    kind = fields.Enum(Kind, by_value=True, required=True)
    units = fields.Integer(required=True)
    currency = fields.String(required=True, allow_none=True)
    account_id = fields.Id("acc", required=True)
    lots = fields.List(fields.Nested(MovedLot), required=True)


class CreditsAllocated(_MovedBetweenPots):
    """An account has more credit, out of its agency's pot."""


class CreditsTakenBack(_MovedBetweenPots):
    """What an account had left is its agency's own again: it was taken back, or the account left the agency."""


class CreditsExpired(Fact):
    """Nobody used a lot in time; what was left of it in one pot is gone."""

    source = "credits"
    transaction_id = fields.Id("txn", required=True)
    kind = fields.Enum(Kind, by_value=True, required=True)
    units = fields.Integer(required=True)
    currency = fields.String(required=True, allow_none=True)
    account_id = fields.Id("acc", required=True, allow_none=True)
    lot_id = fields.Id("lot", required=True)
    expired_at = fields.Instant(required=True)


class TopUp(Schema):
    """What the agency wants to be bought when its pot is low, by its default billing profile."""

    units = fields.Integer(required=True)


class BalanceLow(Fact):
    """An agency's own pot is at its threshold or below; told once, until it was above it again."""

    source = "credits"
    kind = fields.Enum(Kind, by_value=True, required=True)
    units = fields.Integer(required=True)
    threshold = fields.Integer(required=True)
    currency = fields.String(required=True, allow_none=True)
    top_up = fields.Nested(TopUp, required=True, allow_none=True)


class CreditsSpent(Fact):
    """Credit was spent: prepaid on (a part of) an invoice, pieces on what `reference` stands for; the lots may be the agency's."""

    source = "credits"
    transaction_id = fields.Id("txn", required=True)
    payment_id = fields.Id("pay", required=True, allow_none=True)  # null with the invoice: pieces are not spent on invoices
    invoice_id = fields.Id("inv", required=True, allow_none=True)
    kind = fields.Enum(Kind, by_value=True, required=True)
    units = fields.Integer(required=True)
    currency = fields.String(required=True, allow_none=True)
    account_id = fields.Id("acc", required=True, allow_none=True)
    lots = fields.List(fields.Nested(MovedLot), required=True)
    reference = fields.String(allow_none=True)


class BoughtCredit(Reading):
    """What was bought, where the invoice was for credit."""

    kind = fields.Enum(Kind, by_value=True, required=True)
    units = fields.Integer(strict=True, required=True)
    account_id = fields.Id("acc", load_default=None, allow_none=True)
    expires_at = fields.Instant(load_default=None, allow_none=True)


class InvoicePaid(Reading):
    """What credits reads of billing's invoice_paid."""

    invoice_id = fields.Id("inv", required=True)
    payment_id = fields.Id("pay", required=True)
    account_id = fields.Id("acc", load_default=None, allow_none=True)
    prepaid_minor = fields.Minor(required=True)
    currency = fields.String(required=True)
    credit = fields.Nested(BoughtCredit, load_default=None, allow_none=True)


class PaymentFailed(Reading):
    """What credits reads of billing's payment_failed."""

    invoice_id = fields.Id("inv", required=True)
    payment_id = fields.Id("pay", required=True)
    currency = fields.String(required=True)


class CreditNoteIssued(Reading):
    """What credits reads of billing's credit_note_issued; one without an invoice gives back nothing that was spent."""

    credit_note_id = fields.Id("cn", required=True)
    invoice_id = fields.Id("inv", required=True, allow_none=True)
    prepaid_minor = fields.Minor(required=True)
    currency = fields.String(required=True)
    account_id = fields.Id("acc", load_default=None, allow_none=True)
    granted_minor = fields.Minor(load_default=0)


class Selection(Reading):
    """What credits reads of the selection of an account."""

    plan = fields.String(required=True)
    add_ons = fields.List(fields.String(), load_default=list)


class AccountActivated(Reading):
    """What credits reads of accounts' account_activated."""

    account_id = fields.Id("acc", required=True)
    selection = fields.Nested(Selection, required=True)


class AccountOnNewPlan(Reading):
    """What credits reads of accounts' account_upgraded and account_downgraded."""

    account_id = fields.Id("acc", required=True)
    new_selection = fields.Nested(Selection, required=True)


class AccountToldOf(Reading):
    """What credits reads of accounts' facts whose name says where an account is in its life."""

    account_id = fields.Id("acc", required=True)


class AccountInStatus(AccountToldOf):
    """What credits reads of accounts' account_disabled and cancellation_undone: the account's `status` then, where it is told."""

    status = fields.String(load_default=None, allow_none=True, validate=OneOf(TOLD))


class AccountBack(AccountInStatus, AccountOnNewPlan):
    """What credits reads of accounts' account_converted and account_renewed."""


class TransferCompleted(Reading):
    """What credits reads of accounts' transfer_completed."""

    account_id = fields.Id("acc", required=True)
    to_agency_id = fields.Id("agy", required=True)
