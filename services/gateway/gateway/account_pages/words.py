"""What the pages say, in every language of the platform."""

import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).parent / "texts"
TEXTS: Mapping[str, Mapping[str, Any]] = {path.stem: tomllib.loads(path.read_text()) for path in sorted(FOLDER.glob("*.toml"))}
FALLBACK = "en"


def texts_in(language: str) -> Mapping[str, Any]:
    """Give the texts of a language; English where it is not written here."""
    return TEXTS.get(language, TEXTS[FALLBACK])
