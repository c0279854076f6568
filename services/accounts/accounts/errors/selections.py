"""Refusals about what is bought."""

from accounts.errors.accounts import OneOf
from chassis.errors import Refusal


class QuoteOrSelection(Refusal):
    """Both a quote and a selection were given, or neither."""

    code = "quote_or_selection"
    message = "Give either quote_id or selection, and not both."
    field = "quote_id"


class PricingVersionUnknown(OneOf):
    """Not a pricing version of the catalogue."""

    code = "pricing_version_unknown"
    field = "selection.pricing_version"


class PlanUnknown(OneOf):
    """Not a plan of this pricing version (R0.29, R0.30)."""

    code = "plan_unknown"
    field = "selection.plan"


class QuoteUsed(Refusal):
    """The quote was charged already."""

    kind = "conflict"
    code = "quote_used"
    message = "The quote {quote_id} was used already: ask for a new one."
    field = "quote_id"


class QuoteExpired(Refusal):
    """The quote was not taken in time."""

    kind = "conflict"
    code = "quote_expired"
    message = "The quote {quote_id} expired at {expires_at}: ask for a new one."
    field = "quote_id"


class QuoteForAnother(Refusal):
    """The quote was made for something else than what it is used for here."""

    code = "quote_for_another"
    message = "The quote {quote_id} was not made for this: ask for one for {wanted}."
    field = "quote_id"


class RenewalUnquoted(Refusal):
    """The account was archived while its renewal was being asked for, so nobody had quoted the new period."""

    kind = "unavailable"
    code = "renewal_unquoted"
    message = "The account was archived just now, so its renewal begins a new period that has to be quoted: try again."
