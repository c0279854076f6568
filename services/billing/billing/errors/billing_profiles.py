"""Refusals about billing profiles."""

from chassis.errors import Refusal


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
