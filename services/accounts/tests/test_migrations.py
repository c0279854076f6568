"""What the migrations make of rows from before them."""

import pytest

from accounts import usecases
from chassis import migrations
from chassis.ids import new_id
from chassis.runner import folder_of
from chassis.testing import MovingClock, ServiceDatabase
from chassis.unit_of_work import Units

from .factories import activated, change_quote, plus
from .test_transfers import answer, complete, request

FOLDER = folder_of("accounts")
AGENCY_OF_0004 = "ALTER TABLE plan_changes ADD COLUMN agency_id text"
BY_THE_RELEASE_BEFORE = """
INSERT INTO plan_changes (id, account_id, quote_id, effective, old_selection, new_selection, created_at)
SELECT 'pch_late', account_id, 'quo_late', effective, old_selection, new_selection, created_at FROM plan_changes LIMIT 1
"""


@pytest.mark.parametrize("there_already", [True, False], ids=["the column was there", "the column was not there"])
def test_changes_of_plan_get_the_agency_that_asked_for_them(
    units: Units, database: ServiceDatabase, clock: MovingClock, agency_id: str, there_already: bool
) -> None:
    newcomer = new_id("agy")
    with units.begin() as uow:
        account = activated(uow, agency_id, name="acme")

    def change(whose: str, contacts: int) -> None:
        with units.begin() as uow:
            quote = change_quote(account.id, plus(contacts=contacts))
            usecases.change_plan(uow, agency_id=whose, account_id=account.id, effective=None, quote=quote)
        clock.advance(minutes=1)

    change(agency_id, 2500)
    asked = request(units, newcomer)
    answer(units, asked.id)
    complete(units, asked.id)
    clock.advance(minutes=1)
    change(newcomer, 5000)

    def agencies() -> list[str]:
        return [row["agency_id"] for row in database.query("SELECT agency_id FROM plan_changes ORDER BY created_at, id DESC")]

    migrations.downgrade(FOLDER, database.url, "0005")
    if there_already:
        database.execute(AGENCY_OF_0004)
    migrations.upgrade(FOLDER, database.url)
    assert agencies() == [agency_id, newcomer]
    database.execute(BY_THE_RELEASE_BEFORE)
    assert sorted(agencies()) == sorted([agency_id, newcomer, newcomer])
