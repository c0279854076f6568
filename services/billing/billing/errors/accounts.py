"""Refusals about agencies and accounts that billing has not heard of."""

from chassis.errors import Refusal, Unavailable


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
