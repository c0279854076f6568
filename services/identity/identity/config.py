"""The environment of identity."""

from dataclasses import dataclass

from chassis.config import ServiceConfig, setting

LEAST_PEPPER_LENGTH = 32


def pepper(text: str) -> str:
    """Take a pepper long enough to be a secret; raises `ValueError`."""
    if len(text) < LEAST_PEPPER_LENGTH:
        raise ValueError(f"at least {LEAST_PEPPER_LENGTH} random characters are needed")
    return text


@dataclass(frozen=True, kw_only=True)
class Config(ServiceConfig):
    """What identity reads from its environment."""

    api_key_pepper: str = setting("API_KEY_PEPPER", convert=pepper)
    smtp_url: str = setting("SMTP_URL", default="smtp://127.0.0.1:1025")
    mail_from: str = setting("MAIL_FROM", default="accounts@comptoir.example")
    reset_url_template: str = setting("RESET_URL_TEMPLATE", default="http://{name}.localhost:8000/reset-password")
