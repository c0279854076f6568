from chassis.migrations import run_environment
from toy.models import Base

run_environment(Base.metadata)
