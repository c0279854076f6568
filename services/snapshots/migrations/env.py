"""Alembic's entry: everything it needs to know is the metadata."""

from chassis.migrations import run_environment
from snapshots.models import Base

run_environment(Base.metadata)
