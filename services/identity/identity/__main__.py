"""Start identity: `python -m identity serve | relay | migrate | parking-lot …`."""

from chassis.runner import main
from identity.config import Config

main(package="identity", service="identity.service:IdentityService", config=Config)
