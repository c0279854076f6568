"""What billing reads from its environment."""

from dataclasses import dataclass

from chassis.config import ServiceConfig, setting


@dataclass(frozen=True, kw_only=True)
class Config(ServiceConfig):
    """Who takes the cards' money."""

    payment_provider: str = setting("PAYMENT_PROVIDER", default="test")
