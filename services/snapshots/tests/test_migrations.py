"""The migrations make exactly the tables of the models, and can be taken back."""

from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import create_engine

from chassis import migrations, schema_version
from chassis.database import driver_url
from chassis.runner import folder_of
from chassis.testing import ServiceDatabase
from chassis.testing.databases import Templates
from snapshots.models import Base

FOLDER = folder_of("snapshots")


def test_the_migrated_schema_is_that_of_the_models(database: ServiceDatabase) -> None:
    engine = create_engine(driver_url(database.url))
    with engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True, "compare_server_default": True})
        assert compare_metadata(context, Base.metadata) == []
    engine.dispose()


def test_the_constraints_of_the_models_are_in_the_database(database: ServiceDatabase) -> None:
    found = {row["conname"] for row in database.query("SELECT conname FROM pg_constraint WHERE contype = 'c'")}
    named = {str(constraint.name) for table in Base.metadata.tables.values() for constraint in table.constraints if constraint.name}
    assert {name for name in named if name.startswith("ck_")} <= found


def test_every_migration_can_be_taken_back_and_made_again(templates: Templates) -> None:
    database = templates.empty()
    for _ in range(2):
        migrations.upgrade(FOLDER, database.url)
        assert schema_version.is_current(FOLDER, database.url)
        migrations.downgrade(FOLDER, database.url)
        assert not schema_version.is_current(FOLDER, database.url)
    database.drop()
