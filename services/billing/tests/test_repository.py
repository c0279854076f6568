"""The questions billing asks its database, and the locks it takes."""

import threading
from datetime import timedelta

import pytest

from billing import repository
from billing.usecases.on_sale import catalogue
from chassis.ids import new_id
from chassis.paging import Page

from .factories import shipped
from .stage import Stage


def test_the_newest_catalogue_is_in_force(stage: Stage) -> None:
    stage.database.execute("INSERT INTO catalogues SELECT version + 1, content, published_at FROM catalogues")
    with stage.units.reading() as session:
        assert repository.catalogue_version(session) == shipped()["version"] + 1
        assert catalogue(session) is catalogue(session), "it is read once"


def test_what_was_told_of_an_agency_is_replaced_by_what_is_newer_only(stage: Stage) -> None:
    now = stage.clock()
    for minutes, discount in ((5, 500), (3, 300), (5, 555), (9, 900)):
        with stage.units.begin() as uow:
            repository.note_agency(
                uow.session,
                agency_id=stage.agency_id,
                currency="EUR",
                discount_basis_points=discount,
                language="fr",
                as_of=now + timedelta(minutes=minutes),
            )
        with stage.units.reading() as session:
            agency = repository.agency(session, agency_id=stage.agency_id)
            assert agency is not None
            assert agency.discount_basis_points == (900 if minutes == 9 else 500)


def test_an_account_is_made_where_there_is_none_and_is_nobody_elses(stage: Stage) -> None:
    account_id = new_id("acc")
    with stage.units.begin() as uow:
        made = repository.account_for_update(uow.session, agency_id=stage.agency_id, account_id=account_id, now=uow.now)
        assert made is not None
        assert (made.id, made.failed_at) == (account_id, None)
    with stage.units.begin() as uow:
        assert repository.account_for_update(uow.session, agency_id=new_id("agy"), account_id=account_id, now=uow.now) is None
    with stage.units.reading() as session:
        assert repository.account(session, agency_id=new_id("agy"), account_id=account_id) is None


@pytest.mark.unsound("it takes numbers for no documents")
def test_numbers_are_taken_one_by_one_however_many_ask_at_once(stage: Stage) -> None:
    taken: list[int] = []

    def take() -> None:
        for _ in range(5):
            with stage.units.begin() as uow:
                taken.append(repository.next_number(uow.session, agency_id=stage.agency_id, series="INV"))

    threads = [threading.Thread(target=take) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(taken) == list(range(1, 21))


def test_a_quote_is_found_by_its_agency_only(stage: Stage) -> None:
    quote_id = stage.a_quote()["id"]
    with stage.units.begin() as uow:
        assert repository.quote(uow.session, agency_id=stage.agency_id, quote_id=quote_id) is not None
        assert repository.quote(uow.session, agency_id=new_id("agy"), quote_id=quote_id) is None
        assert repository.quote_for_update(uow.session, agency_id=new_id("agy"), quote_id=quote_id) is None


@pytest.mark.parametrize("limit", [1, 2, 3, 5])
def test_pages_hold_every_row_once_in_order(stage: Stage, limit: int) -> None:
    for _ in range(3):
        stage.a_profile()
    seen: list[str] = []
    cursor: str | None = None
    while True:
        with stage.units.reading() as session:
            page: Page[object] = repository.billing_profiles_page(session, agency_id=stage.agency_id, limit=limit, cursor=cursor)
            seen += [str(getattr(row, "id", "")) for row in page.data]
        assert (len(page.data) <= limit, page.total) == (True, 4)
        cursor = page.next_cursor
        if cursor is None:
            break
    assert seen == sorted(seen, reverse=True)
    assert len(set(seen)) == 4


def test_an_invoice_read_in_full_needs_no_further_question(stage: Stage) -> None:
    account_id = stage.an_account()
    stage.deliver(stage.failed(account_id))
    with stage.units.reading() as session:
        [invoice] = repository.invoices_page(session, agency_id=stage.agency_id, account_id=account_id, limit=1, cursor=None).data
    assert invoice.credit_note is not None
    assert (len(invoice.lines), len(invoice.payments), invoice.credit_note.total_minor) == (1, 1, 3920)
