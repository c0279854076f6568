"""Quotes: what the customer sees is exactly what is charged."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum

from billing import errors
from billing.domain.catalogue import Catalogue, Frequency, Kind, Selection, amount_of
from billing.domain.period import Period
from chassis.money import Money

LIFETIME = timedelta(minutes=30)
TAXES_NOTE = "Taxes are not included."


class Effective(StrEnum):
    """When a change of plan takes effect: at once, or at the end of the paid period."""

    NOW = "now"
    PERIOD_END = "period_end"


class Direction(StrEnum):
    """Which way a change of plan goes: by what a cycle costs, and between frequencies monthly → annual up, annual → monthly down."""

    UPGRADE = "upgrade"
    DOWNGRADE = "downgrade"


class QuoteState(StrEnum):
    """Whether a quote can still be taken."""

    OPEN = "open"
    EXPIRED = "expired"
    USED = "used"


@dataclass(frozen=True, kw_only=True)
class Offer:
    """The offer details, in the order in which they are shown (R0.41–R0.46).

    `charged` is the new plan from now to the end of the running period, or for the whole cycle where `begins_period`; `unused` is
    what is left of the old plan, given back. A new account has nothing unused and begins a period; a trial or sandbox is zero.
    A downgrade may wait until `takes_effect_at`, and nothing is due for it today; everything else takes effect when it is taken (None).
    `direction` is that of a change of plan; a new account and a renewal have none.
    """

    list_price: Money
    migration_discount: Money
    reseller_discount: Money
    unused: Money
    charged: Money
    begins_period: bool
    takes_effect_at: datetime | None = None
    direction: Direction | None = None

    @property
    def effective(self) -> Effective:
        """When the offer takes effect."""
        return Effective.NOW if self.takes_effect_at is None else Effective.PERIOD_END

    @property
    def per_cycle(self) -> Money:
        """What is paid every cycle from the next renewal on (R0.44)."""
        return self.list_price - self.migration_discount - self.reseller_discount

    @property
    def proration(self) -> Money:
        """How far today differs from a whole cycle that begins today, or what the rest of the running one costs more (R0.45)."""
        return self._difference - self.per_cycle if self.begins_period else self._difference

    @property
    def due_today(self) -> Money:
        """What is charged when the offer is taken (R0.46): never less than nothing."""
        return max(self._difference, Money.zero(self.charged.currency))

    @property
    def granted(self) -> Money:
        """What becomes prepaid credit of the account when the offer is taken: what is unused and the new plan does not take up."""
        return max(-self._difference, Money.zero(self.charged.currency))

    @property
    def _difference(self) -> Money:
        return self.charged - self.unused


@dataclass(frozen=True, kw_only=True)
class Held:
    """What an account has now: its kind, selection and price a cycle, and the period paid for (None: never billed).

    `has_ended`: the account expired or is archived, so it comes back on any paid plan (R0.92, R0.93).
    """

    kind: Kind
    selection: Selection
    per_cycle: Money
    period: Period | None
    has_ended: bool = False

    def is_over(self, now: datetime) -> bool:
        """Whether nothing is left of what was paid for, or nothing ever was."""
        return self.has_ended or self.period is None or now >= self.period.end


def opening_offer(catalogue: Catalogue, *, selection: Selection, currency: str, discount_basis_points: int) -> Offer:
    """Price a new account. Raises what `Catalogue.list_price` raises."""
    list_price = catalogue.list_price(selection, currency)
    reseller_discount = list_price.basis_points(discount_basis_points)
    zero = Money.zero(currency)
    return Offer(
        list_price=list_price,
        migration_discount=zero,
        reseller_discount=reseller_discount,
        unused=zero,
        charged=list_price - reseller_discount,
        begins_period=True,
    )


def change_offer(
    catalogue: Catalogue,
    *,
    held: Held,
    selection: Selection,
    currency: str,
    discount_basis_points: int,
    effective: Effective | None,
    now: datetime,
) -> Offer:
    """Price moving an account that holds `held` to another selection: a dearer one at once, a cheaper one at the end or at once.

    The end is that of the paid period, and it is what a downgrade waits for unless `effective` is now.
    In a running period of the same frequency the unused old is credited, the remaining new charged and the renewal date kept.
    Another frequency begins a new period, and so do the end of a trial and a period that is over, for the same plan too. What has
    ended comes back on any paid plan, for a new period in full (R0.92, R0.93). For a downgrade that waits nothing is due or given back
    today; of one at once what is left over becomes prepaid credit of the account (`granted`), never money back.
    Raises what `Catalogue.list_price` raises, `SandboxStaysSandbox` (R0.95), `PaidPlanNeeded`, `PlanUnchanged`, `OnlyAtOnce`.
    """
    list_price = catalogue.list_price(selection, currency)
    if held.kind is Kind.SANDBOX:
        raise errors.SandboxStaysSandbox
    if selection.frequency is None:
        raise errors.PaidPlanNeeded(plan=selection.plan)
    over = held.is_over(now)
    if selection == held.selection and not over:
        raise errors.PlanUnchanged
    migration_discount = list_price.basis_points(
        catalogue.migration_basis_points(held=held.selection, chosen=selection) if held.kind is Kind.PAID else 0
    )
    reseller_discount = (list_price - migration_discount).basis_points(discount_basis_points)
    per_cycle = list_price - migration_discount - reseller_discount
    direction = direction_of(held=held, selection=selection, per_cycle=per_cycle)
    zero = Money.zero(currency)
    offer = Offer(
        list_price=list_price,
        migration_discount=migration_discount,
        reseller_discount=reseller_discount,
        unused=zero,
        charged=zero,
        begins_period=False,
        direction=direction,
    )
    if direction is Direction.DOWNGRADE and held.period is not None and effective is not Effective.NOW:
        return replace(offer, takes_effect_at=max(held.period.end, now))
    if effective is Effective.PERIOD_END:
        raise errors.OnlyAtOnce
    if over or held.period is None:
        return replace(offer, charged=per_cycle, begins_period=True)
    begins_period = held.selection.frequency is not selection.frequency
    return replace(
        offer,
        unused=held.period.share_left(held.per_cycle, now),
        charged=per_cycle if begins_period else held.period.share_left(per_cycle, now),
        begins_period=begins_period,
    )


def direction_of(*, held: Held, selection: Selection, per_cycle: Money) -> Direction:
    """Tell which way it goes from `held` to a selection at `per_cycle`: dearer or as dear is an upgrade, and so is what begins anew.

    Of another frequency monthly → annual is an upgrade, annual → monthly a downgrade, whatever either costs. What adds and takes away goes
    by its price too.
    """
    if held.kind is not Kind.PAID or held.has_ended or selection == held.selection:
        return Direction.UPGRADE
    if held.selection.frequency is not selection.frequency:
        return Direction.UPGRADE if selection.frequency is Frequency.ANNUAL else Direction.DOWNGRADE
    return Direction.DOWNGRADE if per_cycle < held.per_cycle else Direction.UPGRADE


def renewal_offer(*, list_price: Money, per_cycle: Money, at: datetime) -> Offer:
    """Say what the renewal `at` that moment will cost: the same amount every cycle (R0.35, R0.36), nothing of it today."""
    zero = Money.zero(list_price.currency)
    return Offer(
        list_price=list_price,
        migration_discount=zero,
        reseller_discount=list_price - per_cycle,
        unused=zero,
        charged=zero,
        begins_period=False,
        takes_effect_at=at,
    )


def quote_expiry(held: Held | None, *, now: datetime) -> datetime:
    """Tell until when a quote can be taken: for half an hour, and for what is held not beyond the period that it was worked out for."""
    if held is None or held.period is None or held.is_over(now):
        return now + LIFETIME
    return min(now + LIFETIME, held.period.end)


def quote_state(*, used: bool, superseded: bool, expires_at: datetime, now: datetime) -> QuoteState:
    """Tell whether a quote is open; one for a plan that was changed meanwhile is as good as expired."""
    if used:
        return QuoteState.USED
    return QuoteState.EXPIRED if superseded or now >= expires_at else QuoteState.OPEN


def describe(selection: Selection) -> str:
    """Write the selection as an invoice says it: `EM Plus, 1000 contacts, monthly, 50000 activities, sms`."""
    limits = [f"{amount_of(chosen)} {item.replace('_', ' ')}" for item, chosen in sorted(selection.limits.items())]
    size = f"{selection.product} {selection.plan}, {selection.contacts} contacts, {selection.frequency}"
    return ", ".join([size, *limits, *sorted(selection.add_ons)])
