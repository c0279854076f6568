"""Refusals about accounts as such, and what other refusals are made of."""

from collections.abc import Sequence

from chassis.errors import InvalidCursor, InvalidRequest, Refusal

__all__ = ["AccountNotFound", "InvalidCursor", "InvalidRequest", "NoAccountOfName", "OneOf", "Refusal"]


class AccountNotFound(Refusal):
    """No such account, or not this agency's: the two look the same to whoever asks."""

    kind = "not_found"
    code = "account_not_found"
    message = "There is no account {account_id}."


class NoAccountOfName(Refusal):
    """No account has this name."""

    kind = "not_found"
    code = "account_not_found"
    message = "There is no account called {name}."


class OneOf(Refusal):
    """A word was given that is none of the allowed ones; `details["allowed"]` lists them."""

    message = "«{given}» is not possible here: give one of {allowed}."

    def __init__(self, *, given: str | None, allowed: Sequence[str]) -> None:
        super().__init__(given=given, allowed=", ".join(allowed))
        self.details["allowed"] = list(allowed)
