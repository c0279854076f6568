"""Keys that are revoked are forgotten at once: this process hears identity say so."""

from chassis.listener import Listener
from chassis.schemas import Reading, fields
from gateway.auth import Keys


class ApiKeyRevoked(Reading):
    """What the gateway reads of identity's api_key_revoked."""

    key_id = fields.Id("key", required=True)


def revocations(amqp_uri: str, keys: Keys) -> Listener:
    """Make what forgets each key that is revoked, and every key where it may have missed one; without it, `VALID_SECONDS` hold."""
    return Listener(
        amqp_uri,
        name="gateway-revocations",
        source="identity",
        event="api_key_revoked",
        reads=ApiKeyRevoked(),
        heard=lambda event: keys.forget(event.data["key_id"]),
        missed=keys.forget_all,
    )
