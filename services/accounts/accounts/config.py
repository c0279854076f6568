"""What accounts reads from its environment."""

from dataclasses import dataclass
from ipaddress import ip_address

from chassis.config import ServiceConfig, setting

HIGHEST_PORT = 65535
LEAST_SECRET_LENGTH = 32


def server_address(text: str) -> str:
    """Take `host:port`, the host an IP address; raises `ValueError`."""
    host, _, port = text.rpartition(":")
    ip_address(host)
    if not 0 < int(port) <= HIGHEST_PORT:
        raise ValueError("the port is between 1 and 65535")
    return text


def link_secret(text: str) -> str:
    """Take a secret long enough to be one; raises `ValueError`."""
    if len(text) < LEAST_SECRET_LENGTH:
        raise ValueError(f"at least {LEAST_SECRET_LENGTH} random characters are needed")
    return text


@dataclass(frozen=True, kw_only=True)
class Config(ServiceConfig):
    """The environment of accounts."""

    hosted_url_template: str = setting("HOSTED_URL_TEMPLATE", default="http://{name}.localhost:8000/login")
    """Where an account's users log in; `{name}` stands for the account's name."""

    provisioning_seconds: float = setting("PROVISIONING_SECONDS", default=180.0, convert=float)
    """How long the opening of an account may take before it is given up (decision 0002)."""

    dns_server: str = setting("DNS_SERVER", default="", convert=server_address)
    """The name server that custom domains are looked up at, as address:port; empty: those of the machine."""

    transfer_link_secret: str = setting("TRANSFER_LINK_SECRET", default="", convert=link_secret)
    """What the links are made by that clients confirm transfers with; without it there are no transfers."""
