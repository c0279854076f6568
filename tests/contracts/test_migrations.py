"""The migrations of every service make exactly the tables of its models, and can be taken back."""

import importlib

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import MetaData, create_engine
from sqlalchemy.pool import NullPool

from chassis import migrations, schema_version
from chassis.database import driver_url
from chassis.runner import folder_of
from chassis.testing.databases import Templates

pytestmark = pytest.mark.parametrize("service", ["identity", "accounts", "billing", "credits", "snapshots", "notifications"])
LEFT_BEHIND = """
SELECT proname FROM pg_proc WHERE pronamespace = 'public'::regnamespace
AND NOT EXISTS (SELECT FROM pg_depend WHERE objid = pg_proc.oid AND deptype = 'e')
"""
"""Functions of ours; those of an extension stay, as others may use it."""


def tables_of(service: str) -> MetaData:
    """What the models of a service describe."""
    described: MetaData = importlib.import_module(f"{service}.models").Base.metadata
    return described


def test_the_migrated_schema_is_that_of_the_models(templates: Templates, service: str) -> None:
    database = templates.copy(service)
    engine = create_engine(driver_url(database.url), poolclass=NullPool)
    with engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True, "compare_server_default": True})
        assert compare_metadata(context, tables_of(service)) == []
    engine.dispose()
    database.drop()


def test_the_constraints_of_the_models_are_in_the_database(templates: Templates, service: str) -> None:
    database = templates.copy(service)
    found = {row["conname"] for row in database.query("SELECT conname FROM pg_constraint WHERE contype = 'c'")}
    named = {str(constraint.name) for table in tables_of(service).tables.values() for constraint in table.constraints if constraint.name}
    assert {name for name in named if name.startswith("ck_")} <= found
    database.drop()


def test_every_migration_can_be_taken_back_and_made_again(templates: Templates, service: str) -> None:
    database, folder = templates.empty(), folder_of(service)
    for _ in range(2):
        migrations.upgrade(folder, database.url)
        assert schema_version.is_current(folder, database.url)
        migrations.downgrade(folder, database.url)
        assert not schema_version.is_current(folder, database.url)
    assert database.query(LEFT_BEHIND) == []
    database.drop()
