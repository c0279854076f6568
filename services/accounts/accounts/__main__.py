"""Run accounts: `python -m accounts serve | relay | migrate | parking-lot`."""

from accounts.config import Config
from chassis.runner import main

main(package="accounts", service="accounts.service:AccountsService", config=Config)
