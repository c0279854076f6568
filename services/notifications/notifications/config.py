"""The environment of notifications."""

from dataclasses import dataclass

from chassis.config import ServiceConfig, setting

LEAST_SECRET_LENGTH = 32


def link_secret(text: str) -> str:
    """Take a secret long enough to be one; raises `ValueError`."""
    if len(text) < LEAST_SECRET_LENGTH:
        raise ValueError(f"at least {LEAST_SECRET_LENGTH} random characters are needed")
    return text


@dataclass(frozen=True, kw_only=True)
class Config(ServiceConfig):
    """What notifications reads from its environment."""

    smtp_url: str = setting("SMTP_URL", default="smtp://127.0.0.1:1025")
    mail_from: str = setting("MAIL_FROM", default="Comptoir <notices@comptoir.example>")
    transfer_link_secret: str = setting("TRANSFER_LINK_SECRET", default="", convert=link_secret)
    """What the links are made by that clients confirm transfers with, the same as that of accounts; without it none can be written."""
