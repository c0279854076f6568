"""What of the catalogue an account is on, quotes for it, and which changes are possible."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

from accounts import errors
from accounts.domain.applications import Application, faults_of_application, refuse
from accounts.domain.words import ChangeKind, Effective, Kind, Purpose, Status

PLANS: Mapping[str, Mapping[str, Kind]] = {
    "V1": {"Trial": Kind.TRIAL, "Sandbox": Kind.SANDBOX},
    "V3": {"Starter": Kind.PAID, "Plus": Kind.PAID, "Pro": Kind.PAID, "Enterprise": Kind.PAID},
}
"""Pricing version → plan → kind of account (R0.29, R0.30), plans from the cheapest to the dearest."""

PLAN_NAMES = tuple(plan for plans in PLANS.values() for plan in plans)

FREQUENCIES = ("monthly", "annual")
CUSTOM = "custom"
"""The choice of a limit that says its own number (R0.38)."""

ADD_ON_PLANS: Mapping[str, tuple[str, ...]] = {
    "pipelines": ("Plus", "Pro", "Enterprise"),
    "sms": ("Plus", "Pro", "Enterprise"),
}
"""Add-ons that not every paid plan may have, with those that may (R0.39, R0.108); which others there are is billing's to say."""


@dataclass(frozen=True, kw_only=True)
class Selection:
    """What of the catalogue an account is on. Whether billing sells it at all is billing's to say.

    `contacts` is the tier's number of contacts; `frequency` is `monthly` or `annual`; `limits` is item → `{"choice", "number"}` (R0.37),
    the number None but for the choice `custom`; `add_ons` are their names. V1 has none of them.
    """

    pricing_version: str
    product: str
    plan: str
    contacts: int | None = None
    frequency: str | None = None
    limits: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    add_ons: list[str] = field(default_factory=list)


@dataclass(frozen=True, kw_only=True)
class Quote:
    """Billing's priced offer: what the customer saw is what is charged. `state` is `open`, `expired` or `used`.

    One with `takes_effect_at` waits until then, and cannot be taken for now. `direction` is `upgrade` or `downgrade` for a change of plan:
    which it is billing says, that knows the prices. `region` is that of the country it was asked for, None where that was not said.
    """

    id: str
    purpose: str
    account_id: str | None
    selection: Selection
    state: str
    expires_at: datetime
    takes_effect_at: datetime | None = None
    direction: str | None = None
    region: str | None = None


def kind_of(selection: Selection) -> Kind:
    """Tell the kind of account that a selection makes: V1 is a trial or a sandbox, V3 is paid (R0.29, R0.30)."""
    plans = PLANS.get(selection.pricing_version)
    if plans is None:
        raise errors.PricingVersionUnknown(given=selection.pricing_version, allowed=tuple(PLANS))
    kind = plans.get(selection.plan)
    if kind is None:
        raise errors.PlanUnknown(given=selection.plan, allowed=tuple(plans))
    return kind


def faults_of_selection(selection: Selection) -> Iterator[errors.Refusal]:
    """Say what of a selection is missing, superfluous or does not go together, by field (R0.29 to R0.39)."""
    try:
        kind = kind_of(selection)
    except errors.Refusal as fault:
        yield fault
        return
    yield from _faults_of_paid(selection) if kind is Kind.PAID else _faults_of_free(selection)


def check_selection(selection: Selection) -> None:
    """Refuse a selection that does not go together."""
    refuse(faults_of_selection(selection))


def check_opening(application: Application, selection: Selection | None) -> None:
    """Refuse what is wrong with an application and with what is bought, all of it at once."""
    refuse([*faults_of_application(application), *(() if selection is None else faults_of_selection(selection))])


def _faults_of_free(selection: Selection) -> Iterator[errors.Refusal]:
    """V1 has one size and is never billed (R0.33, R0.34, R0.37, R0.39)."""
    if selection.contacts is not None:
        yield errors.ContactsNotApplicable(plan=selection.plan)
    if selection.frequency is not None:
        yield errors.FrequencyNotApplicable(plan=selection.plan)
    if selection.limits:
        yield errors.LimitsNotApplicable(plan=selection.plan)
    if selection.add_ons:
        yield errors.AddOnsNotApplicable(plan=selection.plan)


def _faults_of_paid(selection: Selection) -> Iterator[errors.Refusal]:
    if selection.contacts is None:
        yield errors.ContactsRequired(plan=selection.plan)
    if selection.frequency is None:
        yield errors.FrequencyRequired(plan=selection.plan)
    elif selection.frequency not in FREQUENCIES:
        yield errors.FrequencyUnknown(given=selection.frequency, allowed=FREQUENCIES)
    for item, chosen in selection.limits.items():
        if (chosen["choice"] == CUSTOM) != (chosen["number"] is not None):
            refusal = errors.LimitNumberRequired if chosen["choice"] == CUSTOM else errors.LimitNumberNotApplicable
            yield refusal(item=item, choice=chosen["choice"])
    for add_on in sorted(set(selection.add_ons)):
        plans = ADD_ON_PLANS.get(add_on)
        if plans is not None and selection.plan not in plans:
            yield errors.AddOnNotOnPlan(add_on=add_on, plan=selection.plan, allowed=plans)
        if selection.add_ons.count(add_on) > 1:
            yield errors.AddOnRepeated(add_on=add_on)


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

    kind: ChangeKind
    effective: Effective


def change_of(*, old: Selection, quote: Quote, status: str, effective: str | None) -> Change:
    """Tell what the quoted change of plan is, and when it takes effect; refuse what is none.

    A trial becomes paid and an expired account comes back, at once, on any paid plan. A paid account goes up or down as billing says: up at
    once, down at the end of the period unless it was quoted for now. Nothing ever becomes a trial or a sandbox (R1.14).
    """
    old_kind, new_kind = kind_of(old), kind_of(quote.selection)
    if quote.selection == old and status != Status.EXPIRED:
        raise errors.PlanUnchanged
    if new_kind != Kind.PAID:
        raise errors.KindStays(account_kind=old_kind, wanted=new_kind)
    if old_kind == Kind.TRIAL:
        kind = ChangeKind.CONVERSION
    elif status == Status.EXPIRED:
        kind = ChangeKind.COMEBACK
    else:
        kind = ChangeKind(quote.direction or ChangeKind.UPGRADE)
    offered = Effective.NOW if quote.takes_effect_at is None else Effective.PERIOD_END
    if effective not in {None, offered}:
        if kind != ChangeKind.DOWNGRADE:
            raise errors.OnlyAtOnce
        wanted = {Effective.NOW: "a change at once (effective «now»)", Effective.PERIOD_END: "a change at the end of the period"}
        raise errors.QuoteForAnother(quote_id=quote.id, wanted=wanted[Effective(str(effective))])
    return Change(kind=kind, effective=offered)


def begins_shorter_period(*, old: Selection, new: Selection) -> bool:
    """Tell whether a change begins a period that ends before the one paid for: from annual to monthly."""
    return (old.frequency, new.frequency) == ("annual", "monthly")


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

    def host_of(self, name: str) -> str:
        """Tell the host name of the account of this name, without a port."""
        return str(urlsplit(self.login_url_template.format(name=name)).hostname)

    def name_of(self, host: str) -> str | None:
        """Tell the name of the account at this host, with or without a port; None where no account could be there."""
        name, _, domain = host.lower().partition(":")[0].partition(".")
        return name if domain == self.hosted_domain else None

    @property
    def hosted_domain(self) -> str:
        """The domain that the hosts of all accounts are under."""
        return self.host_of("any").partition(".")[2]
