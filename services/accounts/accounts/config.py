"""What accounts reads from its environment."""

from dataclasses import dataclass

from chassis.config import ServiceConfig, setting


@dataclass(frozen=True, kw_only=True)
class Config(ServiceConfig):
    """The environment of accounts."""

    hosted_url_template: str = setting("HOSTED_URL_TEMPLATE", default="http://{name}.localhost:8000/login")
    """Where an account's users log in; `{name}` stands for the account's name."""

    provisioning_seconds: float = setting("PROVISIONING_SECONDS", default=60.0, convert=float)
    """How long the opening of an account may take before it is given up (decision 0002)."""
