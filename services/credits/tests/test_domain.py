"""The rules of credit, without a database."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chassis.errors import Refusal
from chassis.ids import new_id
from credits import errors
from credits.domain import (
    SIDES,
    AccountStatus,
    HeldAccount,
    Kind,
    Movement,
    OpenLot,
    Part,
    Purpose,
    ReservationState,
    check_may_use,
    check_paid,
    currency_of,
    give_back,
    is_low,
    postings_of,
    settle,
    sides_of,
    take,
    take_exactly,
    unit_of,
    units_in,
    without,
)

NOW = datetime(2026, 1, 31, 10, tzinfo=UTC)
LATER = NOW + timedelta(days=30)
ACCOUNT = new_id("acc")

units = st.integers(min_value=1, max_value=10**12)
moments = st.none() | st.datetimes(min_value=datetime(2025, 1, 1), max_value=datetime(2027, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001  hypothesis wants naive bounds
parts = st.lists(st.builds(Part, lot_id=st.uuids().map(str), account_id=st.sampled_from([None, ACCOUNT]), units=units), max_size=6)
lots = st.lists(
    st.builds(
        OpenLot,
        lot_id=st.uuids().map(str),
        account_id=st.sampled_from([None, ACCOUNT]),
        units_left=units,
        purchased_at=moments.filter(bool),
        expires_at=moments,
    ),
    max_size=6,
)


def lot(name: str, *, units: int = 100, account_id: str | None = None, age_days: int = 0, expires_at: datetime | None = None) -> OpenLot:
    return OpenLot(lot_id=name, account_id=account_id, units_left=units, purchased_at=NOW - timedelta(days=age_days), expires_at=expires_at)


def test_the_credit_of_the_account_is_taken_before_that_of_the_agency() -> None:
    chosen = take([lot("agency", age_days=9), lot("account", account_id=ACCOUNT)], up_to_units=150, now=NOW)
    assert chosen == [Part(lot_id="account", account_id=ACCOUNT, units=100), Part(lot_id="agency", account_id=None, units=50)]


def test_the_lot_that_expires_first_is_taken_first_and_one_that_never_does_last() -> None:
    never, late, soon = lot("never", age_days=9), lot("late", expires_at=LATER), lot("soon", expires_at=LATER - timedelta(seconds=1))
    assert [part.lot_id for part in take([never, late, soon], up_to_units=300, now=NOW)] == ["soon", "late", "never"]


def test_among_lots_that_expire_together_the_oldest_is_taken_first() -> None:
    assert [part.lot_id for part in take([lot("new"), lot("old", age_days=1)], up_to_units=1, now=NOW)] == ["old"]


def test_an_expired_lot_pays_nothing_from_the_moment_it_expires() -> None:
    assert take([lot("gone", expires_at=NOW)], up_to_units=1, now=NOW) == []
    assert take([lot("gone", expires_at=NOW)], up_to_units=1, now=NOW - timedelta(microseconds=1)) != []


def test_nothing_is_taken_of_nothing_or_for_nothing() -> None:
    assert take([], up_to_units=100, now=NOW) == []
    assert take([lot("full")], up_to_units=0, now=NOW) == []


@given(lots=lots, up_to_units=st.integers(min_value=0, max_value=10**13))
def test_what_is_taken_is_what_is_asked_or_all_there_is_and_no_lot_gives_more_than_it_has(lots: list[OpenLot], up_to_units: int) -> None:
    chosen = take(lots, up_to_units=up_to_units, now=NOW)
    left = {lot.lot_id: lot.units_left for lot in lots if lot.expires_at is None or lot.expires_at > NOW}
    assert units_in(chosen) == min(up_to_units, sum(left.values()))
    assert all(0 < part.units <= left[part.lot_id] for part in chosen)
    assert len({part.lot_id for part in chosen}) == len(chosen)


@given(lots=lots, up_to_units=st.integers(min_value=0, max_value=10**13))
def test_what_is_left_and_what_was_taken_are_what_there_was(lots: list[OpenLot], up_to_units: int) -> None:
    parts = take(lots, up_to_units=up_to_units, now=NOW)
    left = without(lots, parts)
    assert sum(lot.units_left for lot in left) + units_in(parts) == sum(lot.units_left for lot in lots)
    assert {lot.lot_id for lot in left} <= {lot.lot_id for lot in lots}
    assert all(lot.units_left > 0 for lot in left)


def test_what_was_taken_last_goes_back_first() -> None:
    spent = [Part(lot_id="soon", account_id=ACCOUNT, units=30), Part(lot_id="never", account_id=None, units=20)]
    assert give_back(spent, units=25) == [
        Part(lot_id="never", account_id=None, units=20),
        Part(lot_id="soon", account_id=ACCOUNT, units=5),
    ]


@given(spent=parts, shares=st.lists(units, max_size=5))
def test_giving_back_in_shares_ends_where_giving_back_at_once_does(spent: list[Part], shares: list[int]) -> None:
    left = {part.lot_id: part for part in spent}
    for share in shares:
        for part in give_back(list(left.values()), units=share):
            before = left.pop(part.lot_id)
            if before.units > part.units:
                left[part.lot_id] = Part(lot_id=part.lot_id, account_id=part.account_id, units=before.units - part.units)
        left = {part.lot_id: left[part.lot_id] for part in spent if part.lot_id in left}
    at_once = {part.lot_id: part.units for part in give_back(spent, units=sum(shares))}
    assert {part.lot_id: part.units - at_once.get(part.lot_id, 0) for part in spent} == {
        part.lot_id: left[part.lot_id].units if part.lot_id in left else 0 for part in spent
    }


@given(movement=st.sampled_from(Movement), parts=parts)
def test_the_postings_of_every_movement_sum_to_zero_for_every_lot(movement: Movement, parts: list[Part]) -> None:
    postings = list(postings_of(movement, parts))
    assert sum(posting.units for posting in postings) == 0
    for part in parts:
        assert sum(posting.units for posting in postings if posting.lot_id == part.lot_id) == 0
    assert {posting.purpose for posting in postings} <= set(SIDES[movement])


def test_spending_moves_what_is_reserved_and_leaves_what_is_available() -> None:
    spent, reserved = Purpose.SPENT, Purpose.RESERVED
    assert [
        (posting.purpose, posting.units) for posting in postings_of(Movement.SPENDING, [Part(lot_id="a", account_id=None, units=7)])
    ] == [
        (reserved, -7),
        (spent, 7),
    ]


@pytest.mark.parametrize("wanted", [ReservationState.POSTED, ReservationState.RELEASED])
def test_a_reservation_is_settled_once_and_settling_it_again_changes_nothing(wanted: ReservationState) -> None:
    assert settle(payment_id="pay", state=ReservationState.PENDING, wanted=wanted)
    assert not settle(payment_id="pay", state=wanted, wanted=wanted)


def test_a_payment_that_failed_cannot_have_succeeded() -> None:
    with pytest.raises(errors.ReservationSettledOtherwise, match="released already and cannot become posted"):
        settle(payment_id="pay", state=ReservationState.RELEASED, wanted=ReservationState.POSTED)
    with pytest.raises(errors.ReservationSettledOtherwise):
        settle(payment_id="pay", state=ReservationState.POSTED, wanted=ReservationState.RELEASED)


def test_a_payment_must_have_used_exactly_what_was_reserved() -> None:
    reserved = [Part(lot_id="a", account_id=None, units=7), Part(lot_id="b", account_id=None, units=3)]
    check_paid(payment_id="pay", paid_units=10, reserved=reserved)
    with pytest.raises(errors.PrepaidDiffers):
        check_paid(payment_id="pay", paid_units=9, reserved=reserved)


def test_prepaid_is_counted_in_its_currency_and_the_other_kinds_in_pieces() -> None:
    assert unit_of(kind=Kind.PREPAID, currency="EUR") == "EUR"
    assert unit_of(kind=Kind.SMS, currency="EUR") == "sms"
    assert currency_of(kind=Kind.PREPAID, unit="EUR") == "EUR"
    assert currency_of(kind=Kind.INBOX_PREVIEW, unit="inbox_preview") is None


# --- accounts, pots and low balances ----------------------------------------------------------------------------------------------------

OPEN = HeldAccount(agency_id="agy_1", status=AccountStatus.OPEN, plan="Plus", add_ons=["sms"])


@pytest.mark.parametrize("kind", Kind)
def test_an_open_account_of_the_agency_with_the_add_on_may_use_every_kind(kind: Kind) -> None:
    """R0.101, R0.108."""
    check_may_use(kind, OPEN, account_id=ACCOUNT, agency_id="agy_1")


@pytest.mark.parametrize(
    ("kind", "account", "refusal"),
    [
        *((kind, None, errors.AccountNotFound) for kind in Kind),
        *((kind, replace(OPEN, agency_id="agy_2"), errors.AccountNotFound) for kind in Kind),
        *(
            (Kind.PREPAID, replace(OPEN, status=status), errors.AccountNotUsable)
            for status in (AccountStatus.FAILED, AccountStatus.EXPIRED, AccountStatus.ARCHIVED)
        ),
        (Kind.SMS, replace(OPEN, add_ons=[]), errors.SmsNotOnPlan),
        (Kind.SMS, replace(OPEN, plan="Starter"), errors.SmsNotOnPlan),
    ],
)
def test_what_keeps_an_account_from_its_credit_is_named(kind: Kind, account: HeldAccount | None, refusal: type[Refusal]) -> None:
    """R0.108."""
    with pytest.raises(refusal):
        check_may_use(kind, account, account_id=ACCOUNT, agency_id="agy_1")


@pytest.mark.parametrize("plan", ["Starter", "Plus"])
def test_only_sms_asks_for_an_add_on(plan: str) -> None:
    for kind in (Kind.PREPAID, Kind.INBOX_PREVIEW):
        check_may_use(kind, replace(OPEN, plan=plan, add_ons=[]), account_id=ACCOUNT, agency_id="agy_1")


def test_prepaid_is_spent_of_what_is_reserved_and_pieces_of_what_is_available() -> None:
    assert sides_of(Movement.SPENDING, Kind.PREPAID) == (Purpose.RESERVED, Purpose.SPENT)
    for kind in (Kind.SMS, Kind.INBOX_PREVIEW):
        assert sides_of(Movement.SPENDING, kind) == (Purpose.AVAILABLE, Purpose.SPENT)


def test_an_allocation_changes_the_pot_and_nothing_else_does() -> None:
    handed = [Part(lot_id="a", account_id=None, units=7)]
    assert [(each.account_id, each.units) for each in postings_of(Movement.ALLOCATION, handed, into=ACCOUNT)] == [(None, -7), (ACCOUNT, 7)]
    back = [Part(lot_id="a", account_id=ACCOUNT, units=7)]
    assert [(each.account_id, each.units) for each in postings_of(Movement.TAKE_BACK, back)] == [(ACCOUNT, -7), (None, 7)]
    assert {each.account_id for each in postings_of(Movement.EXPIRY, back)} == {ACCOUNT}


@given(lots=lots, wanted=st.integers(min_value=1, max_value=10**13))
def test_exactly_what_is_wanted_is_taken_or_nothing_is_and_how_much_there_is_is_said(lots: list[OpenLot], wanted: int) -> None:
    usable = sum(lot.units_left for lot in lots if lot.expires_at is None or lot.expires_at > NOW)
    if usable >= wanted:
        assert units_in(take_exactly(lots, units=wanted, now=NOW)) == wanted
    else:
        with pytest.raises(errors.NotEnoughCredits) as refused:
            take_exactly(lots, units=wanted, now=NOW)
        assert refused.value.details["available"] == usable


def test_a_balance_is_low_at_its_threshold_and_below() -> None:
    assert [is_low(units, threshold=50) for units in (49, 50, 51)] == [True, True, False]
