"""Everything billing answers instead of doing what it was asked. Each names what would be allowed."""

from chassis.errors import Refusal, Unavailable


class PricingVersionUnknown(Refusal):
    """The selection names a pricing version that the catalogue does not have."""

    code = "pricing_version_unknown"
    message = "There is no pricing version {pricing_version}: choose one of {allowed}."
    field = "selection.pricing_version"


class ProductNotOffered(Refusal):
    """The pricing version does not have the product (R0.31)."""

    code = "product_not_offered"
    message = "Pricing version {pricing_version} has no product {product}: choose one of {allowed}."
    field = "selection.product"


class PlanNotOffered(Refusal):
    """The pricing version and product do not have the plan: V1 is trial and sandbox, V3 the paid plans (R0.29, R0.30, R0.32)."""

    code = "plan_not_offered"
    message = "Pricing version {pricing_version} does not sell the plan {plan} of product {product}: choose one of {allowed}."
    field = "selection.plan"


class ContactsRequired(Refusal):
    """A paid plan is sold by its number of contacts (R0.33)."""

    code = "contacts_required"
    message = "The plan {plan} is sold by its number of contacts: choose one of {allowed}."
    field = "selection.contacts"


class ContactsNotApplicable(Refusal):
    """A number of contacts was chosen for a plan that has one of its own (R0.33)."""

    code = "contacts_not_applicable"
    message = "The plan {plan} comes with {included} contacts: leave the number out."
    field = "selection.contacts"


class ContactsNotOffered(Refusal):
    """The plan is not sold with this number of contacts."""

    code = "contacts_not_offered"
    message = "The plan {plan} is not sold with {contacts} contacts: choose one of {allowed}."
    field = "selection.contacts"


class FrequencyRequired(Refusal):
    """A paid plan is billed monthly or annually (R0.34)."""

    code = "frequency_required"
    message = "The plan {plan} needs a billing frequency: choose one of {allowed}."
    field = "selection.frequency"


class FrequencyNotApplicable(Refusal):
    """A billing frequency was chosen for a plan that is never billed (R0.34)."""

    code = "frequency_not_applicable"
    message = "The plan {plan} is not billed: leave the frequency out."
    field = "selection.frequency"


class CurrencyNotOffered(Refusal):
    """The catalogue has no price in the agency's currency."""

    kind = "conflict"
    code = "currency_not_offered"
    message = "There are no prices in {currency}: the catalogue has {allowed}."


class CountryUnknown(Refusal):
    """The country is not an ISO 3166 code the catalogue has a region for (R0.26)."""

    code = "country_unknown"
    message = "{country} is not the two-letter code of a country that we have a region for."
    field = "country"


class AgencyNotKnownYet(Unavailable):
    """Identity knows the agency, billing has not heard of it yet; the event is on its way."""

    code = "agency_not_known_yet"
    message = "The agency {agency_id} is being set up: try again in a moment."


class AccountNotFound(Refusal):
    """The agency has no such account, or billing does not bill it."""

    kind = "not_found"
    code = "account_not_found"
    message = "There is no account {account_id}."
    field = "account_id"


class LimitsNotApplicable(Refusal):
    """A trial or sandbox has the limits it has (R0.37)."""

    code = "limits_not_applicable"
    message = "{plan} has the limits it has: leave limits out."
    field = "selection.limits"


class LimitNotOffered(Refusal):
    """The product has no such limit to choose (R0.37)."""

    code = "limit_not_offered"
    message = "There is no limit {item} to choose: choose from {allowed}."
    field = "selection.limits"


class LimitChoiceNotOffered(Refusal):
    """The limit has no such choice (R0.37)."""

    code = "limit_choice_not_offered"
    message = "{choice} is no choice for {item}: choose from {allowed}."
    field = "selection.limits"


class LimitNumberMisplaced(Refusal):
    """`custom` requires a number, and nothing else takes one (R0.38)."""

    code = "limit_number_required"
    message = "The choice «custom» for {item} needs a number, and no other choice takes one."
    field = "selection.limits"


class AddOnNotOffered(Refusal):
    """The plan cannot have this add-on (R0.39, R0.108)."""

    code = "add_on_not_on_plan"
    message = "{plan} cannot have the add-on {add_on}: choose from {allowed}."
    field = "selection.add_ons"


class AddOnRepeated(Refusal):
    """An add-on is had once."""

    code = "add_on_repeated"
    message = "The add-on {add_on} is chosen more than once."
    field = "selection.add_ons"


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


class PaymentMethodUnknown(Refusal):
    """The payment provider does not know the token."""

    code = "payment_method_unknown"
    message = "The payment provider does not know this payment method: create a new token with it and send that."
    field = "payment_method"


class BillingProfileNotFound(Refusal):
    """The agency has no such billing profile."""

    kind = "not_found"
    code = "billing_profile_not_found"
    message = "There is no billing profile {billing_profile_id}."
    field = "billing_profile_id"


class BillingProfileRequired(Refusal):
    """Nothing says which card pays: none was chosen and the agency has no default."""

    code = "billing_profile_required"
    message = "Choose a billing profile: there is no default one to fall back on."
    field = "billing_profile_id"


class InvoiceNotFound(Refusal):
    """The agency has no such invoice."""

    kind = "not_found"
    code = "invoice_not_found"
    message = "There is no invoice {invoice_id}."
    field = "invoice_id"


class AmountOutOfRange(Refusal):
    """Credit is bought for at least one minor unit and at most the limit of one purchase."""

    code = "amount_out_of_range"
    message = "Credit is bought for an amount from {lowest} to {highest} minor units at a time."
    field = "amount"


class WrongCurrency(Refusal):
    """One currency per agency."""

    code = "wrong_currency"
    message = "The agency is billed in {allowed}, not in {currency}."
    field = "amount"


class ProviderUnavailable(Unavailable):
    """The payment provider did not answer: whether it did what it was asked is unknown until it is asked again under the same key."""

    code = "payment_provider_unavailable"
    message = "The payment provider cannot be reached right now: {reason}. Try again in a moment."


class ReservationImpossible(Refusal):
    """Credits reserved less than nothing, more than was asked for, or another currency: a defect on its side, nothing is charged."""

    kind = "internal"
    code = "reservation_impossible"
    message = "Credits reserved {reserved} of {total}, which cannot be."
