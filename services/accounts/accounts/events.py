"""What accounts tells, and what it reads of what others tell."""

from chassis.events import Fact
from chassis.schemas import Reading, Schema, fields

# A fact has a `name` of its own, the event's: that of the account is `account_name` in here, and `name` in what is sent.

# --- told -------------------------------------------------------------------------------------------------------------------------------


class Limit(Schema):
    """What was chosen for one limit; the number is that of the choice `custom`."""

    choice = fields.String(required=True)
    number = fields.Integer(required=True, allow_none=True)


class Selection(Schema):
    """What of the catalogue an account is on."""

    pricing_version = fields.String(required=True)
    product = fields.String(required=True)
    plan = fields.String(required=True)
    contacts = fields.Integer(required=True, allow_none=True)
    frequency = fields.String(required=True, allow_none=True)
    limits = fields.Dict(keys=fields.String(), values=fields.Nested(Limit), dump_default=dict)
    add_ons = fields.List(fields.String(), dump_default=list)


class _AccountFact(Fact):
    """About one account, and whom to tell of it."""

    source = "accounts"
    account_id = fields.Id("acc", required=True)
    account_name = fields.String(required=True, data_key="name")
    notification_email = fields.String(required=True)


class AccountRequested(_AccountFact):
    """An account was accepted; it is being paid and prepared now."""

    kind = fields.String(required=True)
    selection = fields.Nested(Selection, required=True)
    quote_id = fields.Id("quo", required=True)
    billing_profile_id = fields.Id("bp", required=True, allow_none=True)
    snapshot_id = fields.Id("snp", required=True, allow_none=True)
    region = fields.String(required=True)
    country = fields.String(required=True)
    language = fields.String(required=True)
    time_zone = fields.String(required=True)
    client_name = fields.String(required=True)
    client_email = fields.String()  # for the notices of commission accounts, which go to the client (R0.126)
    requested_at = fields.Instant(required=True)


class AccountActivated(_AccountFact):
    """An account was opened: paid, prepared, usable."""

    kind = fields.String(required=True)
    selection = fields.Nested(Selection, required=True)
    activated_at = fields.Instant(required=True)


class AccountFailed(_AccountFact):
    """An account could not be opened; its name is free again, and whatever was done for it is to be undone."""

    code = fields.String(required=True)
    reason = fields.String(required=True)


class AccountUpgraded(_AccountFact):
    """An account moved to a dearer plan, at once."""

    quote_id = fields.Id("quo", required=True)
    billing_profile_id = fields.Id("bp", required=True, allow_none=True)
    old_selection = fields.Nested(Selection, required=True)
    new_selection = fields.Nested(Selection, required=True)


class AccountUpdated(_AccountFact):
    """Settings of an account were changed: `changes` has those that were, with their new values."""

    changes = fields.Dict(keys=fields.String(), values=fields.String(allow_none=True), required=True)


class BrandingChanged(Fact):
    """An account looks otherwise: `changed` names the members that are new; the logo itself is asked for."""

    source = "accounts"
    account_id = fields.Id("acc", required=True)
    account_name = fields.String(required=True, data_key="name")
    changed = fields.List(fields.String(), required=True)
    brand_name = fields.String(required=True, allow_none=True)
    primary_colour = fields.String(required=True, allow_none=True)
    text_colour = fields.String(required=True, allow_none=True)
    footer_text = fields.String(required=True, allow_none=True)
    has_logo = fields.Boolean(required=True)


class _TransferFact(Fact):
    """About one transfer."""

    source = "accounts"
    transfer_id = fields.Id("trf", required=True)
    direction = fields.String(required=True)
    account_id = fields.Id("acc", required=True)
    account_name = fields.String(required=True, data_key="name")
    account_host = fields.String(required=True)
    agency_email = fields.String(required=True)


class TransferRequested(_TransferFact):
    """An agency asked for an account to come or to leave; its client is to be sent a link, whose token is made of the transfer's id."""

    client_email = fields.String(required=True)
    language = fields.String(required=True)
    login_url = fields.String()  # the link's page is on the same host
    expires_at = fields.Instant(required=True)


class TransferCompleted(_TransferFact):
    """An account belongs to `to_agency_id` from now on; the agency that asked for it is to be told (R0.56)."""

    to_agency_id = fields.Id("agy", required=True)
    completed_at = fields.Instant(required=True)


class AccountDowngraded(_AccountFact):
    """An account moved to a cheaper plan: at the end of its period, or at once where that was asked for."""

    change_id = fields.Id("chg", required=True)
    quote_id = fields.Id("quo", required=True)
    billing_profile_id = fields.Id("bp", required=True, allow_none=True)
    old_selection = fields.Nested(Selection, required=True)
    new_selection = fields.Nested(Selection, required=True)
    effective = fields.String(required=True)


class PlanChangeScheduled(_AccountFact):
    """A change of plan was scheduled for the end of the paid period."""

    change_id = fields.Id("chg", required=True)
    quote_id = fields.Id("quo", required=True)
    billing_profile_id = fields.Id("bp", required=True, allow_none=True)
    old_selection = fields.Nested(Selection, required=True)
    new_selection = fields.Nested(Selection, required=True)
    due_at = fields.Instant(required=True)


class PlanChangeDropped(_AccountFact):
    """The scheduled change of plan was dropped, by the agency or because the account was cancelled or expired."""

    change_id = fields.Id("chg", required=True)
    quote_id = fields.Id("quo", required=True)


class AccountConverted(_AccountFact):
    """A trial became a paid account, at once (R0.88)."""

    change_id = fields.Id("chg", required=True)
    quote_id = fields.Id("quo", required=True)
    billing_profile_id = fields.Id("bp", required=True, allow_none=True)
    old_selection = fields.Nested(Selection, required=True)
    new_selection = fields.Nested(Selection, required=True)
    status = fields.String()  # what it is then: a suspension may be in force


class AccountCancelled(_AccountFact):
    """An account was cancelled: it is not renewed, and usable until it expires."""

    reason = fields.String(required=True, allow_none=True)
    cancelled_at = fields.Instant(required=True)
    expires_at = fields.Instant(required=True)


class CancellationUndone(_AccountFact):
    """A cancellation was taken back before the account expired: it is renewed as before."""

    status = fields.String(required=True)


class AccountDisabled(_AccountFact):
    """An account was disabled for one more reason, or its message changed; it is billed as before (R0.60)."""

    reason = fields.String(required=True)
    message = fields.String(required=True, allow_none=True)
    suspensions = fields.List(fields.String(), required=True)
    status = fields.String()  # what it is then: a cancelled one stays cancelled


class AccountEnabled(_AccountFact):
    """The last suspension of an account was lifted: it is usable again."""

    reason = fields.String(required=True)


class AccountRenewed(_AccountFact):
    """An account came back: cancelled, before it expired; or archived or expired, with a quote for a new period."""

    previous_status = fields.String(required=True)
    quote_id = fields.Id("quo", required=True, allow_none=True)
    billing_profile_id = fields.Id("bp", required=True, allow_none=True)
    old_selection = fields.Nested(Selection, required=True)
    new_selection = fields.Nested(Selection, required=True)
    status = fields.String()  # what it is then: a suspension may be in force


class AccountExpired(_AccountFact):
    """A trial or a cancelled account came to its end, or nobody paid."""

    kind = fields.String(required=True)
    previous_status = fields.String(required=True)
    expired_at = fields.Instant(required=True)
    archives_at = fields.Instant(required=True)
    reason = fields.String(allow_none=True)  # `payment` where nobody paid


class AccountArchived(_AccountFact):
    """An account expired and was given no plan in time; it is kept, and can be renewed for a year."""

    archived_at = fields.Instant(required=True)
    renewable_until = fields.Instant(required=True)


class TrialEnding(_AccountFact):
    """A trial ends in a few days."""

    expires_at = fields.Instant(required=True)


class RenewalUpcoming(_AccountFact):
    """The paid period ends in a few days and is followed by the next."""

    selection = fields.Nested(Selection, required=True)
    renews_at = fields.Instant(required=True)


# --- read -------------------------------------------------------------------------------------------------------------------------------


class AgencyTold(Reading):
    """Of identity's agency_registered and agency_updated."""

    agency_id = fields.Id("agy", required=True)
    notification_email = fields.String(required=True)


class AccountToPrepare(Reading):
    """Of our own account_requested."""

    account_id = fields.Id("acc", required=True)


class InvoicePaid(Reading):
    """Of billing's invoice_paid."""

    account_id = fields.Id("acc", load_default=None, allow_none=True)
    purpose = fields.String(required=True)
    period_ends_at = fields.Instant(load_default=None, allow_none=True)


class CreditNoteIssued(Reading):
    """Of billing's credit_note_issued: with `period_ends_at`, what a change of plan left unused was granted."""

    account_id = fields.Id("acc", load_default=None, allow_none=True)
    period_ends_at = fields.Instant(load_default=None, allow_none=True)


class PaymentFailed(Reading):
    """Of billing's payment_failed."""

    account_id = fields.Id("acc", load_default=None, allow_none=True)
    purpose = fields.String(required=True)
    code = fields.String(required=True)
    reason = fields.String(required=True)


class DunningStep(Reading):
    """Of billing's dunning_step."""

    account_id = fields.Id("acc", required=True)
    outcome = fields.String(required=True)
    sequence = fields.Integer(strict=True, required=True)


class WorkspacePrepared(Reading):
    """Of snapshots' workspace_prepared."""

    account_id = fields.Id("acc", required=True)


class WorkspaceCopyFailed(Reading):
    """Of snapshots' workspace_copy_failed."""

    account_id = fields.Id("acc", required=True)
    code = fields.String(required=True)
    reason = fields.String(required=True)
