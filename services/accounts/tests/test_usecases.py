"""Opening, upgrading, showing: the verbs on a real database, with the exact events they tell."""

import dataclasses
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from accounts import domain, errors, repository, schemas, usecases
from accounts.domain import Effective, Kind, Opening, Status
from chassis.ids import new_id
from chassis.testing import MovingClock, ServiceDatabase
from chassis.unit_of_work import UnitOfWork, Units

from .factories import PLUS, TERMS, activated, application, change_quote, failed, open_quote, opened, plus

DOMAIN = "marketing.acme.example"


def to_pro(account_id: str) -> domain.Quote:
    return change_quote(account_id, plus(plan="Pro"))


# --- opening ----------------------------------------------------------------------------------------------------------------------------


def test_an_accepted_account_is_creating_and_asks_for_what_it_misses(
    units: Units, database: ServiceDatabase, clock: MovingClock, agency_id: str
) -> None:
    """R0.40, R0.48."""
    given_quote = open_quote()
    with units.begin() as uow:
        account = opened(uow, agency_id, name="acme", quote=given_quote, billing_profile_id=new_id("bp"))
    assert (account.status, account.kind, account.version) == ("creating", "paid", 1)
    assert (schemas.host(account), account.login_url) == ("acme.comptoir.example", "https://acme.comptoir.example/login")
    assert database.query("SELECT account_id, missing, deadline_at, ended_at FROM provisionings") == [
        {
            "account_id": account.id,
            "missing": ["admin_user", "payment", "workspace"],
            "deadline_at": clock.now + timedelta(seconds=60),
            "ended_at": None,
        }
    ]
    assert database.emitted() == [
        (
            "account_requested",
            {
                "account_id": account.id,
                "name": "acme",
                "kind": "paid",
                "selection": {
                    "pricing_version": "V3",
                    "product": "EM",
                    "plan": "Plus",
                    "contacts": 1000,
                    "frequency": "monthly",
                    "limits": {},
                    "add_ons": [],
                },
                "quote_id": given_quote.id,
                "billing_profile_id": account.billing_profile_id,
                "snapshot_id": None,
                "region": "eu",
                "country": "FR",
                "language": "fr",
                "time_zone": "Europe/Paris",
                "notification_email": "ops@agency.example",
                "client_name": "Acme",
                "client_email": "hello@acme.example",
                "requested_at": "2026-03-31T09:30:00Z",
            },
        )
    ]


@pytest.mark.parametrize("kind", [Kind.TRIAL, Kind.SANDBOX])
def test_nobody_waits_for_the_payment_of_a_trial_or_a_sandbox(units: Units, database: ServiceDatabase, agency_id: str, kind: Kind) -> None:
    with units.begin() as uow:
        account = opened(uow, agency_id, kind=kind)
    assert account.kind == kind
    assert database.query("SELECT missing FROM provisionings") == [{"missing": ["admin_user", "workspace"]}]


def told_of(uow: UnitOfWork, agency_id: str, clock: MovingClock, **changes: Any) -> None:
    told = {"notification_email": "team@agency.example", "told_at": clock.now, "told_by": "evt_1", **changes}
    usecases.note_agency(uow, agency_id=agency_id, **told)


def test_the_default_notification_address_is_the_agencys(units: Units, clock: MovingClock, agency_id: str) -> None:
    """R0.25."""
    with units.begin() as uow:
        told_of(uow, agency_id, clock)
        account = opened(uow, agency_id, notification_email=None)
    assert account.notification_email == "team@agency.example"


def test_without_any_notification_address_one_is_asked_for(units: Units, agency_id: str) -> None:
    with pytest.raises(errors.NotificationEmailMissing), units.begin() as uow:
        opened(uow, agency_id, notification_email=None)


def test_a_country_without_region_is_refused(units: Units, agency_id: str) -> None:
    opening = Opening(application=application(country="AQ"), quote=open_quote(), region=None)
    with pytest.raises(errors.CountryNotServed), units.begin() as uow:
        usecases.open_account(uow, agency_id=agency_id, opening=opening, terms=TERMS)


def test_a_quote_that_expired_by_now_is_refused(units: Units, clock: MovingClock, agency_id: str) -> None:
    with pytest.raises(errors.QuoteExpired), units.begin() as uow:
        opened(uow, agency_id, quote=open_quote(expires_at=clock.now))


def test_a_quote_opens_one_account(units: Units, agency_id: str) -> None:
    given_quote = open_quote()
    with units.begin() as uow:
        opened(uow, agency_id, quote=given_quote)
    with pytest.raises(errors.QuoteUsed), units.begin() as uow:
        opened(uow, agency_id, quote=given_quote)


@pytest.mark.parametrize("status", [status for status in Status if status is not Status.FAILED])
def test_a_name_is_taken_for_ever(units: Units, database: ServiceDatabase, agency_id: str, status: Status) -> None:
    with units.begin() as uow:
        activated(uow, agency_id, name="acme")
    database.execute("UPDATE accounts SET status = %s, activated_at = CASE WHEN %s = 'creating' THEN NULL ELSE now() END", status, status)
    with pytest.raises(errors.NameTaken), units.begin() as uow:
        opened(uow, new_id("agy"), name="acme")
    with units.reading() as session:
        assert usecases.name_availability(session, name="acme") == {
            "name": "acme",
            "available": False,
            "code": "name_taken",
            "reason": "The name acme is taken: choose another one.",
        }


def test_a_failed_account_frees_its_name(units: Units, agency_id: str) -> None:
    with units.begin() as uow:
        failed(uow, agency_id, name="acme")
    with units.reading() as session:
        assert usecases.name_availability(session, name="acme")["available"]
    with units.begin() as uow:
        opened(uow, agency_id, name="acme")


def test_a_name_that_nobody_may_have_is_not_available(units: Units) -> None:
    with units.reading() as session:
        availability = usecases.name_availability(session, name="www")
    assert (availability["available"], availability["code"]) == (False, "name_reserved")


@pytest.mark.parametrize(
    ("same", "refusal"),
    [
        ({"name": "acme"}, errors.NameTaken),
        ({"quote": open_quote()}, errors.QuoteUsed),
        ({"custom_domain": DOMAIN}, errors.CustomDomainTaken),
    ],
)
def test_of_50_at_once_for_one_name_one_quote_or_one_domain_one_gets_the_account(
    database: ServiceDatabase, clock: MovingClock, agency_id: str, same: dict[str, Any], refusal: type[errors.Refusal]
) -> None:
    """R0.21, R0.22."""
    units = database.units(clock, pool_size=50)

    def attempt(_: int) -> str | None:
        try:
            with units.begin() as uow:
                return opened(uow, agency_id, **same).id
        except refusal:
            return None

    with ThreadPoolExecutor(50) as threads:
        accounts = [account_id for account_id in threads.map(attempt, range(50)) if account_id is not None]
    assert [row["id"] for row in database.query("SELECT id FROM accounts")] == accounts
    assert len(accounts) == len(database.emitted()) == 1


# --- changing plan ----------------------------------------------------------------------------------------------------------------------


def test_an_upgrade_is_at_once(units: Units, database: ServiceDatabase, clock: MovingClock, agency_id: str) -> None:
    with units.begin() as uow:
        account = activated(uow, agency_id, name="acme")
    moment = clock.advance(days=3)
    given_quote = to_pro(account.id)
    with units.begin() as uow:
        answer = usecases.change_plan(uow, agency_id=agency_id, account_id=account.id, effective=Effective.NOW, quote=given_quote)
        assert schemas.ChangedPlan().dump(answer)["account"]["version"] == 3
    with units.rows() as connection:
        upgraded = usecases.account(connection, agency_id=agency_id, account_id=account.id)
    assert (upgraded.plan, upgraded.selection["plan"], upgraded.version, upgraded.updated_at) == ("Pro", "Pro", 3, moment)
    changes = database.query("SELECT * FROM plan_changes")
    assert changes == [
        {
            "id": changes[0]["id"],
            "account_id": account.id,
            "agency_id": agency_id,
            "quote_id": given_quote.id,
            "effective": "now",
            "state": "applied",
            "due_at": None,
            "old_selection": dataclasses.asdict(PLUS),
            "new_selection": dataclasses.asdict(plus(plan="Pro")),
            "created_at": moment,
        }
    ]
    assert database.emitted()[2:] == [
        (
            "account_upgraded",
            {
                "account_id": account.id,
                "name": "acme",
                "quote_id": given_quote.id,
                "billing_profile_id": None,
                "old_selection": dataclasses.asdict(PLUS),
                "new_selection": dataclasses.asdict(plus(plan="Pro")),
                "notification_email": "ops@agency.example",
            },
        )
    ]


@pytest.mark.parametrize(
    ("kind", "wanted", "effective", "refusal"),
    [
        (Kind.PAID, plus(plan="Pro"), Effective.PERIOD_END, errors.OnlyAtOnce),
        (Kind.TRIAL, PLUS, Effective.PERIOD_END, errors.OnlyAtOnce),
        (Kind.SANDBOX, PLUS, None, errors.KindStays),
    ],
)
def test_what_is_no_upgrade_is_refused_by_name(
    units: Units, agency_id: str, kind: Kind, wanted: Any, effective: Effective | None, refusal: type[errors.Refusal]
) -> None:
    with units.begin() as uow:
        account = activated(uow, agency_id, kind=kind)
    with pytest.raises(refusal), units.begin() as uow:
        usecases.change_plan(uow, agency_id=agency_id, account_id=account.id, effective=effective, quote=change_quote(account.id, wanted))


def test_only_an_active_account_changes_plan(units: Units, agency_id: str) -> None:
    with units.begin() as uow:
        account = opened(uow, agency_id)
    with pytest.raises(errors.NotNow) as caught, units.begin() as uow:
        usecases.change_plan(uow, agency_id=agency_id, account_id=account.id, effective=None, quote=to_pro(account.id))
    assert caught.value.details["status"] == "creating"


def test_a_quote_changes_one_plan_and_only_that_of_its_account(units: Units, agency_id: str) -> None:
    with units.begin() as uow:
        account, other = activated(uow, agency_id), activated(uow, agency_id)
    given_quote = to_pro(account.id)
    with pytest.raises(errors.QuoteForAnother), units.begin() as uow:
        usecases.change_plan(uow, agency_id=agency_id, account_id=other.id, effective=None, quote=given_quote)
    with units.begin() as uow:
        usecases.change_plan(uow, agency_id=agency_id, account_id=account.id, effective=None, quote=given_quote)
    stale = dataclasses.replace(given_quote, selection=plus(plan="Enterprise"))
    with pytest.raises(errors.QuoteUsed), units.begin() as uow:
        usecases.change_plan(uow, agency_id=agency_id, account_id=account.id, effective=None, quote=stale)


# --- whose account it is ----------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("whose", ["nobody's", "another agency's"])
def test_what_is_not_yours_is_not_found(units: Units, agency_id: str, whose: str) -> None:
    """R0.2."""
    account_id = new_id("acc")
    if whose == "another agency's":
        with units.begin() as uow:
            account_id = activated(uow, new_id("agy")).id
    with pytest.raises(errors.AccountNotFound) as caught, units.rows() as connection:
        usecases.account(connection, agency_id=agency_id, account_id=account_id)
    assert caught.value.to_wire() == {
        "kind": "not_found",
        "code": "account_not_found",
        "message": f"There is no account {account_id}.",
        "details": {"account_id": account_id},
    }
    with pytest.raises(errors.AccountNotFound), units.begin() as uow:
        usecases.account_to_claim(uow, agency_id=agency_id, account_id=account_id)
    with pytest.raises(errors.AccountNotFound), units.begin() as uow:
        usecases.change_plan(uow, agency_id=agency_id, account_id=account_id, effective=None, quote=to_pro(account_id))


def test_credentials_are_for_active_accounts(units: Units, agency_id: str) -> None:
    """R0.50."""
    with units.begin() as uow:
        active, creating, refused = activated(uow, agency_id), opened(uow, agency_id), failed(uow, agency_id)
    with units.begin() as uow:
        assert usecases.account_to_claim(uow, agency_id=agency_id, account_id=active.id).id == active.id
        for account in (creating, refused):
            with pytest.raises(errors.NotNow):
                usecases.account_to_claim(uow, agency_id=agency_id, account_id=account.id)


# --- what identity tells ----------------------------------------------------------------------------------------------------------------


@given(order=st.permutations([(0, "evt_1"), (0, "evt_2"), (5, "evt_0")]), again=st.integers(0, 2))
@settings(max_examples=10, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_the_latest_told_of_an_agency_wins_in_any_order(units: Units, clock: MovingClock, order: list[tuple[int, str]], again: int) -> None:
    agency_id = new_id("agy")
    for seconds, told_by in [*order, order[again]]:
        with units.begin() as uow:
            told_at = clock.now + timedelta(seconds=seconds)
            told_of(uow, agency_id, clock, notification_email=f"{told_by}@agency.example", told_at=told_at, told_by=told_by)
    with units.reading() as session:
        assert repository.notification_email_of(session, agency_id) == "evt_0@agency.example"
