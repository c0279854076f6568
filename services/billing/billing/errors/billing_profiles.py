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


class PaymentMethodDeclined(Refusal):
    """The payment provider will not keep this card."""

    code = "payment_method_declined"
    message = "The payment provider does not take this card: {reason} Try another one."
    field = "payment_method"


class SetupIntentUnknown(Refusal):
    """The agency has begun no such setup with the payment provider; another agency's looks the same."""

    code = "setup_intent_unknown"
    message = "There is no such setup intent: begin one at /v1/billing-profiles/setup-intents and send its id."
    field = "setup_intent"


class SetupIntentUnfinished(Refusal):
    """Nobody has handed the provider a card by this setup yet."""

    kind = "conflict"
    code = "setup_intent_unfinished"
    message = "No card was handed over by this setup intent yet (it is {status}): confirm it with the payment provider first."
    field = "setup_intent"


class DefaultProfileNeeded(Refusal):
    """The default cannot just stop being it: something has to be."""

    kind = "conflict"
    code = "default_profile_needed"
    message = "One billing profile is the default: make another one the default, and this one no longer is."
    field = "is_default"


class BillingProfileInUse(Refusal):
    """Accounts pay by it, or an invoice is to be collected by it (R0.64).

    Details: `account_ids` (the first twenty) and how many `accounts` there are, how many `invoices` are open.
    """

    kind = "conflict"
    code = "billing_profile_in_use"
    message = (
        "This billing profile is in use: {accounts} accounts pay by it ({named}) and {invoices} of its invoices are open."
        " Have the accounts pay by another one first, and wait until its invoices are paid."
    )
