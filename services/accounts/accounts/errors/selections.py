"""Refusals about what is bought."""

from collections.abc import Sequence

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


class ContactsRequired(Refusal):
    """A paid plan has a size (R0.33)."""

    code = "contacts_required"
    message = "{plan} is sold by contacts: give their number."
    field = "selection.contacts"


class ContactsNotApplicable(Refusal):
    """A trial and a sandbox have one size (R0.33)."""

    code = "contacts_not_applicable"
    message = "{plan} has one size: leave contacts out."
    field = "selection.contacts"


class FrequencyRequired(Refusal):
    """A paid plan is billed monthly or annually (R0.34)."""

    code = "frequency_required"
    message = "{plan} is billed: give the frequency, monthly or annual."
    field = "selection.frequency"


class FrequencyNotApplicable(Refusal):
    """A trial and a sandbox are not billed (R0.34)."""

    code = "frequency_not_applicable"
    message = "{plan} is not billed: leave frequency out."
    field = "selection.frequency"


class FrequencyUnknown(OneOf):
    """Neither monthly nor annual (R0.35, R0.36)."""

    code = "frequency_unknown"
    field = "selection.frequency"


class LimitsNotApplicable(Refusal):
    """Limits are chosen for paid plans alone (R0.37)."""

    code = "limits_not_applicable"
    message = "{plan} has the limits it has: leave limits out."
    field = "selection.limits"


class _LimitRefusal(Refusal):
    """About the choice of one limit."""

    def __init__(self, *, item: str, choice: str) -> None:
        super().__init__(item=item, choice=choice)
        self.field = f"selection.limits.{item}.number"


class LimitNumberRequired(_LimitRefusal):
    """«Custom» for a limit requires a number (R0.38)."""

    code = "limit_number_required"
    message = "The choice {choice} for {item} needs a number: give it."


class LimitNumberNotApplicable(_LimitRefusal):
    """Only «custom» has a number of its own (R0.38)."""

    code = "limit_number_not_applicable"
    message = "The choice {choice} for {item} has its number already: leave it out, or choose custom."


class AddOnsNotApplicable(Refusal):
    """Add-ons are sold with paid plans alone."""

    code = "add_ons_not_applicable"
    message = "{plan} has no add-ons: leave them out."
    field = "selection.add_ons"


class AddOnNotOnPlan(Refusal):
    """An add-on that this plan never has: pipelines and SMS are not for Starter (R0.39, R0.108)."""

    code = "add_on_not_on_plan"
    message = "The add-on {add_on} is not possible with {plan}: choose {allowed}."
    field = "selection.add_ons"

    def __init__(self, *, add_on: str, plan: str, allowed: Sequence[str]) -> None:
        super().__init__(add_on=add_on, plan=plan, allowed=" or ".join(allowed))
        self.details["allowed"] = list(allowed)


class AddOnRepeated(Refusal):
    """An add-on was chosen more than once."""

    code = "add_on_repeated"
    message = "The add-on {add_on} is chosen more than once: name it once."
    field = "selection.add_ons"


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
