"""What billing reads from its environment."""

from dataclasses import dataclass

from chassis.config import ServiceConfig, setting


@dataclass(frozen=True, kw_only=True)
class Config(ServiceConfig):
    """Who takes the cards' money."""

    payment_provider: str = setting("PAYMENT_PROVIDER", default="test")
    stripe_api_key: str = setting("STRIPE_API_KEY", default="")
    stripe_webhook_secret: str = setting("STRIPE_WEBHOOK_SECRET", default="")
    stripe_api_base: str = setting("STRIPE_API_BASE", default="")
