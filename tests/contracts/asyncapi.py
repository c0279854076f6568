"""The AsyncAPI document of all events, made of the facts that the services publish and of their golden examples.

`python -m tests.contracts.asyncapi` writes what the gateway gives as /v1/asyncapi.json (`make asyncapi`).
"""

import inspect
import json
from collections.abc import Mapping
from typing import Any

import marshmallow
from apispec import APISpec
from apispec.ext.marshmallow import MarshmallowPlugin
from apispec.ext.marshmallow.common import resolve_schema_cls

from chassis.events import Fact
from chassis.ids import PATTERN
from chassis.messages import CONTENT_TYPE, exchange_of
from chassis.schemas import fields
from tests.architecture.tree import ROOT

from .golden import examples
from .messages import MESSAGES
from .surface import SERVICES, facts

Json = dict[str, Any]

WRITTEN = ROOT / "services" / "gateway" / "gateway" / "asyncapi.json"
DESCRIPTION = """\
Everything that Comptoir publishes. To hear of it, declare a durable queue of your own (a quorum queue is best) and bind it to the
exchange of the service by the events' names; nameko's `@event_handler("accounts", "account_upgraded")` does so by itself. A queue that is
slow, or away, holds nobody up but its reader.

- A body is a CloudEvents 1.0 envelope in JSON. An event may come more than once and in another order than it was published: keep the ids
  you have worked on, for `id` is the same each time.
- Within a version an event may grow members: ignore those you do not know. Whatever else changes is a new version, published beside the
  old one.
- Moments are RFC 3339 in UTC; amounts are whole minor units beside a currency.
- The same events can be asked for at `/v1/events`, for thirty days.
"""
EVENT_ID = {"type": "string", "pattern": f"^evt_{PATTERN.pattern.partition('_')[2]}$"}
MONEY = {
    "type": "object",
    "required": ["amount", "currency"],
    "properties": {"amount": {"type": "integer"}, "currency": {"type": "string", "pattern": "^[A-Z]{3}$"}},
}
MAYBE_TEXT = {"type": ["string", "null"]}


def document() -> Json:
    """Make it."""
    told, golden = facts(), examples(ROOT / MESSAGES)
    schemas: Json = {}
    channels: Json = {}
    operations: Json = {}
    messages: Json = {}
    for service in SERVICES:
        spec, plugin = _spec_of(service)
        for name, fact in told.items():
            if fact.source != service:
                continue
            channel, message = f"{service}_{fact.name}", f"{service}_{fact.name}_v{fact.version}"
            messages[message] = _message(fact, plugin.converter.schema2jsonschema(fact.schema), golden[name])  # type: ignore[union-attr]  # set by APISpec
            channels.setdefault(channel, _channel(fact))["messages"][message] = {"$ref": f"#/components/messages/{message}"}
            operations[f"publish_{channel}"] = {"action": "send", "channel": {"$ref": f"#/channels/{channel}"}}
        schemas |= {name: _open(schema) for name, schema in spec.to_dict().get("components", {}).get("schemas", {}).items()}
    return {
        "asyncapi": "3.0.0",
        "info": {"title": "Comptoir's events", "version": "1", "description": DESCRIPTION},
        "defaultContentType": CONTENT_TYPE,
        "channels": channels,
        "operations": operations,
        "components": {"messages": messages, "schemas": schemas},
    }


def _spec_of(service: str) -> tuple[APISpec, MarshmallowPlugin]:
    """What describes the schemas of one service, under names that no other's have."""
    plugin = MarshmallowPlugin(schema_name_resolver=lambda schema: f"{service}_{resolve_schema_cls(schema).__name__}")  # type: ignore[union-attr]
    spec = APISpec(title="", version="", openapi_version="3.1.0", plugins=[plugin])
    converter = plugin.converter
    converter.add_attribute_function(_of_our_fields)  # type: ignore[union-attr]  # set by APISpec
    return spec, plugin


def _of_our_fields(_converter: object, field: marshmallow.fields.Field[Any], **_options: Any) -> Json:
    if isinstance(field, fields.Id):
        return {"pattern": f"^{field.prefix}_{PATTERN.pattern.partition('_')[2]}$"}
    if isinstance(field, fields.Instant):
        return {"type": ["string", "null"] if field.allow_none else "string", "format": "date-time"}
    return MONEY | {"type": ["object", "null"] if field.allow_none else "object"} if isinstance(field, fields.MoneyField) else {}


def _channel(fact: type[Fact]) -> Json:
    exchange = {"name": exchange_of(fact.source), "type": "topic", "durable": True, "autoDelete": False}
    return {
        "address": fact.name,
        "title": f"{fact.source}: {fact.name}",
        "messages": {},
        "bindings": {"amqp": {"is": "routingKey", "exchange": exchange, "bindingVersion": "0.3.0"}},
    }


def _message(fact: type[Fact], data: Mapping[str, Any], example: Json) -> Json:
    members: Json = {
        "specversion": {"const": "1.0"},
        "id": EVENT_ID,
        "source": {"const": f"comptoir/{fact.source}"},
        "type": {"const": f"comptoir.{fact.source}.{fact.name}.v{fact.version}"},
        "subject": {"type": "string"},
        "time": {"type": "string", "format": "date-time"},
        "datacontenttype": {"const": CONTENT_TYPE},
        "agency_id": MAYBE_TEXT,
        "correlation_id": MAYBE_TEXT,
        "causation_id": MAYBE_TEXT,
        "data": _open(data),
    }
    return {
        "name": f"comptoir.{fact.source}.{fact.name}.v{fact.version}",
        "title": fact.name.replace("_", " ").capitalize(),
        "summary": inspect.cleandoc(fact.__doc__ or ""),
        "contentType": CONTENT_TYPE,
        "payload": {"type": "object", "required": list(members), "properties": members},
        "examples": [{"payload": example}],
    }


def _open(schema: Mapping[str, Any]) -> Json:
    """A schema that takes members it does not know: events may grow."""
    return {name: value for name, value in schema.items() if name != "additionalProperties" or value is not False}


def written() -> str:
    """The document as it is kept."""
    return json.dumps(document(), indent=1, ensure_ascii=False) + "\n"


if __name__ == "__main__":
    WRITTEN.write_text(written())
