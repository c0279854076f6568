"""Which payment provider is used."""

from billing.clients.provider import PaymentProvider
from billing.clients.provider_for_tests import TestProvider
from chassis.config import ConfigurationError
from chassis.wiring import Wiring


def payment_provider(wiring: Wiring) -> PaymentProvider:
    """Connect to the provider that the configuration names."""
    match wiring.config.payment_provider:
        case "test":
            return TestProvider(wiring.config.database_url)
        case "stripe":
            from billing.clients.stripe_provider import stripe_provider  # noqa: PLC0415  its library takes half a second to load

            return stripe_provider(wiring)
        case unknown:
            raise ConfigurationError(f"PAYMENT_PROVIDER={unknown!r} cannot be used: there are 'test' and 'stripe'.")
