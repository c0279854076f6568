"""Run billing: `python -m billing serve | relay | migrate | parking-lot | audit`."""

from billing.config import Config
from chassis.runner import main

main(package="billing", service="billing.service:BillingService", config=Config)
