"""Run billing: `python -m billing serve | relay | migrate | parking-lot | audit | renewals | catalogue`."""

from billing.config import Config
from chassis.runner import Command, main

OWN = {
    "renewals": Command(help="say how many renewals are due, and how far the run is", runs="billing.usecases.renewals:show_progress"),
    "catalogue": Command(help="check, publish, list, show", runs="billing.usecases.catalogues:run", takes_arguments=True),
}

main(package="billing", service="billing.service:BillingService", config=Config, own=OWN)
