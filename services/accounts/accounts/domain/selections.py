"""What of the catalogue an account is on, quotes for it, and which changes are possible."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from accounts import errors
from accounts.domain.applications import Application
from accounts.domain.words import Effective, Kind, Purpose

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


def check_upgrade(*, old: Selection, new: Selection, effective: str | None) -> None:
    """Refuse a change of plan that is no upgrade.

    An upgrade stays on its product and billing frequency, and has a plan at least as dear with at least as many contacts, one of them more.
    """
    old_kind, new_kind = kind_of(old), kind_of(new)
    if new == old:
        raise errors.PlanUnchanged
    if (old_kind, new_kind) == (Kind.TRIAL, Kind.PAID):
        raise errors.TrialNotConvertible(plan=new.plan)
    if (old_kind, new_kind) != (Kind.PAID, Kind.PAID):
        raise errors.KindStays(account_kind=old_kind, wanted=new_kind)
    plans = list(PLANS[old.pricing_version])
    dearer = plans[plans.index(old.plan) :]
    least_contacts = old.contacts or 0
    same_terms = (new.product, new.frequency) == (old.product, old.frequency)
    if not same_terms or new.plan not in dearer or (new.contacts or 0) < least_contacts:
        raise errors.NotAnUpgrade(product=old.product, frequency=old.frequency, plans=dearer, contacts=least_contacts)
    if effective not in {None, Effective.NOW}:
        raise errors.OnlyAtOnce


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
