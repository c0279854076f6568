"""Credit for accounts."""

from decimal import Decimal
from typing import Any

from babel.numbers import get_currency_precision

from chassis import context as contexts
from gateway.agency_api.accounts import account_of
from gateway.agency_api.asking import REPEATS_SECONDS, Asked, Said
from gateway.clients import Json, services

PREPAID = "prepaid"
KINDS = (PREPAID, "sms", "inbox_preview")


def apply(asked: Asked) -> Said:
    """Hand credit of the agency's to an account: of the `kind` that is given, otherwise prepaid, which is money, as prices are here."""
    kind = asked.get("kind") or PREPAID
    if kind not in KINDS:
        raise asked.invalid("kind", f"it is {', '.join(KINDS)}")
    if kind != PREPAID:
        return _counted(asked, kind=kind)
    currency = services().identity.ask("agency", agency_id=asked.caller.agency_id)["currency"]
    places = get_currency_precision(currency)
    amount = asked.decimal("credits", places=places)
    if not amount:
        raise asked.invalid("credits", f"it is an amount in {currency} above 0, as prices of account_plans are")
    done = _allocated(asked, kind=kind, units=int(amount.scaleb(places)), currency=currency)
    given, left = (f"{_decimal(done[side], places)} {currency}" for side in ("account_units", "agency_units"))
    return Said(message=f"The account has {given} of prepaid credit now, and you have {left}.", members={})


def apply_previews(asked: Asked) -> Said:
    """Hand inbox previews of the agency's to an account."""
    return _counted(asked, kind="inbox_preview")


def _counted(asked: Asked, *, kind: str) -> Said:
    units = asked.number("credits")
    if not units:
        raise asked.invalid("credits", "it is a whole number above 0")
    done = _allocated(asked, kind=kind, units=units)
    return Said(message=f"The account has {done['account_units']} of {kind} now, and you have {done['agency_units']}.", members={})


def _allocated(asked: Asked, *, kind: str, units: int, **currency: str) -> Json:
    account = account_of(asked)
    about: dict[str, Any] = {"agency_id": asked.caller.agency_id, "account_id": account["id"], **currency}
    with contexts.changed(repeats_seconds=REPEATS_SECONDS):
        return services().credits.tell("allocate_credits", idempotency_key=asked.repeat_key(), kind=kind, units=units, **about)


def _decimal(units: int, places: int) -> str:
    return str(Decimal(units).scaleb(-places))
