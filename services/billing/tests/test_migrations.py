"""The migrations make the tables that the models describe, publish the catalogue, and go back."""

import hashlib
import json

from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import create_engine
from sqlalchemy.pool import NullPool

from billing.domain.catalogue import Catalogue
from billing.models import Base
from chassis import migrations, schema_version
from chassis.database import driver_url
from chassis.runner import folder_of
from chassis.testing import ServiceDatabase
from chassis.testing.databases import Templates

from .factories import shipped

FOLDER = folder_of("billing")
PUBLISHED = {1: "bc26367c9fe620fa"}
"""How the SHA-256 of every published catalogue begins: what has a number never changes; a change gets the next number and a migration."""


def test_the_migrated_schema_is_that_of_the_models(database: ServiceDatabase) -> None:
    engine = create_engine(driver_url(database.url), poolclass=NullPool)
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
    assert database.query("SELECT proname FROM pg_proc WHERE pronamespace = 'public'::regnamespace") == []
    database.drop()


def test_the_shipped_catalogue_is_published_once(templates: Templates) -> None:
    database = templates.empty()
    migrations.upgrade(FOLDER, database.url)
    migrations.downgrade(FOLDER, database.url, "0001")
    migrations.upgrade(FOLDER, database.url)
    [row] = database.query("SELECT version, content FROM catalogues")
    assert row == {"version": shipped()["version"], "content": shipped()}
    assert Catalogue.read(row["content"]) == Catalogue.read(shipped())
    database.drop()


def test_a_published_catalogue_is_never_edited() -> None:
    content = shipped()
    digest = hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()
    assert digest.startswith(PUBLISHED[content["version"]]), f"version {content['version']} is published: give the change the next number"
