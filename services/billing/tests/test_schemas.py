"""The shape of the catalogue's data."""

from collections.abc import Callable
from typing import Any

import pytest
from marshmallow import ValidationError

from billing import schemas
from billing.usecases import on_sale

from .factories import shipped
from .stage import Stage

Content = dict[str, Any]


def test_the_shipped_catalogue_has_the_agreed_shape() -> None:
    assert schemas.shipped_catalogue() == shipped()


def test_the_catalogue_is_answered_as_it_was_published(stage: Stage) -> None:
    with stage.units.reading() as session:
        assert schemas.Catalogue().dump(on_sale.catalogue(session)) == shipped()


def plan(content: Content, version: int = 1, number: int = 0) -> Content:
    found: Content = content["pricing_versions"][version]["products"][0]["plans"][number]
    return found


def tiers(content: Content) -> list[Content]:
    found: list[Content] = plan(content)["tiers"]
    return found


def limits(content: Content) -> list[Content]:
    found: list[Content] = content["pricing_versions"][1]["products"][0]["limits"]
    return found


SPOILT: dict[str, tuple[str, Callable[[Content], object]]] = {
    "an unknown member": ("colour", lambda content: content.update(colour="red")),
    "a country of three letters": ("regions", lambda content: content["regions"].update(FRA="eu")),
    "a time zone that is none": ("time_zones", lambda content: content["time_zones"].append("Europe/Atlantis")),
    "a language we do not write": ("languages", lambda content: content["languages"].append("de")),
    "tiers out of order": ("pricing_versions", lambda content: tiers(content).reverse()),
    "a paid plan without tiers": ("pricing_versions", lambda content: tiers(content).clear()),
    "a trial with tiers": ("pricing_versions", lambda content: plan(content, 0).update(tiers=tiers(content))),
    "a tier without an annual price": ("pricing_versions", lambda content: tiers(content)[0]["prices"].pop("annual")),
    "a tier without a currency": ("pricing_versions", lambda content: tiers(content)[0]["prices"]["annual"].pop()),
    "a choice that is not its number": ("pricing_versions", lambda content: limits(content)[0]["options"][0].update(choice="many")),
    "an option without a currency": ("pricing_versions", lambda content: limits(content)[0]["options"][0]["prices"]["annual"].pop()),
    "a price with a fraction": ("pricing_versions", lambda content: tiers(content)[0]["prices"]["annual"][0].update(amount=1.5)),
}


@pytest.mark.parametrize("spoilt", SPOILT)
def test_a_catalogue_of_another_shape_is_refused_by_field(spoilt: str) -> None:
    content = shipped()
    field, spoil = SPOILT[spoilt]
    spoil(content)
    with pytest.raises(ValidationError) as refused:
        schemas.Catalogue().load(content)
    assert isinstance(refused.value.messages, dict)
    assert list(refused.value.messages) == [field]
