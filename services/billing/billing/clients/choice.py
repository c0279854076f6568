"""Which payment provider is used."""

from billing.clients.provider import PaymentProvider
from billing.clients.provider_for_tests import TestProvider
from chassis.config import ConfigurationError
from chassis.wiring import Wiring


def payment_provider(wiring: Wiring) -> PaymentProvider:
    """Connect to the provider that the configuration names."""
    if wiring.config.payment_provider != "test":
        raise ConfigurationError(f"PAYMENT_PROVIDER={wiring.config.payment_provider!r} cannot be used: there is only 'test'.")
    return TestProvider(wiring.config.database_url)
