"""The rules of workspaces, without a database."""

import pytest

from chassis.ids import new_id
from snapshots import errors
from snapshots.domain import AssetKind, assets_by_kind, check_source


def test_a_workspace_may_begin_empty() -> None:
    check_source(None)


def test_a_copy_of_a_snapshot_that_does_not_exist_is_refused_by_its_id() -> None:
    snapshot_id = new_id("snp")
    with pytest.raises(errors.SnapshotNotFound, match=snapshot_id):
        check_source(snapshot_id)


def test_assets_are_counted_for_every_kind_there_is() -> None:
    counts = assets_by_kind({"tag": 3})
    assert counts.pop("tag") == 3
    assert counts == dict.fromkeys(set(AssetKind) - {AssetKind.TAG}, 0)
    assert len(AssetKind) == 14
