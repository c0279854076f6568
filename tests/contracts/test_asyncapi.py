"""Claims about the document that other teams subscribe by."""

import json
from typing import Any

import jsonschema
import pytest

from tests.architecture.tree import ROOT

from .asyncapi import WRITTEN, document, written
from .golden import examples
from .messages import MESSAGES
from .surface import facts

DOCUMENT = json.loads(WRITTEN.read_text())
GOLDEN = examples(ROOT / MESSAGES)


def payload_of(name: str) -> Any:
    """What validates the payload of an event, by the name of its example."""
    service, _, event = name.partition("/")
    message = DOCUMENT["components"]["messages"][f"{service}_{event.replace('.', '_')}"]
    return jsonschema.Draft202012Validator({**message["payload"], "components": DOCUMENT["components"]})


def test_the_document_is_what_the_facts_and_their_examples_make() -> None:
    assert WRITTEN.read_text() == written(), "run `make asyncapi` and commit it"
    assert document() == DOCUMENT


def test_every_event_is_in_it_on_the_exchange_and_under_the_routing_key_that_it_is_published_by() -> None:
    found = {
        f"{channel['bindings']['amqp']['exchange']['name'].removesuffix('.events')}/{message.partition('_')[2].replace('_v1', '.v1')}"
        for channel in DOCUMENT["channels"].values()
        for message in channel["messages"]
        if message.partition("_")[2].startswith(channel["address"])
    }
    assert found == set(facts())


@pytest.mark.parametrize("name", sorted(GOLDEN))
def test_an_event_as_it_is_told_is_as_the_document_says(name: str) -> None:
    validator = payload_of(name)
    validator.validate(GOLDEN[name])
    for member in GOLDEN[name]:
        assert not validator.is_valid({key: value for key, value in GOLDEN[name].items() if key != member})
    assert validator.is_valid({**GOLDEN[name], "data": {**GOLDEN[name]["data"], "grown_later": 1}}), "readers must let events grow"
    for member, value in GOLDEN[name]["data"].items():
        if isinstance(value, str):
            assert not validator.is_valid({**GOLDEN[name], "data": {**GOLDEN[name]["data"], member: 1}})
