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
    message = "The account has this plan already: choose a dearer one."


class DowngradeNotOffered(Refusal):
    """The selection is worth less than what is held without being at most as much of everything, so it is no change of either kind."""

    kind = "conflict"
    code = "downgrade_not_offered"
    message = (
        "The account pays more already than this selection costs: choose a dearer one, or at the end of the period"
        " at most as much of everything on the same product and frequency."
    )


class DowngradeAtPeriodEndOnly(Refusal):
    """A downgrade at once would leave unused value that nothing can hold yet."""

    kind = "conflict"
    code = "downgrade_at_period_end_only"
    message = "A cheaper plan begins when the paid period ends, at {takes_effect_at}: leave effective out, or give «period_end»."
    field = "effective"


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
