"""Refusals about the parts of a selection that do not fit together."""

from chassis.errors import Refusal


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
