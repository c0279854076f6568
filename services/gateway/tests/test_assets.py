"""The workspace of an account, and templates that move: what the routes ask, and what they make of the answer."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from chassis.errors import Refused
from gateway.schemas.assets import Asset, CreatedShareLink, ListedAsset, ShareLink
from gateway.schemas.examples import ID_END, example_of

from .conftest import AGENCY_ID, Front, assert_problem

MakeFront = Callable[..., Front]

ACCOUNT_ID = "acc" + ID_END
ACCOUNT = f"/v1/accounts/{ACCOUNT_ID}"
TEMPLATE = f"{ACCOUNT}/assets/template/spring-sale"
ASKED = {"agency_id": AGENCY_ID, "account_id": ACCOUNT_ID}
WHOLE = {"name": "Spring sale", "content": {"subject": "Bloom"}}


def put(client: Front, path: str, body: Any, **headers: str) -> Any:
    return client.send("PUT", path, data=json.dumps(body).encode(), Content_Type="application/json", **headers)


def test_assets_are_listed_shown_put_and_removed(front: MakeFront) -> None:
    asset, listed = {**example_of(Asset), "version": 7}, {**example_of(ListedAsset), "version": 7}
    page = {"data": [listed], "next_cursor": None, "total": 1}
    client = front(
        snapshots__assets=lambda _: page,
        snapshots__asset=lambda _: asset,
        snapshots__put_asset=lambda _: listed,
        snapshots__remove_asset=lambda _: None,
    )
    assert json.loads(client.get(f"{ACCOUNT}/assets?kind=template&limit=2").data) == page
    shown = client.get(TEMPLATE)
    assert (json.loads(shown.data), shown.headers["ETag"]) == (asset, '"7"')
    assert client.get(TEMPLATE, If_None_Match='"7"').status_code == 304
    written = put(client, TEMPLATE, WHOLE, If_Match='"6"', Idempotency_Key="k1")
    assert (written.status_code, json.loads(written.data), written.headers["ETag"]) == (200, listed, '"7"')
    assert client.services.call.keys[-1] == "k1"
    assert client.send("DELETE", TEMPLATE).status_code == 204
    one = {**ASKED, "kind": "template", "key": "spring-sale"}
    assert client.services.asked() == [
        ("snapshots.assets", {**ASKED, "kind": "template", "limit": 2}),
        ("snapshots.asset", one),
        ("snapshots.asset", one),
        ("snapshots.put_asset", {**one, **WHOLE, "expected_version": 6}),
        ("snapshots.remove_asset", one),
    ]


@pytest.mark.parametrize(
    ("written", "key"),
    [("a", "a"), ("%C3%A9t%C3%A9%202026", "été 2026"), ("a%25b", "a%b"), ("...", "..."), ("x" * 200, "x" * 200), ("'", "'")],
)
def test_a_key_is_what_its_owner_calls_it(front: MakeFront, written: str, key: str) -> None:
    client = front(snapshots__asset=lambda _: example_of(Asset))
    assert client.get(f"{ACCOUNT}/assets/tag/{written}").status_code == 200
    ((_, asked),) = client.services.asked()
    assert asked == {**ASKED, "kind": "tag", "key": key}


@pytest.mark.parametrize("written", ["", "%20", "a%20", "%20a", "a%0A", "%00", "%FF", "a%2Fb", "x" * 201, "%2e%2e", "%2e", "a%7F"])
def test_what_nobody_could_read_or_points_elsewhere_is_no_address(front: MakeFront, written: str) -> None:
    client = front()
    assert_problem(put(client, f"{ACCOUNT}/assets/tag/{written}", WHOLE), 404, "no_such_route")
    assert client.services.asked() == []


def test_only_the_kinds_that_there_are_have_an_address(front: MakeFront) -> None:
    assert_problem(front().get(f"{ACCOUNT}/assets/spaceship/one"), 404, "no_such_route")
    assert_problem(front().get(f"{ACCOUNT}/assets?kind=spaceship"), 422, "invalid_request", "kind")


@pytest.mark.parametrize(
    ("body", "field"),
    [({"name": "a"}, "content"), ({"content": {}}, "name"), ({**WHOLE, "content": []}, "content"), ({**WHOLE, "kind": "tag"}, "kind")],
)
def test_an_asset_is_put_whole_or_not_at_all(front: MakeFront, body: dict[str, Any], field: str) -> None:
    client = front()
    assert_problem(put(client, TEMPLATE, body), 422, "invalid_request", field)
    assert client.services.asked() == []


def test_a_share_link_is_made_listed_and_revoked(front: MakeFront) -> None:
    """R0.99."""
    made, listed = example_of(CreatedShareLink), example_of(ShareLink)
    page = {"data": [listed], "next_cursor": None, "total": 1}
    client = front(
        snapshots__create_share_link=lambda _: made,
        snapshots__share_links=lambda _: page,
        snapshots__revoke_share_link=lambda _: None,
    )
    links = f"{TEMPLATE}/share-links"
    answer = client.post(links, {"expires_at": "2026-03-01T12:00:00+02:00"})
    assert (answer.status_code, json.loads(answer.data)) == (201, made)
    assert answer.headers["Location"] == f"{links}/{made['id']}"
    assert client.post(links).status_code == 201
    assert json.loads(client.get(links).data) == page
    assert client.send("DELETE", f"{links}/{made['id']}").status_code == 204
    one = {**ASKED, "key": "spring-sale"}
    assert client.services.asked() == [
        ("snapshots.create_share_link", {**one, "expires_at": "2026-03-01T10:00:00Z"}),
        ("snapshots.create_share_link", {**one, "expires_at": None}),
        ("snapshots.share_links", {**one, "limit": 50}),
        ("snapshots.revoke_share_link", {**one, "share_link_id": made["id"]}),
    ]


def test_a_template_is_imported_and_said_where_it_is(front: MakeFront) -> None:
    """R0.99."""
    client = front(snapshots__import_template=lambda asked: {**example_of(ListedAsset), "key": asked["key"]})
    answer = client.post(f"{ACCOUNT}/template-imports", {"token": "t", "key": "été & 100%"})
    assert (answer.status_code, json.loads(answer.data)["key"]) == (201, "été & 100%")
    assert answer.headers["Location"] == f"{ACCOUNT}/assets/template/%C3%A9t%C3%A9%20%26%20100%25"
    assert client.services.asked() == [("snapshots.import_template", {**ASKED, "token": "t", "key": "été & 100%"})]


@pytest.mark.parametrize(
    ("kind", "code", "status"), [("not_found", "share_link_unusable", 404), ("conflict", "asset_key_taken", 409), ("stale", "x", 412)]
)
def test_refusals_of_the_service_are_passed_on(front: MakeFront, kind: str, code: str, status: int) -> None:
    def refuse(_: dict[str, Any]) -> object:
        raise Refused(kind=kind, code=code, message="No.")

    assert_problem(front(snapshots__import_template=refuse).post(f"{ACCOUNT}/template-imports", {"token": "t"}), status, code)
