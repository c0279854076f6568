"""What is in workspaces: the rules of assets, and their stories."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from chassis.errors import InvalidCursor, VersionMismatch
from chassis.ids import new_id
from chassis.testing import MovingClock, ServiceDatabase
from chassis.unit_of_work import Units
from snapshots import domain, errors
from snapshots.domain import AssetKind

from .factories import Workspaces

KEYS = st.text(alphabet="ab-é", min_size=1, max_size=2)
KINDS = st.sampled_from([AssetKind.TEMPLATE, AssetKind.TAG])


def nested(levels: int) -> dict[str, Any]:
    """Content of this many objects and lists within one another."""
    content: Any = {}
    for level in range(1, levels):
        content = {"a": content} if level % 2 or level == levels - 1 else [content]
    return dict(content)


@pytest.mark.parametrize("key", ["a", "spring-sale", "é ü", "日本", "x" * 200, "...", "a.b", "%2F", "\N{PARTY POPPER}"])
def test_a_key_is_whatever_can_be_read_and_stand_in_an_address(key: str) -> None:
    domain.check_key(key)


@pytest.mark.parametrize(
    "key", ["", " ", "x" * 201, "a/b", ".", "..", " a", "a ", "a\nb", "a\x00", "a\x7f", chr(0xD800), "\u200b", "\ufffd"]
)
def test_any_other_key_is_refused(key: str) -> None:
    with pytest.raises(errors.AssetKeyInvalid):
        domain.check_key(key)


@pytest.mark.parametrize(
    "content",
    [{}, {"a": [1, 1.5, None, True, "\\u0000", {"é": []}]}, nested(16), {"a": "x" * (262_144 - 8)}, {str(n): n for n in range(9_999)}],
    ids=["empty", "of everything", "as deep as can be", "as large as can be", "of as many values as can be"],
)
def test_content_is_any_object_within_limits(content: dict[str, Any]) -> None:
    domain.check_content(content)


@pytest.mark.parametrize(
    ("content", "refusal"),
    [
        (nested(17), errors.AssetContentTooDeep),
        ({"a": "x" * (262_144 - 7)}, errors.AssetContentTooLarge),
        ({"a": "é" * 140_000}, errors.AssetContentTooLarge),
        ({"a": list(range(9_999))}, errors.AssetContentTooManyValues),
        ({"a": "x\x00"}, errors.AssetContentUnstorable),
        ({"a": [{"\x00": 1}]}, errors.AssetContentUnstorable),
        ({"a": ["\udfff"]}, errors.AssetContentUnstorable),
        ({"a": float("nan")}, errors.AssetContentUnstorable),
        ({"a": float("-inf")}, errors.AssetContentUnstorable),
    ],
    ids=["deep", "large", "large in bytes", "many", "NUL", "NUL in a name", "half a pair", "no number", "infinite"],
)
def test_other_content_is_refused_by_name(content: dict[str, Any], refusal: type[Exception]) -> None:
    with pytest.raises(refusal):
        domain.check_content(content)


@pytest.mark.parametrize(("version", "expected_version"), [(1, None), (None, None), (3, 3)])
def test_who_saw_the_latest_version_or_minds_none_may_write(version: int | None, expected_version: int | None) -> None:
    domain.check_version(version, expected_version=expected_version)


@pytest.mark.parametrize(("version", "expected_version"), [(2, 1), (1, 2), (None, 1)])
def test_who_saw_another_version_may_not(version: int | None, expected_version: int | None) -> None:
    with pytest.raises(VersionMismatch):
        domain.check_version(version, expected_version=expected_version)


def test_a_workspace_has_room_for_ten_thousand_assets() -> None:
    domain.check_room(9_999)
    with pytest.raises(errors.TooManyAssets):
        domain.check_room(10_000)


@pytest.fixture
def account_id(workspaces: Workspaces) -> str:
    """An account with a workspace."""
    return workspaces.account()


def test_an_asset_is_created_and_replaced_whole(
    workspaces: Workspaces, database: ServiceDatabase, clock: MovingClock, account_id: str
) -> None:
    created_at = clock.now
    workspaces.put(account_id, name="Spring", content={"subject": "Bloom", "blocks": [1]})
    clock.advance(seconds=5)
    workspaces.put(account_id, name="Summer", content={"html": "<b>"})
    found = workspaces.asset(account_id)
    assert (found.name, found.content, found.version) == ("Summer", {"html": "<b>"}, 2)
    assert (found.created_at, found.updated_at) == (created_at, clock.now)
    assert [name for name, _ in database.emitted()] == ["workspace_prepared"]


def test_an_asset_changes_only_at_the_version_that_its_writer_saw(workspaces: Workspaces, account_id: str) -> None:
    with pytest.raises(VersionMismatch):
        workspaces.put(account_id, expected_version=1)
    workspaces.put(account_id)
    workspaces.put(account_id, name="first", expected_version=1)
    with pytest.raises(VersionMismatch):
        workspaces.put(account_id, name="second", expected_version=1)
    assert workspaces.asset(account_id).name == "first"


def test_of_many_who_saw_the_same_version_one_changes_it(workspaces: Workspaces, database: ServiceDatabase, account_id: str) -> None:
    workspaces.put(account_id)
    racing = Workspaces(database.units(pool_size=8))
    racing.agency_id = workspaces.agency_id

    def write(name: str) -> bool:
        try:
            racing.put(account_id, name=name, expected_version=1)
        except VersionMismatch:
            return False
        return True

    with ThreadPoolExecutor(8) as pool:
        assert sum(pool.map(write, "abcdefgh")) == 1
    assert workspaces.asset(account_id).version == 2


def test_what_is_removed_is_gone(workspaces: Workspaces, account_id: str) -> None:
    workspaces.put(account_id)
    workspaces.put(account_id, "tag")
    workspaces.remove(account_id)
    for gone in (workspaces.asset, workspaces.remove):
        with pytest.raises(errors.AssetNotFound):
            gone(account_id)
    assert workspaces.asset(account_id, "tag").version == 1


def test_a_full_workspace_takes_no_more_but_what_is_there_may_change(
    workspaces: Workspaces, account_id: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(domain, "MOST_ASSETS", 2)
    workspaces.put(account_id, key="one")
    workspaces.put(account_id, "tag", "two")
    with pytest.raises(errors.TooManyAssets, match="2 assets"):
        workspaces.put(account_id, key="three")
    workspaces.put(account_id, key="one", name="changed")
    workspaces.remove(account_id, "tag", "two")
    workspaces.put(account_id, key="three")


def test_assets_are_listed_by_kind_and_key_page_by_page_without_their_contents(workspaces: Workspaces, account_id: str) -> None:
    for kind, key in (("template", "b"), ("tag", "z"), ("template", "a"), ("campaign", "c"), ("template", "c")):
        workspaces.put(account_id, kind, key, content={"secret": 1})
    seen, cursor = [], None
    while True:
        page = workspaces.assets(account_id, limit=2, cursor=cursor)
        seen += [(row.kind, row.key) for row in page.data]
        assert page.total == 5
        assert not any(hasattr(row, "content") for row in page.data)
        cursor = page.next_cursor
        if cursor is None:
            break
    assert seen == [("campaign", "c"), ("tag", "z"), ("template", "a"), ("template", "b"), ("template", "c")]
    templates = workspaces.assets(account_id, kind="template", limit=3)
    assert ([row.key for row in templates.data], templates.next_cursor, templates.total) == (["a", "b", "c"], None, 3)
    assert workspaces.assets(account_id, kind="form").total == 0
    with pytest.raises(InvalidCursor):
        workspaces.assets(account_id, cursor="W10")


def test_a_workspace_of_another_agency_not_prepared_failed_or_dropped_is_not_there(
    workspaces: Workspaces, units: Units, account_id: str
) -> None:
    workspaces.put(account_id)
    dropped, failed = workspaces.account(), new_id("acc")
    workspaces.failed(dropped)
    workspaces.requested(failed, snapshot_id=new_id("snp"))
    stranger = Workspaces(units)
    for whose, which in ((stranger, account_id), (workspaces, new_id("acc")), (workspaces, dropped), (workspaces, failed)):
        for use in (whose.put, whose.asset, whose.assets, whose.remove):
            with pytest.raises(errors.WorkspaceNotFound):
                use(which)
    assert workspaces.asset(account_id).version == 1


@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=25)
@given(steps=st.lists(st.tuples(st.booleans(), KINDS, KEYS), max_size=12))
def test_a_workspace_holds_what_was_put_and_not_removed(workspaces: Workspaces, steps: list[tuple[bool, str, str]]) -> None:
    account_id, model = workspaces.account(), dict[tuple[str, str], int]()
    for is_put, kind, key in steps:
        if is_put:
            model[kind, key] = model.get((kind, key), 0) + 1
            assert workspaces.put(account_id, kind, key, content={"n": model[kind, key]}).version == model[kind, key]
        elif model.pop((kind, key), None) is not None:
            workspaces.remove(account_id, kind, key)
        else:
            with pytest.raises(errors.AssetNotFound):
                workspaces.remove(account_id, kind, key)
    assert {(row.kind, row.key): row.version for row in workspaces.assets(account_id).data} == model
    assert all(workspaces.asset(account_id, *where).content == {"n": version} for where, version in model.items())
