"""Run credits: `python -m credits serve | relay | migrate | parking-lot | audit`."""

from chassis.runner import main
from credits.config import Config

main(package="credits", service="credits.service:CreditsService", config=Config)
