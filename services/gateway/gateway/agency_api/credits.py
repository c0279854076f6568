"""Credit for accounts."""

from chassis import context as contexts
from gateway.agency_api.accounts import account_of
from gateway.agency_api.asking import REPEATS_SECONDS, Asked, Said
from gateway.clients import services

KINDS = ("prepaid", "sms", "inbox_preview")


def apply(asked: Asked) -> Said:
    """Hand credit of the agency's to an account: of the `kind` that is given, otherwise prepaid, in minor units of the currency."""
    kind = asked.get("kind") or "prepaid"
    if kind not in KINDS:
        raise asked.invalid("kind", f"it is {', '.join(KINDS)}")
    return _allocated(asked, kind=kind)


def apply_previews(asked: Asked) -> Said:
    """Hand inbox previews of the agency's to an account."""
    return _allocated(asked, kind="inbox_preview")


def _allocated(asked: Asked, *, kind: str) -> Said:
    units = asked.number("credits")
    if not units:
        raise asked.invalid("credits", "it is a whole number above 0")
    account = account_of(asked)
    with contexts.changed(repeats_seconds=REPEATS_SECONDS):
        done = services().credits.tell(
            "allocate_credits",
            idempotency_key=asked.repeat_key(),
            agency_id=asked.caller.agency_id,
            kind=kind,
            account_id=account["id"],
            units=units,
        )
    return Said(message=f"The account has {done['account_units']} of {kind} now, and you have {done['agency_units']}.", members={})
