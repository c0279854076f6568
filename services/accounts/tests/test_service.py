"""The doors: the real process on a real broker, with stand-ins for billing and identity."""

import dataclasses
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import pytest

from chassis.errors import Refused, Unavailable
from chassis.ids import new_id
from chassis.testing import Bus, Peer, ServiceDatabase, ServiceProcess, eventually
from chassis.testing.bus import refusal_of

from . import factories
from .factories import PLUS, open_request, plus

Call = dict[str, Any]


class Billing:
    """Billing, as far as accounts asks it: it quotes anything, and remembers its quotes."""

    def __init__(self) -> None:
        self.quotes: dict[str, Call] = {}

    def create_quote(self, asked: Call) -> Call:
        purpose = "account_opening" if asked["account_id"] is None else "plan_change"
        waits = asked["selection"]["plan"] == "Starter"
        answer = factories.quote_answer(
            purpose=purpose,
            account_id=asked["account_id"],
            selection=asked["selection"],
            direction="downgrade" if waits else "upgrade",
            takes_effect_at="2099-01-01T00:00:00Z" if waits else None,
        )
        self.quotes[answer["id"]] = answer
        return answer

    def quote(self, asked: Call) -> Call:
        if asked["quote_id"] not in self.quotes:
            raise Refused(kind="not_found", code="quote_not_found", message="There is no such quote.")
        return self.quotes[asked["quote_id"]]

    @staticmethod
    def billing_profile(asked: Call) -> Call:
        return {"id": asked["billing_profile_id"]}

    @staticmethod
    def catalogue(_: Call) -> Call:
        return {"regions": {"FR": "eu", "US": "us"}}


class Identity:
    """Identity, as far as accounts asks it: one user per account, one claim of its password."""

    def __init__(self) -> None:
        self.claimed: set[str] = set()
        self.away_calls = 0

    def prepare_admin_user(self, _: Call) -> Call:
        if self.away_calls:
            self.away_calls -= 1
            raise Unavailable(service="identity", reason="it is away")
        return {"user_id": new_id("usr"), "username": "admin"}

    def claim_credentials(self, asked: Call) -> Call:
        if asked["account_id"] in self.claimed:
            raise Refused(kind="gone", code="credentials_already_claimed", message="They were shown once.")
        self.claimed.add(asked["account_id"])
        return {"username": "admin", "password": "correct horse"}


@dataclass(frozen=True, kw_only=True)
class Platform:
    """Accounts as it runs, and what is around it."""

    bus: Bus
    database: ServiceDatabase
    billing: Billing
    identity: Identity
    identity_peer: Peer
    serving: ServiceProcess
    agency_id: str

    def call(self, method: str, *, key: str | None = None, **request: Any) -> Any:
        return self.bus.call("accounts", method, {"agency_id": self.agency_id, **request}, idempotency_key=key)

    def refused(self, method: str, *, key: str | None = None, **request: Any) -> Refused:
        return refusal_of(lambda: self.call(method, key=key, **request))

    def open(self, *, key: str | None = None, **changes: Any) -> Call:
        answer: Call = self.call("open_account", key=key, **open_request(self.agency_id, **changes))
        return answer

    def tell(self, source: str, name: str, account_id: str, **data: Any) -> Call:
        return self.bus.publish(source, name, {"account_id": account_id, **data}, agency_id=self.agency_id)

    def status(self, account_id: str) -> str:
        return str(self.call("account", account_id=account_id)["status"])

    def activate(self, account_id: str) -> None:
        self.tell("snapshots", "workspace_prepared", account_id, snapshot_id=None, assets=0)
        self.tell("billing", "invoice_paid", account_id, purpose="account_opening")
        eventually(lambda: self.status(account_id) == "active", within_seconds=30, what="the account active")


@pytest.fixture
def platform(
    run_service: Callable[..., ServiceProcess], peer: Callable[..., Peer], bus: Bus, database: ServiceDatabase, agency_id: str
) -> Iterator[Platform]:
    billing, identity = Billing(), Identity()
    peer(
        "billing",
        quote=billing.quote,
        create_quote=billing.create_quote,
        billing_profile=billing.billing_profile,
        catalogue=billing.catalogue,
    )
    identity_peer = peer("identity", prepare_admin_user=identity.prepare_admin_user, claim_credentials=identity.claim_credentials)
    serving = run_service("accounts", database)
    yield Platform(
        bus=bus,
        database=database,
        billing=billing,
        identity=identity,
        identity_peer=identity_peer,
        serving=serving,
        agency_id=agency_id,
    )
    assert bus.parked() == []


@pytest.fixture
def relay(run_service: Callable[..., ServiceProcess], database: ServiceDatabase) -> ServiceProcess:
    """What accounts tells leaves it: its own doors, which ask identity, need that too."""
    return run_service("accounts", database, command="relay")


def test_an_account_is_opened_paid_prepared_and_claimed(platform: Platform, relay: ServiceProcess) -> None:
    """R0.21, R0.23–R0.28, R0.48, R0.50, R0.52."""
    seen = platform.bus.collect("accounts")
    account = platform.open(name="acme")
    quote_id = next(iter(platform.billing.quotes))
    assert account == {
        "id": account["id"],
        "agency_id": platform.agency_id,
        "name": "acme",
        "host": "acme.localhost:8000",
        "login_url": "http://acme.localhost:8000/login",
        "kind": "paid",
        "status": "creating",
        "selection": dataclasses.asdict(PLUS),
        "client_name": "Acme",
        "client_email": "hello@acme.example",
        "notification_email": "ops@agency.example",
        "country": "FR",
        "region": "eu",
        "language": "fr",
        "time_zone": "Europe/Paris",
        "billing_profile_id": None,
        "custom_domain": None,
        "snapshot_id": None,
        "quote_id": quote_id,
        "failure": None,
        "created_at": account["created_at"],
        "updated_at": account["created_at"],
        "renews_at": None,
        "expires_at": None,
        "cancelled_at": None,
        "cancellation_reason": None,
        "expired_at": None,
        "archived_at": None,
        "activated_at": None,
        "version": 1,
    }
    too_early = platform.refused("claim_credentials", account_id=account["id"])
    assert (too_early.kind, too_early.code, too_early.details["possible_while"]) == ("conflict", "not_in_this_status", ["active"])

    platform.activate(account["id"])
    seen.wait_for("accounts.account_activated")
    assert seen.names() == ["accounts.account_requested", "accounts.account_activated"]
    asked = {
        "agency_id": platform.agency_id,
        "account_id": account["id"],
        "email": "hello@acme.example",
        "account_name": "acme",
        "language": "fr",
    }
    assert platform.identity_peer.calls == [("prepare_admin_user", asked)]

    assert platform.call("claim_credentials", key="claim", account_id=account["id"]) == {
        "login_url": "http://acme.localhost:8000/login",
        "username": "admin",
        "password": "correct horse",
    }
    again = platform.refused("claim_credentials", key="claim", account_id=account["id"])
    assert (again.kind, again.code) == ("gone", "credentials_already_claimed")
    assert "correct horse" not in platform.database.everything()


def test_one_key_opens_one_account_whatever_changes_in_between(platform: Platform) -> None:
    """R0.49."""
    quote = platform.billing.create_quote({"account_id": None, "selection": dataclasses.asdict(PLUS)})
    request = open_request(platform.agency_id, name="acme", quote_id=quote["id"], selection=None)
    first = platform.call("open_account", key="k1", **request)
    quote["state"] = "used"
    assert platform.call("open_account", key="k1", **request) == first
    assert platform.refused("open_account", key="k1", **{**request, "client_name": "Other"}).code == "idempotency_key_reused"
    refused = platform.refused("open_account", key="k2", **request)
    assert (refused.kind, refused.code, refused.field) == ("conflict", "quote_used", "quote_id")


def test_of_fifty_calls_at_once_for_one_name_one_gets_the_account(platform: Platform) -> None:
    """R0.21."""

    def attempt(number: int) -> str:
        try:
            return str(platform.open(key=f"k{number}", name="acme")["status"])
        except Refused as refused:
            return refused.code

    with ThreadPoolExecutor(50) as threads:
        ends = list(threads.map(attempt, range(50)))
    assert sorted(ends) == ["creating", *["name_taken"] * 49]
    assert len(platform.database.query("SELECT id FROM accounts")) == 1


def test_fifty_calls_at_once_with_one_key_are_one_account_and_one_answer(platform: Platform) -> None:
    """R0.49."""
    request = open_request(platform.agency_id, name="acme")
    with ThreadPoolExecutor(50) as threads:
        answers = list(threads.map(lambda _: platform.call("open_account", key="k1", **request), range(50)))
    assert [answers[0]] * 50 == answers
    assert len(platform.database.query("SELECT id FROM accounts")) == 1


def test_refusals_cross_the_bus_with_their_field_and_what_would_do(platform: Platform) -> None:
    platform.open(name="acme")
    taken = platform.refused("open_account", **open_request(platform.agency_id, name="acme"))
    assert (taken.kind, taken.code, taken.field, taken.details) == ("conflict", "name_taken", "name", {"name": "acme"})
    language = platform.refused("open_account", **open_request(platform.agency_id, language="de"))
    assert (language.kind, language.code, language.details["allowed"]) == ("invalid", "language_unknown", ["en", "fr", "pt", "es"])
    unknown = platform.refused("open_account", **open_request(platform.agency_id, colour="red"))
    [at_fault] = unknown.details["errors"]
    assert (at_fault["field"], at_fault["code"]) == ("colour", "unknown_field")
    assert at_fault["message"].startswith("Unknown field: possible are agency_id, name, ")
    control = platform.refused("open_account", **open_request(platform.agency_id, client_name="a\x00b"))
    assert [error["field"] for error in control.details["errors"]] == ["client_name"]
    neither = platform.refused("open_account", **open_request(platform.agency_id, selection=None))
    assert neither.code == "quote_or_selection"
    gone = platform.refused("open_account", **open_request(platform.agency_id, selection=None, quote_id=new_id("quo")))
    assert (gone.kind, gone.code) == ("not_found", "quote_not_found")
    stranger = refusal_of(lambda: platform.bus.call("accounts", "account", {"agency_id": new_id("agy"), "account_id": "acc_1"}))
    assert (stranger.kind, stranger.code) == ("not_found", "account_not_found")


def test_an_agency_lists_and_searches_its_accounts_and_asks_for_names(platform: Platform) -> None:
    """R0.2, R0.3, R0.7."""
    for name in ("alpha", "beta", "gamma"):
        platform.open(name=name)
    first = platform.call("accounts", limit=2, cursor=None, status=None, plan=None, kind=None, q=None, sort="name")
    assert ([account["name"] for account in first["data"]], first["total"]) == (["alpha", "beta"], 3)
    rest = platform.call("accounts", limit=2, cursor=first["next_cursor"], sort="name")
    assert ([account["name"] for account in rest["data"]], rest["next_cursor"]) == (["gamma"], None)
    assert [account["name"] for account in platform.call("accounts", q="ALPH")["data"]] == ["alpha"]
    assert platform.refused("accounts", status="creating").code == "status_filter_unknown"
    assert platform.refused("accounts", limit=201).details["errors"][0]["field"] == "limit"
    assert platform.bus.call("accounts", "name_availability", {"name": "beta"})["code"] == "name_taken"
    assert platform.bus.call("accounts", "name_availability", {"name": "delta"})["available"]


def test_a_list_is_filtered_by_any_attribute_and_kept_as_a_view_which_the_list_takes(platform: Platform) -> None:
    """R0.4, R0.9, R0.13."""
    for name in ("alpha", "beta"):
        platform.open(name=name, custom_domain=f"{name}.example" if name == "alpha" else None)
    page = platform.call("accounts", filters={"custom_domain": "", "created_at": {"from": "2020-01-01"}}, sort="-expires_at")
    assert [(account["name"], account["button"], account["expires_at"]) for account in page["data"]] == [("beta", "login", None)]
    unknown = platform.refused("accounts", filters={"colour": "red"})
    assert (unknown.code, unknown.field, unknown.details["given"]) == ("filter_unknown", "filter", "colour")
    assert "custom_domain" in unknown.details["allowed"]
    shapeless = platform.refused("accounts", filters={"country": ["FR"]})
    assert [error["field"] for error in shapeless.details["errors"]] == ["filters.country.value"]
    mine = {"owner": "key_1"}
    view = platform.call("create_view", key="save", **mine, name="With a domain", filters={"q": "alp"}, sort="name", columns=["name"])
    assert (
        platform.call("create_view", key="save", **mine, name="With a domain", filters={"q": "alp"}, sort="name", columns=["name"]) == view
    )
    assert platform.refused("create_view", **mine, name="Other", filters={"colour": "red"}).code == "filter_unknown"
    changed = platform.call("change_view", **mine, view_id=view["id"], filters={"country": "FR"})
    assert (changed["filters"], changed["version"]) == ({"country": "FR"}, 2)
    assert platform.call("view", **mine, view_id=view["id"]) == changed
    assert platform.call("views", **mine) == {"data": [changed], "next_cursor": None, "total": 1}
    assert platform.call("remove_view", key="forget", **mine, view_id=view["id"]) == {}
    assert platform.call("remove_view", key="forget", **mine, view_id=view["id"]) == {}
    assert platform.refused("view", **mine, view_id=view["id"]).code == "view_not_found"


def test_an_upgrade_is_quoted_done_at_once_and_told(platform: Platform, relay: ServiceProcess) -> None:
    seen = platform.bus.collect("accounts")
    account_id = platform.open()["id"]
    wanted = dataclasses.asdict(plus(plan="Pro"))
    early = platform.refused("change_plan", account_id=account_id, quote_id=None, selection=wanted, effective=None)
    assert (early.code, early.details["possible_now"]) == ("not_in_this_status", [])
    platform.activate(account_id)
    answer = platform.call("change_plan", key="up", account_id=account_id, quote_id=None, selection=wanted, effective="now")
    assert platform.call("change_plan", key="up", account_id=account_id, quote_id=None, selection=wanted, effective="now") == answer
    assert (answer["account"]["selection"], answer["account"]["version"]) == (wanted, 3)
    assert answer["change"] == {
        "id": answer["change"]["id"],
        "effective": "now",
        "state": "applied",
        "due_at": None,
        "old_selection": dataclasses.asdict(PLUS),
        "new_selection": wanted,
        "quote_id": answer["change"]["quote_id"],
        "created_at": answer["account"]["updated_at"],
    }
    waits = platform.billing.create_quote({"account_id": account_id, "selection": dataclasses.asdict(plus(plan="Starter"))})
    other = platform.refused("change_plan", account_id=account_id, quote_id=waits["id"], effective="now")
    assert (other.kind, other.code, other.field) == ("invalid", "quote_for_another", "quote_id")
    seen.wait_for("accounts.account_upgraded")
    assert seen.names() == ["accounts.account_requested", "accounts.account_activated", "accounts.account_upgraded"]


def test_a_declined_card_fails_the_account_and_frees_its_name(platform: Platform, relay: ServiceProcess) -> None:
    seen = platform.bus.collect("accounts")
    account_id = platform.open(name="acme")["id"]
    declined = {"purpose": "account_opening", "code": "card_declined", "reason": "The card was declined."}
    platform.tell("billing", "payment_failed", account_id, **declined)
    eventually(lambda: platform.status(account_id) == "failed", what="the account failed")
    assert platform.call("account", account_id=account_id)["failure"] == {"code": "card_declined", "reason": "The card was declined."}
    seen.wait_for("accounts.account_failed")
    assert platform.open(name="acme")["status"] == "creating"


def test_identity_away_is_asked_again_until_it_is_back(platform: Platform, relay: ServiceProcess) -> None:
    platform.identity.away_calls = 2
    platform.activate(platform.open()["id"])
    assert len(platform.identity_peer.calls) == 3


def test_every_event_delivered_twice_has_one_effect(platform: Platform, relay: ServiceProcess) -> None:
    seen = platform.bus.collect("accounts")
    paid, unpaid, uncopied = (platform.open()["id"] for _ in range(3))
    eventually(lambda: len(platform.identity_peer.calls) == 3, what="identity asked for three users")
    refusal = {"code": "no", "reason": "No."}
    agency = {"agency_id": platform.agency_id, "notification_email": "team@agency.example", "name": "Agency"}
    told: list[tuple[str, str, Call]] = [
        ("identity", "agency_registered", agency),
        ("identity", "agency_updated", agency),
        ("accounts", "account_requested", {"account_id": paid}),
        ("billing", "invoice_paid", {"account_id": paid, "purpose": "account_opening"}),
        ("snapshots", "workspace_prepared", {"account_id": paid}),
        ("billing", "payment_failed", {"account_id": unpaid, "purpose": "account_opening", **refusal}),
        ("snapshots", "workspace_copy_failed", {"account_id": uncopied, **refusal}),
    ]
    for source, name, data in told:
        event = platform.bus.publish(source, name, data, agency_id=platform.agency_id)
        platform.bus.publish_envelope(source, name, event)

    def handled() -> int:
        return int(platform.serving.metric("comptoir_events_handled_total", outcome="ok"))

    eventually(lambda: handled() == 3 + 2 * len(told), within_seconds=30, what="every delivery handled")
    seen.wait_for("accounts.account_activated", "accounts.account_failed", "accounts.account_failed")
    assert sorted(seen.names()) == [
        "accounts.account_activated",
        *["accounts.account_failed"] * 2,
        *["accounts.account_requested"] * 3,
        *["accounts.account_requested"] * 2,  # the one told again here, twice
    ]
    found = {row["id"]: (row["status"], row["version"]) for row in platform.database.query("SELECT id, status, version FROM accounts")}
    assert found == {paid: ("active", 2), unpaid: ("failed", 2), uncopied: ("failed", 2)}
    assert len(platform.identity_peer.calls) == 3
    assert platform.database.query("SELECT notification_email FROM agencies") == [{"notification_email": "team@agency.example"}]


def test_an_opening_past_its_deadline_is_given_up(
    run_service: Callable[..., ServiceProcess], peer: Callable[..., Peer], bus: Bus, database: ServiceDatabase, agency_id: str
) -> None:
    billing = Billing()
    peer("billing", create_quote=billing.create_quote, billing_profile=billing.billing_profile, catalogue=billing.catalogue)
    run_service("accounts", database, PROVISIONING_SECONDS="0.1")
    account_id = bus.call("accounts", "open_account", open_request(agency_id))["id"]

    def failure() -> Any:
        return bus.call("accounts", "account", {"agency_id": agency_id, "account_id": account_id})["failure"]

    assert eventually(failure, what="the account failed")["code"] == "provisioning_timed_out"


def test_an_event_about_an_account_that_is_not_here_is_parked(
    run_service: Callable[..., ServiceProcess], bus: Bus, database: ServiceDatabase
) -> None:
    run_service("accounts", database)
    bus.publish("snapshots", "workspace_prepared", {"account_id": new_id("acc")})
    assert "AccountNotFound" in eventually(bus.parked, what="a message parked")[0].reason
