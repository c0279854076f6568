"""Refusals about quotes."""

from chassis.errors import Refusal


class SandboxStaysSandbox(Refusal):
    """A sandbox can never become paid (R0.95)."""

    kind = "conflict"
    code = "sandbox_stays_sandbox"
    message = "A sandbox never becomes a paid account: open a new account, from a snapshot of the sandbox if you like."


class PaidPlanNeeded(Refusal):
    """A paid or trial account moves to a paid plan only (R0.88, R1.14)."""

    code = "paid_plan_needed"
    message = "An account can only change to a paid plan (pricing version V3), not to {plan}."
    field = "selection.plan"


class PlanUnchanged(Refusal):
    """The account has exactly this selection already."""

    kind = "conflict"
    code = "plan_unchanged"
    message = "The account has this plan already: choose another one."


class SelectionRequired(Refusal):
    """A new account is quoted by what it is to be on."""

    code = "selection_required"
    message = "Say what is to be quoted: give a selection, or the account whose renewal it is."
    field = "selection"


class NotRenewed(Refusal):
    """Nothing follows the account's period, or it has none: a trial, a sandbox, one that was cancelled or has ended."""

    kind = "conflict"
    code = "not_renewed"
    message = "The account {account_id} is not renewed by itself: give a selection, for a change of plan."
    field = "account_id"


class OnlyAtOnce(Refusal):
    """Only a downgrade waits for the end of the period."""

    code = "only_at_once"
    message = "This change takes effect at once: leave effective out, or give «now»."
    field = "effective"


class QuoteNotFound(Refusal):
    """The agency has no such quote."""

    kind = "not_found"
    code = "quote_not_found"
    message = "There is no quote {quote_id}."
    field = "quote_id"


class QuoteUsed(Refusal):
    """Another account was opened with this quote; a quote is used once."""

    kind = "conflict"
    code = "quote_used"
    message = "The quote {quote_id} was used for another account: ask for a new one."
    field = "quote_id"


class QuoteExpired(Refusal):
    """The quote's half hour was over when the account was asked for."""

    kind = "conflict"
    code = "quote_expired"
    message = "The quote {quote_id} expired at {expires_at}: ask for a new one."
    field = "quote_id"


class QuoteSuperseded(Refusal):
    """The plan changed after this quote for changing it was made, so its proration is of a plan no longer held."""

    kind = "conflict"
    code = "quote_superseded"
    message = "The account's plan changed after the quote {quote_id} was made: ask for a new one."
    field = "quote_id"
