"""Custom domains are checked by real DNS: the verdict, the look-up, the verbs (R0.22, R0.114)."""

import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from accounts import clients, domain, errors, models, usecases
from accounts.clients import Dns, LookUp
from accounts.config import Config
from accounts.domain import CheckState
from chassis.config import ConfigurationError
from chassis.ids import new_id
from chassis.testing import Bus, FakeCall, MovingClock, ServiceDatabase, ServiceProcess, eventually
from chassis.unit_of_work import Units
from chassis.wiring import Wiring

from .factories import TERMS, activated, opened
from .name_server import NameServer

NOW = datetime(2026, 1, 31, 10, tzinfo=UTC)
DOMAIN, TARGET = "marketing.acme.example", "acme.comptoir.example"
ALIASES = {DOMAIN: f"{TARGET}.", "elsewhere.example": "other.example.", "plain.example": None}
SILENT = "silent.example"


# --- the verdict ------------------------------------------------------------------------------------------------------------------------


def verdict(*, target: str | None = None, fault: str | None = None, after: timedelta = timedelta()) -> domain.Verdict:
    return domain.verdict_on(custom_domain=DOMAIN, expected=TARGET, target=target, fault=fault, started_at=NOW, now=NOW + after)


@pytest.mark.parametrize("target", [TARGET, f"{TARGET}.", "ACME.Comptoir.example."])
def test_a_domain_that_points_at_its_account_is_verified(target: str) -> None:
    """R0.22, R0.114."""
    assert verdict(target=target, after=timedelta(days=9)) == domain.Verdict(
        state=CheckState.VERIFIED, code=None, reason=None, next_check_at=None
    )


@pytest.mark.parametrize(
    ("made", "code", "reason"),
    [
        (verdict(target="other.example."), "cname_elsewhere", "points to other.example.: let it point to acme.comptoir.example."),
        (verdict(fault="name_unknown"), "name_unknown", "DNS does not know marketing.acme.example: add a CNAME record"),
        (verdict(fault="cname_missing"), "cname_missing", "has no CNAME record: add one that points to acme.comptoir.example."),
        (verdict(fault="dns_silent"), "dns_silent", "did not answer."),
    ],
)
def test_any_other_is_looked_up_again_and_says_why(made: domain.Verdict, code: str, reason: str) -> None:
    """R0.114."""
    assert (made.state, made.code, made.next_check_at) == (CheckState.PENDING, code, NOW + timedelta(hours=1))
    assert reason in str(made.reason)


@settings(deadline=None)
@given(st.timedeltas(timedelta(), timedelta(days=9)), st.sampled_from(["name_unknown", "cname_missing", "dns_silent"]))
def test_a_check_goes_on_hourly_for_three_days_and_then_fails(after: timedelta, fault: str) -> None:
    """R0.114."""
    made = verdict(after=after, fault=fault)
    if after >= timedelta(days=3):
        assert (made.state, made.next_check_at) == (CheckState.FAILED, None)
    else:
        assert (made.state, made.next_check_at) == (CheckState.PENDING, NOW + after + timedelta(hours=1))
    assert made.code == fault


# --- DNS --------------------------------------------------------------------------------------------------------------------------------


@pytest.fixture
def name_server() -> Iterator[NameServer]:
    server = NameServer(ALIASES, silent=frozenset({SILENT}))
    yield server
    server.stop()


@dataclass(frozen=True, kw_only=True)
class Environment:
    dns_server: str


def dns_at(address: str) -> Dns:
    return Dns(Wiring(call=FakeCall(), config=Environment(dns_server=address)))


@pytest.mark.parametrize(
    ("host", "found"),
    [
        (DOMAIN, LookUp(target=f"{TARGET}.")),
        ("elsewhere.example", LookUp(target="other.example.")),
        ("plain.example", LookUp(fault="cname_missing")),
        ("unknown.example", LookUp(fault="name_unknown")),
    ],
)
def test_the_name_server_is_asked_for_the_alias(name_server: NameServer, host: str, found: LookUp) -> None:
    """R0.114."""
    assert dns_at(name_server.address).cname_of(host) == found
    assert name_server.asked == [host]


def test_a_silent_name_server_is_not_waited_for_longer_than_five_seconds(name_server: NameServer) -> None:
    """R0.114."""
    began = time.monotonic()
    assert dns_at(name_server.address).cname_of(SILENT) == LookUp(fault="dns_silent")
    assert time.monotonic() - began < 8


def test_every_fault_of_a_look_up_is_one_the_verdict_knows() -> None:
    """R0.114."""
    assert {fault.value for fault in domain.LookUpFault} == {"name_unknown", "cname_missing", "dns_silent"}


@pytest.mark.parametrize("address", ["127.0.0.1", "dns.example:53", "127.0.0.1:0", "127.0.0.1:x"])
def test_the_name_server_is_an_address_with_its_port(address: str) -> None:
    with pytest.raises(ConfigurationError, match="DNS_SERVER"):
        Config.from_environment({"DATABASE_URL": "postgresql://", "DNS_SERVER": address})


def test_without_one_those_of_the_machine_are_asked() -> None:
    settings_of_machine = Config.from_environment({"DATABASE_URL": "postgresql://"})
    assert settings_of_machine.dns_server == ""
    assert clients.Dns(Wiring(call=FakeCall(), config=settings_of_machine))._resolver().nameservers


# --- the verbs --------------------------------------------------------------------------------------------------------------------------

MISSING = LookUp(fault="cname_missing")


def start(units: Units, account: models.Account, found: LookUp, custom_domain: str = DOMAIN) -> dict[str, object]:
    with units.begin() as uow:
        return usecases.start_domain_check(
            uow, agency_id=account.agency_id, account_id=account.id, custom_domain=custom_domain, found=found, terms=TERMS
        )


def shown(units: Units, agency_id: str, account_id: str) -> dict[str, object]:
    with units.reading() as session:
        return usecases.domain_check(session, agency_id=agency_id, account_id=account_id, terms=TERMS)


def claim(units: Units, limit: int = 10) -> list[usecases.DueCheck]:
    with units.begin() as uow:
        return usecases.claim_due_domain_checks(uow, limit=limit)


def record(units: Units, due: usecases.DueCheck, found: LookUp) -> None:
    with units.begin() as uow:
        usecases.record_domain_check(uow, due=due, found=found, terms=TERMS)


@pytest.fixture
def account(units: Units, agency_id: str) -> models.Account:
    with units.begin() as uow:
        return activated(uow, agency_id, name="acme", custom_domain=DOMAIN)


def test_a_check_goes_from_none_by_pending_to_verified(units: Units, clock: MovingClock, agency_id: str, account: models.Account) -> None:
    """R0.22, R0.114."""
    assert shown(units, agency_id, account.id) == {
        "account_id": account.id,
        "custom_domain": DOMAIN,
        "expected_target": TARGET,
        "state": "none",
        **dict.fromkeys(("code", "reason", "started_at", "checked_at", "next_check_at")),
    }
    began = clock.now
    pending = start(units, account, MISSING)
    assert (pending["state"], pending["code"], pending["started_at"]) == ("pending", "cname_missing", began)
    assert claim(units) == []
    later = clock.advance(hours=1)
    (due,) = claim(units)
    assert (due.custom_domain, claim(units)) == (DOMAIN, [])
    record(units, due, LookUp(target=TARGET))
    verified = shown(units, agency_id, account.id)
    assert (verified["state"], verified["code"], verified["next_check_at"]) == ("verified", None, None)
    assert (verified["started_at"], verified["checked_at"]) == (began, later)
    record(units, due, MISSING)  # a look-up that was slow
    assert shown(units, agency_id, account.id) == verified


def test_what_stays_wrong_for_three_days_has_failed_and_can_be_checked_again(
    units: Units, clock: MovingClock, agency_id: str, account: models.Account
) -> None:
    """R0.114."""
    start(units, account, MISSING)
    look_ups = 0
    while shown(units, agency_id, account.id)["state"] == "pending":
        clock.advance(hours=1)
        for due in claim(units):
            look_ups += 1
            record(units, due, MISSING)
    failed = shown(units, agency_id, account.id)
    assert (look_ups, failed["state"], failed["code"]) == (72, "failed", "cname_missing")
    assert start(units, account, LookUp(target="other.example."))["state"] == "pending"


def test_a_lost_look_up_is_made_again_an_hour_later(units: Units, clock: MovingClock, account: models.Account) -> None:
    """R0.114."""
    start(units, account, MISSING)
    clock.advance(hours=1)
    (lost,) = claim(units)
    clock.advance(hours=1)
    assert claim(units) == [lost]


def test_another_domain_has_a_check_of_its_own(units: Units, clock: MovingClock, agency_id: str, account: models.Account) -> None:
    """R0.114."""
    start(units, account, MISSING)
    clock.advance(hours=1)
    (due,) = claim(units)
    with units.begin() as uow:
        usecases.edit_account(
            uow,
            agency_id=agency_id,
            account_id=account.id,
            expected_version=None,
            wanted={"custom_domain": "news.acme.example"},
            terms=TERMS,
        )
    assert shown(units, agency_id, account.id)["state"] == "none"
    clock.advance(hours=1)
    assert claim(units) == []
    with pytest.raises(errors.CustomDomainChanged):
        start(units, account, LookUp(target=TARGET))
    assert start(units, account, MISSING, "news.acme.example")["custom_domain"] == "news.acme.example"
    record(units, due, LookUp(target=TARGET))
    assert shown(units, agency_id, account.id)["state"] == "pending"


def test_only_your_own_accounts_with_a_domain_are_checked(units: Units, agency_id: str, account: models.Account) -> None:
    """R0.2, R0.114."""
    with units.begin() as uow:
        without, creating = activated(uow, agency_id), opened(uow, agency_id, custom_domain="new.example")

    def to_check(whose: str, account_id: str) -> str:
        with units.reading() as session:
            return usecases.domain_to_check(session, agency_id=whose, account_id=account_id)

    assert to_check(agency_id, account.id) == DOMAIN
    for whose, account_id, refusal in (
        (agency_id, without.id, errors.CustomDomainMissing),
        (new_id("agy"), account.id, errors.AccountNotFound),
    ):
        with pytest.raises(refusal):
            to_check(whose, account_id)
    with pytest.raises(errors.AccountNotFound):
        shown(units, new_id("agy"), account.id)
    with pytest.raises(errors.NotNow), units.begin() as uow:
        usecases.start_domain_check(
            uow, agency_id=agency_id, account_id=creating.id, custom_domain="new.example", found=MISSING, terms=TERMS
        )
    with units.begin() as uow:  # a check that nobody has by now
        gone = usecases.DueCheck(account_id=new_id("acc"), account_name="gone", custom_domain=DOMAIN)
        usecases.record_domain_check(uow, due=gone, found=MISSING, terms=TERMS)


# --- the door ---------------------------------------------------------------------------------------------------------------------------


def test_a_check_asks_dns_and_others_are_served_meanwhile(
    run_service: Callable[..., ServiceProcess], bus: Bus, database: ServiceDatabase, units: Units, agency_id: str, name_server: NameServer
) -> None:
    """R0.22, R0.114."""
    with units.begin() as uow:
        verified = activated(uow, agency_id, name="acme", custom_domain=DOMAIN)
        silent = activated(uow, agency_id, custom_domain=SILENT)
    run_service("accounts", database, DNS_SERVER=name_server.address, HOSTED_URL_TEMPLATE="https://{name}.comptoir.example/login")
    asked = {"agency_id": agency_id, "account_id": verified.id}
    assert bus.call("accounts", "start_domain_check", asked, idempotency_key="k1")["state"] == "verified"
    name_server.aliases.clear()
    assert bus.call("accounts", "start_domain_check", asked, idempotency_key="k1")["state"] == "verified"
    assert bus.call("accounts", "domain_check", asked)["state"] == "verified"

    answered: list[float] = []

    def look_up() -> None:
        answer = bus.call("accounts", "start_domain_check", {"agency_id": agency_id, "account_id": silent.id})
        answered.append(time.monotonic())
        assert answer["code"] == "dns_silent"

    with ThreadPoolExecutor(1) as threads:
        waiting = threads.submit(look_up)
        eventually(lambda: SILENT in name_server.asked, what="the name server asked")
        bus.call("accounts", "name_availability", {"name": "free-name"})
        meanwhile = time.monotonic()
        waiting.result(timeout=30)
    assert meanwhile < answered[0]
