"""What the database itself promises of workspaces, and what the questions answer."""

import psycopg2
import pytest

from chassis.ids import new_id
from chassis.testing import ServiceDatabase
from chassis.unit_of_work import Units
from snapshots import repository
from snapshots.domain import AssetKind

from .factories import Workspaces

INSERT_ASSET = """
INSERT INTO assets (account_id, kind, key, name, content, version, created_at, updated_at) VALUES (%s, %s, %s, 'it', '{}', 1, now(), now())
"""


@pytest.fixture
def account_id(workspaces: Workspaces) -> str:
    """An account with a workspace."""
    account_id = new_id("acc")
    workspaces.requested(account_id)
    return account_id


@pytest.mark.parametrize("kind", AssetKind)
def test_every_kind_of_asset_can_be_kept_and_is_counted(units: Units, database: ServiceDatabase, account_id: str, kind: AssetKind) -> None:
    database.execute(INSERT_ASSET, account_id, kind.value, "first")
    database.execute(INSERT_ASSET, account_id, kind.value, "second")
    with units.reading() as session:
        assert repository.count_assets_of(session, account_id) == {kind: 2}
        assert repository.count_assets_of(session, new_id("acc")) == {}


def test_an_asset_is_of_a_known_kind(database: ServiceDatabase, account_id: str) -> None:
    with pytest.raises(psycopg2.errors.CheckViolation, match="ck_assets_kind"):
        database.execute(INSERT_ASSET, account_id, "spaceship", "first")


def test_a_key_is_unique_in_its_workspace_and_kind(database: ServiceDatabase, account_id: str) -> None:
    database.execute(INSERT_ASSET, account_id, "tag", "first")
    database.execute(INSERT_ASSET, account_id, "form", "first")
    with pytest.raises(psycopg2.errors.UniqueViolation, match="pk_assets"):
        database.execute(INSERT_ASSET, account_id, "tag", "first")


def test_an_asset_is_in_a_workspace(database: ServiceDatabase) -> None:
    with pytest.raises(psycopg2.errors.ForeignKeyViolation):
        database.execute(INSERT_ASSET, new_id("acc"), "tag", "first")


def test_a_workspace_is_ready_if_and_only_if_it_was_prepared(database: ServiceDatabase, account_id: str) -> None:
    with pytest.raises(psycopg2.errors.CheckViolation, match="ck_workspaces_prepared_at"):
        database.execute("UPDATE workspaces SET prepared_at = NULL")
    with pytest.raises(psycopg2.errors.CheckViolation, match="ck_workspaces_prepared_at"):
        database.execute("UPDATE workspaces SET state = 'failed'")
