"""Where alembic begins: the chassis runs the migrations."""

from billing.models import Base
from chassis.migrations import run_environment

run_environment(Base.metadata)
