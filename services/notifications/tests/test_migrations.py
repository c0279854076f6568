"""The migrations make the tables that the models describe, and go back."""

from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import create_engine
from sqlalchemy.pool import NullPool

from chassis.database import driver_url
from chassis.migrations import downgrade, upgrade
from chassis.runner import folder_of
from chassis.testing.databases import Templates
from notifications.models import Base


def test_the_migrations_go_up_down_and_up_and_agree_with_the_models(templates: Templates) -> None:
    database = templates.empty()
    folder = folder_of("notifications")
    upgrade(folder, database.url)
    downgrade(folder, database.url)
    upgrade(folder, database.url)
    engine = create_engine(driver_url(database.url), poolclass=NullPool)
    with engine.connect() as connection:
        assert compare_metadata(MigrationContext.configure(connection, opts={"compare_type": True}), Base.metadata) == []
    engine.dispose()
    database.drop()
