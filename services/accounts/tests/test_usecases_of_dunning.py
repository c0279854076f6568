"""What becomes of an account whose invoices are overdue: suspended, back, or over; whatever comes first and however often."""

from itertools import permutations
from typing import Any

import pytest

from accounts import domain, errors, usecases
from accounts.domain import DunningOutcome, Kind, Verb
from chassis.ids import new_id
from chassis.testing import MovingClock, ServiceDatabase
from chassis.unit_of_work import Units

from .test_usecases_of_the_lifecycle import Stage


@pytest.fixture
def stage(units: Units, database: ServiceDatabase, clock: MovingClock, agency_id: str) -> Stage:
    return Stage(units, database, clock, agency_id)


def tell(stage: Stage, account_id: str, outcome: str, sequence: int, *, agency_id: str | None = None) -> None:
    with stage.units.begin() as uow:
        usecases.follow_dunning(uow, agency_id=agency_id or stage.agency_id, account_id=account_id, outcome=outcome, sequence=sequence)


def action(stage: Stage, account_id: str, verb: Verb) -> domain.Decision:
    with stage.units.begin() as uow:
        shown: Any = usecases.actions(uow, agency_id=stage.agency_id, account_id=account_id)
    found: domain.Decision = next(each for each in shown["data"] if each.verb is verb)
    return found


def test_an_overdue_account_is_disabled_and_comes_back_when_nothing_is_overdue_any_more(stage: Stage) -> None:
    """R0.60."""
    account_id = stage.account()
    for _ in range(2):
        tell(stage, account_id, "suspended", 5)
    assert stage.shown(account_id).status == "disabled"
    [disabled] = [data for name, data in stage.database.emitted() if name == "account_disabled"]
    assert (disabled["reason"], disabled["suspensions"]) == ("payment", ["payment"])
    for _ in range(2):
        tell(stage, account_id, "recovered", 6)
    assert stage.shown(account_id).status == "active"
    assert stage.told() == ["account_disabled", "account_enabled"]
    with stage.units.reading() as session:
        page = usecases.account_history(session, agency_id=stage.agency_id, account_id=account_id, limit=2, cursor=None)
    assert [entry.action for entry in page.data] == ["lift", "suspend"]


def test_an_agency_cannot_lift_what_is_overdue_and_is_told_why(stage: Stage) -> None:
    account_id = stage.account()
    tell(stage, account_id, "suspended", 1)
    with pytest.raises(errors.SuspensionNotYours) as refused:
        stage.do(usecases.enable_account, account_id)
    foretold = action(stage, account_id, Verb.ENABLE)
    assert (foretold.allowed, foretold.reason) == (False, refused.value.text)
    assert "payment is overdue" in refused.value.text
    assert refused.value.details["remaining"] == ["payment"]


def test_the_page_of_the_account_says_that_it_is_not_available_and_nothing_of_money(stage: Stage) -> None:
    """R0.73."""
    account_id = stage.account()
    tell(stage, account_id, "suspended", 1)
    with stage.units.begin() as uow:
        shown = usecases.account_page(uow, name=stage.shown(account_id).name, custom_domain=None)
    assert shown["message"] in domain.UNAVAILABLE.values()
    stage.do(usecases.disable_account, account_id, message="Call us.")
    with stage.units.begin() as uow:
        assert usecases.account_page(uow, name=stage.shown(account_id).name, custom_domain=None)["message"] == "Call us."


def test_every_language_has_a_message_of_its_own_and_any_other_gets_the_english_one() -> None:
    assert len({domain.message_for(language) for language in domain.LANGUAGES}) == len(domain.LANGUAGES)
    assert domain.message_for("de") == domain.message_for("en")


def test_what_is_exhausted_expires_the_account_and_says_why(stage: Stage) -> None:
    account_id = stage.account()
    tell(stage, account_id, "suspended", 1)
    tell(stage, account_id, "exhausted", 2)
    assert stage.shown(account_id).status == "expired"
    [expired] = [data for name, data in stage.database.emitted() if name == "account_expired"]
    assert expired["reason"] == "payment"
    assert stage.database.query("SELECT 1 FROM suspensions WHERE account_id = %s", account_id) == []


@pytest.mark.parametrize("order", list(permutations(range(3))))
@pytest.mark.parametrize(("last", "status"), [("recovered", "active"), ("exhausted", "expired"), ("suspended", "disabled")])
def test_the_newest_step_counts_whatever_the_order(stage: Stage, order: tuple[int, ...], last: str, status: str) -> None:
    account_id = stage.account()
    told = [("suspended", 3), ("recovered", 4), (last, 7)]
    for position in order:
        tell(stage, account_id, *told[position])
        tell(stage, account_id, *told[position])
    assert stage.shown(account_id).status == status


def test_another_try_changes_nothing_and_hides_nothing(stage: Stage) -> None:
    account_id = stage.account()
    tell(stage, account_id, "retry", 9)
    tell(stage, account_id, "suspended", 8)
    assert stage.shown(account_id).status == "disabled"


def test_what_a_former_agency_owes_changes_nothing_of_the_account(stage: Stage) -> None:
    account_id = stage.account()
    for outcome in DunningOutcome:
        tell(stage, account_id, outcome, 1, agency_id=new_id("agy"))
    assert stage.shown(account_id).status == "active"


@pytest.mark.parametrize("outcome", list(DunningOutcome))
def test_what_the_table_does_not_allow_changes_nothing(stage: Stage, outcome: DunningOutcome) -> None:
    account_id = stage.account(Kind.TRIAL)
    stage.clock.advance(days=60)
    stage.sweep()
    assert stage.shown(account_id).status == "archived"
    tell(stage, account_id, outcome, 1)
    assert stage.shown(account_id).status == "archived"


def test_a_cancelled_account_keeps_the_suspension_for_when_it_comes_back(stage: Stage) -> None:
    account_id = stage.account()
    stage.do(usecases.cancel_account, account_id, reason=None)
    tell(stage, account_id, "suspended", 1)
    assert stage.shown(account_id).status == "cancelled"
    [told] = [data for name, data in stage.database.emitted() if name == "account_disabled"]
    assert (told["suspensions"], told["status"]) == (["payment"], "cancelled")
    assert stage.do(usecases.undo_cancellation, account_id).status == "disabled"
