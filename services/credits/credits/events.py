"""Facts credits publishes, and what it reads of billing's."""

from chassis.events import Fact
from chassis.schemas import Reading, Schema, fields
from credits.domain import Kind


class SpentLot(Schema):
    """What a spending took from one lot."""

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


class CreditsSpent(Fact):
    """Prepaid paid (a part of) an invoice; `account_id` is what the invoice is for, the lots may be the agency's."""

    source = "credits"
    transaction_id = fields.Id("txn", required=True)
    payment_id = fields.Id("pay", required=True)
    invoice_id = fields.Id("inv", required=True)
    kind = fields.Enum(Kind, by_value=True, required=True)
    units = fields.Integer(required=True)
    currency = fields.String(required=True, allow_none=True)
    account_id = fields.Id("acc", required=True, allow_none=True)
    lots = fields.List(fields.Nested(SpentLot), required=True)


class BoughtCredit(Reading):
    """What was bought, where the invoice was for credit."""

    kind = fields.Enum(Kind, by_value=True, required=True)
    units = fields.Integer(strict=True, required=True)
    account_id = fields.Id("acc", load_default=None, allow_none=True)


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
