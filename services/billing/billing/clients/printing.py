"""Papers as PDF."""

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol


class Printable(Protocol):
    """What a document says, as texts: who, what, rows of three, totals of two."""

    @property
    def language(self) -> str:
        """Of which the texts are."""

    @property
    def title(self) -> str:
        """What it is, and its number."""

    @property
    def facts(self) -> Sequence[tuple[str, str]]:
        """Labels and texts."""

    @property
    def addressee(self) -> Sequence[str]:
        """Whom it is issued to, line by line."""

    @property
    def head(self) -> tuple[str, str, str]:
        """What the columns of the rows are."""

    @property
    def rows(self) -> Sequence[tuple[str, str, str]]:
        """What for, when, how much."""

    @property
    def totals(self) -> Sequence[tuple[str, str]]:
        """Labels and amounts."""

    @property
    def notes(self) -> Sequence[str]:
        """Sentences below."""

    @property
    def issued_at(self) -> datetime:
        """When it was issued."""


def printed(paper: Printable) -> bytes:
    """Print a paper on A4. The same paper gives the same bytes: the date within is that of its issue."""
    from billing.clients.pdf import pdf_of  # noqa: PLC0415  its library takes most of a second to load, which few processes need

    return pdf_of(paper)
