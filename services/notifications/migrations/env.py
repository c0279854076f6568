"""Where alembic begins: the chassis runs the migrations."""

from chassis.migrations import run_environment
from notifications.models import Base

run_environment(Base.metadata)
