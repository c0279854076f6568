"""What an agency that gets an account does not see of the one that had it."""

from datetime import timedelta
from typing import Any

from accounts import usecases
from chassis.ids import new_id
from chassis.testing import MovingClock, ServiceDatabase
from chassis.unit_of_work import Units

from .factories import activated, change_quote, plus
from .test_transfers import answer, complete, request


def test_the_new_agency_sees_nothing_of_the_former_one(units: Units, database: ServiceDatabase, clock: MovingClock, agency_id: str) -> None:
    """R0.2, R0.56: its history and changes of plan begin with the transfer; a change that waits is dropped."""
    newcomer = new_id("agy")
    with units.begin() as uow:
        account = activated(uow, agency_id, name="acme", billing_profile_id=new_id("bp"))
        usecases.record_payment(uow, account_id=account.id, purpose="renewal", period_ends_at=clock.now + timedelta(days=30))

    def change(whose: str, contacts: int, **said: Any) -> None:
        quote = change_quote(account.id, plus(contacts=contacts), **said)
        with units.begin() as uow:
            usecases.change_plan(uow, agency_id=whose, account_id=account.id, effective=None, quote=quote)

    def seen_by(whose: str) -> tuple[list[str], list[str]]:
        with units.reading() as session:
            history = usecases.account_history(session, agency_id=whose, account_id=account.id, limit=50, cursor=None)
            changes = usecases.plan_changes(session, agency_id=whose, account_id=account.id, limit=50, cursor=None)
        assert (history.total, changes.total) == (len(history.data), len(changes.data))
        return [entry.action for entry in reversed(history.data)], [each.state for each in changes.data]

    change(agency_id, 2500)
    change(agency_id, 500, direction="downgrade", takes_effect_at=clock.now + timedelta(days=30))
    assert seen_by(agency_id)[1] == ["scheduled", "applied"]
    asked = request(units, newcomer)
    answer(units, asked.id)
    complete(units, asked.id)
    assert [name for name, _ in database.emitted()][-2:] == ["plan_change_dropped", "transfer_completed"]
    assert seen_by(newcomer) == (["arrive"], [])
    [row] = database.query("SELECT before, after FROM account_events WHERE agency_id = %s", newcomer)
    assert (row["before"], row["after"]) == ({}, {})
    change(newcomer, 5000)
    assert seen_by(newcomer) == (["arrive", "change_plan"], ["applied"])
    clock.advance(days=31)
    with units.begin() as uow:
        usecases.do_what_is_due(uow, limit=10)
        assert usecases.account_now(uow, agency_id=newcomer, account_id=account.id)[0].selection["contacts"] == 5000
