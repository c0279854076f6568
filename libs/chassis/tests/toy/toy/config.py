"""What toy reads from its environment."""

from dataclasses import dataclass

from chassis.config import ServiceConfig, setting


@dataclass(frozen=True, kw_only=True)
class Config(ServiceConfig):
    """Nothing much."""

    greeting: str = setting("GREETING", default="hello")
