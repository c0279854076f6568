"""A catalogue as the command line reads and writes it."""

from typing import Any

from marshmallow import ValidationError

from billing.domain import catalogue as domain
from billing.schemas.catalogue import Catalogue
from chassis.schemas import problems


def shape_faults(content: object) -> list[tuple[str, str]]:
    """Find what of the content has not the shape of a catalogue: each place, its names and positions joined by dots, and a sentence."""
    try:
        Catalogue().load(content)  # type: ignore[arg-type]  # marshmallow says what is no object, too
    except ValidationError as error:
        return [(each["field"], each["message"]) for each in problems(error.messages)]
    return []


def as_published(content: dict[str, Any]) -> object:
    """Give a published catalogue with its members in the order of the schema; the database keeps them in another."""
    return Catalogue().dump(domain.Catalogue.read(content))
