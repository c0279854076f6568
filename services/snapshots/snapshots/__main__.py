"""Run snapshots: `python -m snapshots serve | relay | migrate | parking-lot`."""

from chassis.runner import main
from snapshots.config import Config

main(package="snapshots", service="snapshots.service:SnapshotsService", config=Config)
