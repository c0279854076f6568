"""Who is let in, how long that is remembered, and that no route can forget to ask."""

import hashlib
from collections.abc import Callable
from typing import Any

import pytest

from chassis.errors import Refused, Unavailable
from chassis.testing import FakeCall
from gateway.app import refuse_undeclared
from gateway.auth import INVALID_SECONDS, MOST_INVALID, MOST_VALID, VALID_SECONDS, Keys, Scope
from gateway.clients import Service
from gateway.errors import KeyInvalid, KeyMissing, ScopeMissing
from gateway.routes import Routes, UndeclaredScope

from .conftest import AGENCY_ID, KEY, KEY_ID, OWNER, Front, UnknownKey, assert_problem

PATH = "/v1/accounts"
EMPTY_PAGE: dict[str, Any] = {"data": [], "next_cursor": None, "total": 0}


class Identity:
    """Identity as a function: knows what `scopes` holds, by digest."""

    ready = True

    def __init__(self) -> None:
        self.call = FakeCall(identity__key_by_digest=self._answer)
        self.scopes: dict[str, list[str]] = {}
        self.is_away = False

    def knows(self, key: str, *scopes: str) -> None:
        self.scopes[hashlib.sha256(key.encode()).hexdigest()] = list(scopes)

    def _answer(self, request: dict[str, Any]) -> Any:
        if self.is_away:
            raise Unavailable(service="identity", reason="it is away")
        if request["digest"] not in self.scopes:
            raise UnknownKey
        return {
            "key_id": KEY_ID,
            "agency_id": AGENCY_ID,
            "scopes": self.scopes[request["digest"]],
            "test_mode": False,
            "name": "tests",
            "owner": OWNER,
        }


class Seconds:
    """A monotonic clock that moves when told to."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def identity() -> Identity:
    return Identity()


@pytest.fixture
def seconds() -> Seconds:
    return Seconds()


@pytest.fixture
def keys(identity: Identity, seconds: Seconds) -> Keys:
    return Keys(Service(rpc=identity, name="identity"), clock=seconds)


def numbered_key(number: int) -> str:
    return f"ck_live_{number:043d}"


# --- keys -------------------------------------------------------------------------------------------------------------------------------


def test_a_key_says_who_asks(keys: Keys, identity: Identity) -> None:
    identity.knows(KEY, "accounts:read")
    caller = keys.caller(f"Bearer {KEY}")
    assert (caller.agency_id, caller.key_id, caller.owner, caller.scopes) == (AGENCY_ID, KEY_ID, OWNER, frozenset({"accounts:read"}))
    assert keys.caller(f"bearer {KEY}") == caller  # RFC 9110, 11.1: the scheme is case-insensitive


def test_while_identity_does_not_say_yet_whose_a_key_is_it_is_its_own() -> None:
    known = {"key_id": KEY_ID, "agency_id": AGENCY_ID, "scopes": [], "test_mode": False, "name": "tests"}
    identity = Identity()
    identity.call = FakeCall(identity__key_by_digest=lambda _: known)
    assert Keys(Service(rpc=identity, name="identity")).caller(f"Bearer {KEY}").owner == KEY_ID


def test_the_key_itself_goes_nowhere(keys: Keys, identity: Identity) -> None:
    identity.knows(KEY)
    keys.caller(f"Bearer {KEY}")
    assert KEY not in str(identity.call.calls)


def test_a_missing_key_is_told_how_to_send_one(keys: Keys) -> None:
    with pytest.raises(KeyMissing):
        keys.caller(None)


@pytest.mark.parametrize(
    "authorization",
    [
        "",
        "Bearer",
        f"Basic {KEY}",
        KEY,
        "Bearer ck_live_short",
        f"Bearer {KEY} x",
        f"Bearer  {KEY}",
        "Bearer ck_live_" + "é" * 30,
        "Bearer " + "x" * 8000,
    ],
)
def test_identity_is_not_asked_about_what_is_no_key(keys: Keys, identity: Identity, authorization: str) -> None:
    with pytest.raises(KeyInvalid):
        keys.caller(authorization)
    assert identity.call.calls == []


def test_a_revoked_key_is_taken_for_half_a_minute_at_most(keys: Keys, identity: Identity, seconds: Seconds) -> None:
    identity.knows(KEY)
    keys.caller(f"Bearer {KEY}")
    identity.scopes.clear()
    seconds.now += VALID_SECONDS - 0.1
    keys.caller(f"Bearer {KEY}")
    assert len(identity.call.calls) == 1
    seconds.now += 0.1
    with pytest.raises(KeyInvalid):
        keys.caller(f"Bearer {KEY}")
    assert VALID_SECONDS <= 30


def test_a_key_known_to_be_revoked_is_asked_about_again_at_once_and_no_other_is(keys: Keys, identity: Identity) -> None:
    identity.knows(KEY)
    keys.caller(f"Bearer {KEY}")
    keys.forget("key_01KAMV7Q9ZC4S2T1X8RJ5N6B3E")
    keys.caller(f"Bearer {KEY}")
    assert len(identity.call.calls) == 1
    identity.scopes.clear()
    keys.forget(KEY_ID)
    with pytest.raises(KeyInvalid):
        keys.caller(f"Bearer {KEY}")


def test_every_key_is_asked_about_again_where_a_revocation_may_have_been_missed(keys: Keys, identity: Identity) -> None:
    identity.knows(KEY)
    keys.caller(f"Bearer {KEY}")
    keys.forget_all()
    keys.caller(f"Bearer {KEY}")
    assert len(identity.call.calls) == 2


def test_what_identity_said_before_a_revocation_was_heard_is_not_remembered_after_it(
    keys: Keys, identity: Identity, monkeypatch: pytest.MonkeyPatch
) -> None:
    identity.knows(KEY)
    answer = identity._answer

    def answer_slowly(request: dict[str, Any]) -> Any:
        known = answer(request)
        keys.forget(KEY_ID)
        return known

    monkeypatch.setattr(identity, "call", FakeCall(identity__key_by_digest=answer_slowly))
    keys.caller(f"Bearer {KEY}")
    assert len(keys._callers) == 0


def test_an_unknown_key_is_remembered_for_a_moment(keys: Keys, identity: Identity, seconds: Seconds) -> None:
    for _ in range(3):
        with pytest.raises(KeyInvalid):
            keys.caller(f"Bearer {KEY}")
    assert len(identity.call.calls) == 1
    identity.knows(KEY)
    seconds.now += INVALID_SECONDS
    assert keys.caller(f"Bearer {KEY}").agency_id == AGENCY_ID


def test_identity_being_away_is_not_remembered(keys: Keys, identity: Identity) -> None:
    identity.knows(KEY)
    identity.is_away = True
    with pytest.raises(Refused) as away:
        keys.caller(f"Bearer {KEY}")
    assert away.value.kind == "unavailable"
    identity.is_away = False
    keys.caller(f"Bearer {KEY}")


def test_what_is_remembered_is_bounded_and_strangers_drive_out_no_customer(keys: Keys, identity: Identity) -> None:
    identity.knows(KEY)
    keys.caller(f"Bearer {KEY}")
    for number in range(MOST_INVALID + 1):
        with pytest.raises(KeyInvalid):
            keys.caller(f"Bearer {numbered_key(number)}")
    asked = len(identity.call.calls)
    keys.caller(f"Bearer {KEY}")
    assert len(identity.call.calls) == asked
    assert len(keys._strangers) == MOST_INVALID
    for number in range(MOST_VALID):
        identity.knows(numbered_key(number + MOST_VALID))
        keys.caller(f"Bearer {numbered_key(number + MOST_VALID)}")
    assert len(keys._callers) == MOST_VALID
    asked = len(identity.call.calls)
    keys.caller(f"Bearer {KEY}")  # the oldest went
    assert len(identity.call.calls) == asked + 1


# --- scopes -----------------------------------------------------------------------------------------------------------------------------


def test_admin_has_every_scope_and_no_other_has_another(keys: Keys, identity: Identity) -> None:
    for scope in Scope:
        identity.knows(numbered_key(1), scope)
        caller = Keys(Service(rpc=identity, name="identity")).caller(f"Bearer {numbered_key(1)}")
        for needed in Scope:
            if scope in (needed, Scope.ADMIN):
                caller.needs(needed)
            else:
                with pytest.raises(ScopeMissing):
                    caller.needs(needed)


def test_a_missing_key_is_challenged(front: Callable[..., Front]) -> None:
    answer = front().get(PATH, key=None)
    assert_problem(answer, 401, "api_key_missing")
    assert answer.headers["WWW-Authenticate"] == 'Bearer realm="comptoir"'


def test_a_key_without_the_scope_is_told_which_one(front: Callable[..., Front]) -> None:
    client = front(scopes=("billing:read", "accounts:write"))
    assert "accounts:read" in assert_problem(client.get(PATH), 403, "scope_missing")["detail"]
    assert client.services.asked() == []


def test_who_may_not_ask_learns_nothing_about_the_request(front: Callable[..., Front]) -> None:
    client = front(scopes=("accounts:read",))
    assert_problem(client.post("/v1/quotes", {"colour": "red"}), 403, "scope_missing")
    assert_problem(client.post("/v1/quotes", {"colour": "red"}, key=None), 401, "api_key_missing")


def test_nobody_can_ask_in_anothers_name(front: Callable[..., Front]) -> None:
    client = front(accounts__accounts=lambda _: EMPTY_PAGE)
    assert_problem(client.get(f"{PATH}?agency_id=agy_01KAMV7Q9ZC4S2T1X8RJ5N6B3E"), 422, "invalid_request", "agency_id")
    assert client.get(PATH).status_code == 200
    assert [payload["agency_id"] for _, payload in client.services.asked()] == [AGENCY_ID]


# --- no route without a scope -----------------------------------------------------------------------------------------------------------


def test_a_route_cannot_be_added_without_a_scope() -> None:
    routes = Routes("things", "Things.")
    with pytest.raises(UndeclaredScope, match="/v1/things says no scope"):
        routes.add_url_rule("/v1/things", "list_things", dict)
    with pytest.raises(UndeclaredScope):
        routes.route("/v1/things")(dict)


def test_the_application_does_not_start_with_a_route_beside_the_declared_ones(front: Callable[..., Front]) -> None:
    app = front().app
    app.add_url_rule("/v1/things", "list_things", dict)
    with pytest.raises(UndeclaredScope, match="/v1/things says no scope"):
        refuse_undeclared(app)


def test_what_is_public_is_exactly_this(front: Callable[..., Front]) -> None:
    rules = {rule.rule for rule in front().app.url_map.iter_rules() if rule.endpoint.startswith("public.")}
    assert rules == {"/v1/openapi.json", "/v1/asyncapi.json", "/docs", "/healthz", "/readyz", "/webhooks/stripe"}
