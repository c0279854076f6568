"""What of the catalogue an account is on, quotes for it, and which changes are possible."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from accounts import errors
from accounts.domain.applications import Application
from accounts.domain.words import Direction, Effective, Kind, Purpose, Status

PLANS: Mapping[str, Mapping[str, Kind]] = {
    "V1": {"Trial": Kind.TRIAL, "Sandbox": Kind.SANDBOX},
    "V3": {"Starter": Kind.PAID, "Plus": Kind.PAID, "Pro": Kind.PAID, "Enterprise": Kind.PAID},
}
"""Pricing version → plan → kind of account (R0.29, R0.30), plans from the cheapest to the dearest."""

PLAN_NAMES = tuple(plan for plans in PLANS.values() for plan in plans)


@dataclass(frozen=True, kw_only=True)
class Selection:
    """What of the catalogue an account is on. Whether billing sells it at all is billing's to say.

    `contacts` is the tier's number of contacts; `frequency` is `monthly` or `annual`; V1 has neither.
    """

    pricing_version: str
    product: str
    plan: str
    contacts: int | None = None
    frequency: str | None = None


@dataclass(frozen=True, kw_only=True)
class Quote:
    """Billing's priced offer: what the customer saw is what is charged. `state` is `open`, `expired` or `used`."""

    id: str
    purpose: str
    account_id: str | None
    selection: Selection
    state: str
    expires_at: datetime


def kind_of(selection: Selection) -> Kind:
    """Tell the kind of account that a selection makes: V1 is a trial or a sandbox, V3 is paid (R0.29, R0.30)."""
    plans = PLANS.get(selection.pricing_version)
    if plans is None:
        raise errors.PricingVersionUnknown(given=selection.pricing_version, allowed=tuple(PLANS))
    kind = plans.get(selection.plan)
    if kind is None:
        raise errors.PlanUnknown(given=selection.plan, allowed=tuple(plans))
    return kind


def check_quote(quote: Quote, *, purpose: Purpose, account_id: str | None, now: datetime) -> None:
    """Refuse a quote that was made for something else, was used, or is past its expiry at `now`."""
    if (quote.purpose, quote.account_id) != (purpose, account_id):
        wanted = "opening an account" if account_id is None else f"a plan change of {account_id}"
        raise errors.QuoteForAnother(quote_id=quote.id, wanted=wanted)
    if quote.state == "used":
        raise errors.QuoteUsed(quote_id=quote.id)
    if quote.state != "open" or quote.expires_at <= now:
        raise errors.QuoteExpired(quote_id=quote.id, expires_at=quote.expires_at.isoformat())


def check_renewal_quote(quote: Quote | None, *, account_id: str, selection: Selection, now: datetime) -> Quote:
    """Refuse a renewal that was quoted for another selection than that which the account had, or not at all."""
    if quote is None:
        raise errors.RenewalUnquoted
    check_quote(quote, purpose=Purpose.PLAN_CHANGE, account_id=account_id, now=now)
    if quote.selection != selection:
        raise errors.QuoteForAnother(quote_id=quote.id, wanted="a renewal on the previous plan")
    return quote


@dataclass(frozen=True, kw_only=True)
class Change:
    """What a change of plan is, and when it takes effect."""

    direction: Direction
    effective: Effective


def change_of(*, old: Selection, new: Selection, status: str, effective: str | None) -> Change:
    """Tell what a change of plan is; refuse what is none.

    A trial becomes paid and an expired account comes back, at once, on any paid plan. A paid account stays on its product and billing
    frequency: at least as much of everything is an upgrade, at once; at most as much is a downgrade, at the end of the period unless
    `now` is asked for. Nothing ever becomes a trial or a sandbox (R1.14).
    """
    old_kind, new_kind = kind_of(old), kind_of(new)
    if new == old and status != Status.EXPIRED:
        raise errors.PlanUnchanged
    if new_kind != Kind.PAID:
        raise errors.KindStays(account_kind=old_kind, wanted=new_kind)
    if old_kind == Kind.TRIAL:
        direction = Direction.CONVERSION
    elif status == Status.EXPIRED:
        direction = Direction.COMEBACK
    else:
        direction = _direction_of(old, new)
    if direction == Direction.DOWNGRADE:
        return Change(direction=direction, effective=Effective(effective or Effective.PERIOD_END))
    if effective not in {None, Effective.NOW}:
        raise errors.OnlyAtOnce
    return Change(direction=direction, effective=Effective.NOW)


def _direction_of(old: Selection, new: Selection) -> Direction:
    plans = list(PLANS[old.pricing_version])
    here = plans.index(old.plan)
    old_contacts, new_contacts = old.contacts or 0, new.contacts or 0
    if (new.product, new.frequency) == (old.product, old.frequency):
        if new.plan in plans[here:] and new_contacts >= old_contacts:
            return Direction.UPGRADE
        if new.plan in plans[: here + 1] and new_contacts <= old_contacts:
            return Direction.DOWNGRADE
    raise errors.NotAnUpgrade(
        product=old.product, frequency=old.frequency, plans=plans[here:], lesser_plans=plans[: here + 1], contacts=old_contacts
    )


@dataclass(frozen=True, kw_only=True)
class Opening:
    """An application with what is bought, and the region of the client's country (None: no region hosts it)."""

    application: Application
    quote: Quote
    region: str | None


@dataclass(frozen=True, kw_only=True)
class Terms:
    """How the platform opens accounts: where their users log in (`{name}` for the account's), and how long the opening may take."""

    login_url_template: str
    opening_time: timedelta
