"""Every event has a golden example, its producer tells exactly that, and every reader can read it."""

import json
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime

import marshmallow

from chassis.context import Context, new_traceparent
from chassis.events import Fact, UnreadableEvent, decode, read
from chassis.messages import CONTENT_TYPE

from .golden import FOLDER, Json, members, not_in, variants
from .surface import Subscription

MESSAGES = FOLDER / "messages"
EVERY_EVENT = "*"
PLATFORM_SIGNALS = frozenset({"abuse_reported", "bounce_rate_exceeded", "campaign_approval_required"})
"""Events that the hosting side publishes: no fact of a service here."""

NEW_VERSION = "Within a version data may only grow fields that are optional; anything else is a new version, published beside the old one."

Facts = Mapping[str, type[Fact]]
Golden = Mapping[str, Json]


def unmatched(facts: Facts, golden: Golden) -> list[str]:
    """Name each event without its example, and each example without its event."""
    missing = [
        f"{MESSAGES}/{name}.json is missing: everybody who reads the event is tested against the example that its producer gives."
        for name in facts.keys() - golden.keys()
    ]
    orphans = [
        f"{MESSAGES}/{name}.json is an example of no event: whoever still reads it would wait for ever. {NEW_VERSION}"
        for name in golden.keys() - facts.keys()
    ]
    return sorted(missing + orphans)


def untold(facts: Facts, golden: Golden) -> list[str]:
    """Name each example that its producer would not send, member for member."""
    return [f"{MESSAGES}/{name}.json: {why}" for name, fact in facts.items() if name in golden for why in _untold(name, fact, golden[name])]


def _untold(name: str, fact: type[Fact], example: Json) -> Iterator[str]:
    try:
        told = fact(subject=example["subject"], agency_id=example["agency_id"], **fact.schema.load(example["data"]))
    except (marshmallow.ValidationError, ValueError) as error:
        yield f"{fact.__name__} does not say this any more ({error}). {NEW_VERSION}"
        return
    context = Context(
        request_id=example["correlation_id"], causation_id=example["causation_id"], traceparent=new_traceparent(), agency_id=told.agency_id
    )
    sent = told.envelope(now=datetime.fromisoformat(example["time"]), context=context) | {"id": example["id"]}
    for member in sorted(sent.keys() | example.keys()):
        if sent.get(member) != example.get(member):
            yield f"`{member}` is {example.get(member)!r}, and {fact.__name__} sends {sent.get(member)!r}."
    if sent["type"] != f"comptoir.{name.replace('/', '.')}":
        yield f"{fact.__name__} is sent as {sent['type']}: a service publishes on its own exchange, and `source` is its name."
    for field in members(fact.schema).keys() - example["data"].keys():
        yield f"`data.{field}` is missing: an example shows every field, the optional ones too."


def unread(subscriptions: Iterable[Subscription], facts: Facts, golden: Golden) -> list[str]:
    """Name each subscription whose reader cannot read what it would get, or waits for what nobody sends."""
    found: list[str] = []
    for each in subscriptions:
        names = [
            name for name in facts if name.startswith(f"{each.source}/" if each.event == EVERY_EVENT else f"{each.source}/{each.event}.v")
        ]
        if not names and each.event not in PLATFORM_SIGNALS:
            found.append(
                f"{each.reader} subscribes to {each.source}.{each.event}, which nobody publishes: what {each.source} publishes is in its"
                " events.py. A signal from outside the platform is named in PLATFORM_SIGNALS."
            )
        for name in names:
            if name in golden:
                found += dict.fromkeys(_unread(each, name, facts[name], golden[name]))
    return found


def _unread(subscription: Subscription, name: str, fact: type[Fact], example: Json) -> Iterator[str]:
    for data in _tellings(fact, example["data"]):
        raw, loaded = decode(json.dumps({**example, "data": data}), content_type=CONTENT_TYPE)
        try:
            event = read(
                raw,
                loaded,
                source=subscription.source,
                name=fact.name,
                reads=subscription.reads,
                handler=f"the door of {subscription.reader}",
            )
            understood = event.data if subscription.facts_of is None else subscription.facts_of(event)
        except UnreadableEvent as error:
            yield f"{error} It may come with {data} ({MESSAGES}/{name}.json, and what {fact.__name__} allows beside it)."
            return
        told = example["data"] | {"agency_id": example["agency_id"]}
        yield from (
            f"{subscription.reader} reads `{field}` of {subscription.source}.{fact.name}, which {fact.__name__} does not tell: it is never"
            f" there. Have {subscription.source} tell it, as an optional field, or do not read it."
            for field in not_in(told, understood)
        )


def _tellings(fact: type[Fact], data: Json) -> Iterator[Json]:
    """What the producer may send: the example, its variants, and each of these members left out that is optional."""
    yield from variants(fact.schema, data)
    for name, field in members(fact.schema).items():
        if not field.required:
            yield {told: value for told, value in data.items() if told != name}
