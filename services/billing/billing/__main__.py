"""Run billing: `python -m billing serve | relay | migrate | parking-lot | catalogue`."""

from billing.config import Config
from chassis.runner import Command, main

OWN = {"catalogue": Command(help="check, publish, list, show", runs="billing.usecases.catalogues:run", takes_arguments=True)}

main(package="billing", service="billing.service:BillingService", config=Config, own=OWN)
