"""Start notifications: `python -m notifications serve | relay | migrate | parking-lot …`."""

from chassis.runner import main
from notifications.config import Config

main(package="notifications", service="notifications.service:NotificationsService", config=Config)
