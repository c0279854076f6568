"""The environment of notifications."""

from dataclasses import dataclass

from chassis.config import ServiceConfig, setting


@dataclass(frozen=True, kw_only=True)
class Config(ServiceConfig):
    """What notifications reads from its environment."""

    smtp_url: str = setting("SMTP_URL", default="smtp://127.0.0.1:1025")
    mail_from: str = setting("MAIL_FROM", default="Comptoir <notices@comptoir.example>")
