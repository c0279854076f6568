"""Routes of users, keys and views, and of who may have what name."""

import json
from typing import Any

import pytest

from chassis.errors import VersionMismatch
from gateway.schemas.api_keys import CreatedApiKey
from gateway.schemas.examples import ID_END, example_of
from gateway.schemas.users import InvitedUser, User
from gateway.schemas.views import View

from .conftest import AGENCY_ID, KEY, KEY_ID, OWNER, assert_problem
from .test_routes import INNER, USER, USER_ID, VIEW_ID, MakeFront

KEY_OF_USER = {"name": "x", "scopes": ["admin"], "user_id": USER_ID}


def test_a_person_is_invited_and_the_token_told_to_who_invites(front: MakeFront) -> None:
    client = front(
        identity__invite_portal_user=lambda _: example_of(InvitedUser) | {"invitation_token": "t" * 43, "invitation_id": "ivt_1"}
    )
    answer = client.post("/v1/users", {"email": "ana@atelier.example", "name": "Ana", "role": "owner"})
    assert (answer.status_code, json.loads(answer.data)) == (201, example_of(InvitedUser) | {"invitation_token": "t" * 43})
    assert answer.headers["Location"] == f"/v1/users/{USER_ID}"
    assert answer.headers["Cache-Control"] == "no-store"
    asked = {"agency_id": AGENCY_ID, "email": "ana@atelier.example", "name": "Ana", "role": "owner", "language": None}
    assert client.services.asked() == [("identity.invite_portal_user", asked)]
    assert "t" * 43 not in str(client.lines())


@pytest.mark.parametrize(
    ("etag", "version"), [({}, None), ({"If_Match": '"7"'}, 7), ({"If_Match": "*"}, None), ({"If_None_Match": '"7"'}, None)]
)
def test_a_change_names_the_version_that_it_is_for(front: MakeFront, etag: dict[str, str], version: int | None) -> None:
    client = front(identity__update_portal_user=lambda _: example_of(User) | INNER)
    answer = client.send("PATCH", USER, data=b'{"role": "admin"}', Content_Type="application/json", Idempotency_Key="key-1", **etag)
    assert (answer.status_code, json.loads(answer.data), answer.headers["ETag"]) == (200, example_of(User), '"7"')
    asked = {"agency_id": AGENCY_ID, "portal_user_id": USER_ID, "name": None, "role": "admin", "expected_version": version}
    assert client.services.asked() == [("identity.update_portal_user", asked)]
    assert client.services.call.keys[-1] == "key-1"


def test_a_change_of_what_has_changed_meanwhile_is_refused(front: MakeFront) -> None:
    def changed(_request: dict[str, Any]) -> Any:
        raise VersionMismatch

    client = front(identity__update_portal_user=changed)
    assert_problem(client.send("PATCH", USER, If_Match='"6"'), 412, "version_mismatch", "If-Match")
    asked = len(client.services.asked())
    for no_version in ('W/"7"', "7", '"x"', '""', '"' + "9" * 19 + '"'):
        assert_problem(client.send("PATCH", USER, If_Match=no_version), 412, "version_mismatch", "If-Match")
    assert_problem(client.send("PATCH", USER, If_Match='"6", "7"'), 422, "invalid_request", "If-Match")
    assert len(client.services.asked()) == asked, "what can be no version is asked of nobody"


@pytest.mark.parametrize(
    ("path", "method", "asked"),
    [
        (f"/v1/users/usr{ID_END}", "remove_portal_user", {"portal_user_id": f"usr{ID_END}"}),
        (f"/v1/api-keys/key{ID_END}", "revoke_api_key", {"key_id": f"key{ID_END}"}),
    ],
)
def test_what_is_taken_away_leaves_nothing_to_show(front: MakeFront, path: str, method: str, asked: dict[str, str]) -> None:
    client = front(**{f"identity__{method}": lambda _: {"name": "gone"}})
    answer = client.send("DELETE", path, Idempotency_Key="key-1")
    assert (answer.status_code, answer.data) == (204, b"")
    assert "Content-Type" not in answer.headers
    assert client.services.asked() == [(f"identity.{method}", {"agency_id": AGENCY_ID, **asked})]
    assert client.services.call.keys[-1] == "key-1"


@pytest.mark.parametrize(
    ("path", "method", "body", "asked"),
    [
        ("/v1/api-keys", "create_api_key", {"name": "x", "scopes": ["admin"]}, {"name": "x", "scopes": ["admin"], "user_id": None}),
        ("/v1/api-keys", "create_api_key", KEY_OF_USER, KEY_OF_USER),
        (f"/v1/api-keys/key{ID_END}/rotation", "rotate_api_key", {}, {"key_id": f"key{ID_END}", "overlap_seconds": 86_400}),
        (f"/v1/api-keys/key{ID_END}/rotation", "rotate_api_key", {"overlap_seconds": 0}, {"key_id": f"key{ID_END}", "overlap_seconds": 0}),
    ],
)
def test_a_new_key_is_asked_for_in_the_name_of_the_key_that_asks(
    front: MakeFront, path: str, method: str, body: dict[str, Any], asked: dict[str, Any]
) -> None:
    client = front(**{f"identity__{method}": lambda _: example_of(CreatedApiKey) | {"secret": KEY}})
    answer = client.post(path, body)
    assert (answer.status_code, json.loads(answer.data)["secret"]) == (201, KEY)
    assert answer.headers["Location"] == f"/v1/api-keys/key{ID_END}"
    assert client.services.asked() == [(f"identity.{method}", {"agency_id": AGENCY_ID, "by_key_id": KEY_ID, **asked})]
    assert KEY not in str(client.lines())


@pytest.mark.parametrize("kind", ["inbox_preview", "gold"])
def test_other_kinds_of_credit_have_no_address(front: MakeFront, kind: str) -> None:
    assert_problem(front().get(f"/v1/credits/{kind}"), 404, "no_such_route")


def test_a_name_is_asked_about_without_telling_who_asks(front: MakeFront) -> None:
    availability = {"name": "acme", "available": False, "code": "name_taken", "reason": "The name acme is taken."}
    client = front(accounts__name_availability=lambda _: availability)
    assert json.loads(client.get("/v1/accounts/name-availability?name=acme").data) == availability
    assert client.services.asked() == [("accounts.name_availability", {"name": "acme"})]


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("fields=name,colour", "fields"),
        ("filter[colour]=red", "filter[colour]"),
        ("filter[name][from]=a", "filter[name][from]"),
        ("filter=red", "filter"),
    ],
)
def test_what_accounts_do_not_have_is_refused_by_name_with_what_they_have(front: MakeFront, query: str, field: str) -> None:
    """R0.4, R0.11."""
    problem = assert_problem(front().get(f"/v1/accounts?{query}"), 422, "invalid_request", field)
    assert problem["errors"][0]["code"] == "unknown_field"
    assert ("button" if field == "fields" else "filter[expires_at][to]") in problem["errors"][0]["message"]


def test_a_filter_is_one_value_or_a_range_and_both_are_refused(front: MakeFront) -> None:
    client = front()
    problem = assert_problem(
        client.get("/v1/accounts?filter[contacts]=5&filter[contacts][to]=9"), 422, "invalid_request", "filter[contacts][to]"
    )
    assert "one value or a range" in problem["detail"]
    assert client.services.asked() == []


def test_a_view_is_saved_changed_and_forgotten_by_its_owner(front: MakeFront) -> None:
    """R0.9."""
    shown = example_of(View)
    rpc_view = shown | INNER
    client = front(accounts__create_view=lambda _: rpc_view, accounts__change_view=lambda _: rpc_view, accounts__remove_view=lambda _: {})
    saved = client.post("/v1/views", {"name": "To renew"})
    assert (saved.status_code, json.loads(saved.data), saved.headers["Location"]) == (201, shown, f"/v1/views/{VIEW_ID}")
    changed = client.send("PATCH", f"/v1/views/{VIEW_ID}", data=b'{"sort": "name"}', Content_Type="application/json")
    assert (changed.status_code, json.loads(changed.data)) == (200, shown)
    nothing = client.send("PATCH", f"/v1/views/{VIEW_ID}", data=b"{}", Content_Type="application/json")
    assert nothing.status_code == 422
    gone = client.send("DELETE", f"/v1/views/{VIEW_ID}")
    assert (gone.status_code, gone.data) == (204, b"")
    mine = {"agency_id": AGENCY_ID, "owner": OWNER}
    assert client.services.asked() == [
        ("accounts.create_view", {**mine, "name": "To renew", "filters": {}, "sort": "-created_at", "columns": []}),
        ("accounts.change_view", {**mine, "view_id": VIEW_ID, "sort": "name"}),
        ("accounts.remove_view", {**mine, "view_id": VIEW_ID}),
    ]
