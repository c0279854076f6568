"""What identity writes to an account's user: the mail with the link of a password reset."""

import tomllib
from dataclasses import dataclass, field
from importlib import resources
from string import Template
from typing import Any

from identity.domain.logins import RESET_LASTS
from identity.domain.words import Language


@dataclass(frozen=True, kw_only=True)
class Letter:
    """One mail; its body holds the token."""

    language: Language
    subject: str
    body: str = field(repr=False)


def reset_letter(*, language: str | None, account_name: str, username: str, link: str) -> Letter:
    """Write the mail with the link (R0.77); in English where the language is none that the platform writes."""
    spoken = next((known for known in Language if known == language), Language.ENGLISH)
    written = TEXTS[spoken]["password_reset"]
    minutes = str(int(RESET_LASTS.total_seconds() // 60))
    values = {"account": account_name, "username": username, "link": link, "minutes": minutes}
    body = Template(written["body"]).substitute(values)
    return Letter(
        language=spoken, subject=Template(written["subject"]).substitute(values), body=f"{body}\n-- \n{TEXTS[spoken]['signature']}\n"
    )


def _texts() -> dict[Language, dict[str, Any]]:
    folder = resources.files("identity") / "texts"
    return {language: tomllib.loads((folder / f"{language}.toml").read_text("utf-8")) for language in Language}


TEXTS = _texts()
"""What identity writes, by language: `texts/<language>.toml`."""
