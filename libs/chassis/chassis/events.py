"""Facts: what a service tells the others, in the CloudEvents 1.0 JSON envelope on a topic exchange of its own."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, ClassVar

import marshmallow

from chassis import fields
from chassis.context import Context
from chassis.glance import Glance
from chassis.ids import new_id
from chassis.messages import CONTENT_TYPE
from chassis.schemas import Reading, Schema

RESERVED = frozenset({"source", "version", "name", "schema", "glance", "checked", "subject", "agency_id", "data", "envelope"})
"""What a fact is itself, or is told beside its data."""


class Fact:
    """Something that happened.

    Subclasses declare `source` and their data as marshmallow fields; the event's name is the class name in snake_case. Making one checks
    the data: a producer's mistake is a `ValueError` there.
    """

    source: ClassVar[str]
    version: ClassVar[int] = 1
    name: ClassVar[str]
    schema: ClassVar[marshmallow.Schema]
    glance: ClassVar[Glance]

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        declared: dict[str, Any] = {
            name: field
            for base in reversed(cls.__mro__)
            for name, field in vars(base).items()
            if isinstance(field, marshmallow.fields.Field)
        }
        taken = declared.keys() & RESERVED
        if taken:
            raise TypeError(f"{cls.__name__}: no field of a fact is called {', '.join(sorted(taken))}: use another name and data_key.")
        cls.name = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", cls.__name__).lower()
        cls.schema = Schema.from_dict(declared, name=cls.__name__)()
        cls.glance = Glance(cls.schema)

    def __init__(self, *, subject: str, agency_id: str | None, **data: Any) -> None:
        unknown = sorted(data.keys() - self.schema.fields.keys())
        if unknown:
            raise ValueError(f"{type(self).__name__} has no field {', '.join(unknown)}")
        plain = self.glance.dumped(data)
        self.subject = subject
        self.agency_id = agency_id
        self.data: dict[str, Any] = self.checked(data) if plain is None else plain

    @classmethod
    def checked(cls, data: Mapping[str, Any]) -> dict[str, Any]:
        """`data` as it is told, dumped and loaded again by the schema; raises `ValueError`."""
        try:
            dumped: dict[str, Any] = cls.schema.dump(data)
        except (AttributeError, TypeError) as error:
            raise ValueError(f"{cls.__name__} cannot be written: {error}") from error
        errors = cls.schema.validate(dumped)
        if errors:
            raise ValueError(f"{cls.__name__}: {errors}")
        return dumped

    def envelope(self, *, now: datetime, context: Context) -> dict[str, Any]:
        """The CloudEvents envelope of this fact, told now, caused by what `context` says."""
        return {
            "specversion": "1.0",
            "id": new_id("evt"),
            "source": f"comptoir/{self.source}",
            "type": f"comptoir.{self.source}.{self.name}.v{self.version}",
            "subject": self.subject,
            "time": fields.format_instant(now),
            "datacontenttype": CONTENT_TYPE,
            "agency_id": self.agency_id,
            "correlation_id": context.request_id,
            "causation_id": context.causation_id,
            "data": self.data,
        }


class Envelope(Reading):
    """The members of the envelope that a handler may rely on."""

    id = fields.String(required=True)
    type = fields.String(required=True)
    subject = fields.String(required=True)
    time = fields.Instant(required=True)
    agency_id = fields.String(load_default=None, allow_none=True)
    correlation_id = fields.String(load_default=None, allow_none=True)
    causation_id = fields.String(load_default=None, allow_none=True)
    data = fields.Dict(required=True)


@dataclass(frozen=True, kw_only=True)
class Event:
    """A fact as a handler gets it; `envelope` is all of it as it came, `data` what the handler's schema reads of it."""

    id: str
    source: str
    name: str
    subject: str
    time: datetime
    data: dict[str, Any]
    agency_id: str | None
    correlation_id: str | None
    causation_id: str | None
    envelope: dict[str, Any]
    handler: str = ""
    """Which handler works on it: one event has one effect in each handler."""


class UnreadableEvent(Exception):
    """A message that is no event of the agreed shape: it will be no better next time."""


_envelope = Envelope()


def decode(body: bytes | str, *, content_type: str | None) -> tuple[dict[str, Any], dict[str, Any]]:
    """Read a message into (the envelope as it came, the envelope loaded); raises `UnreadableEvent`."""
    if content_type != CONTENT_TYPE:
        raise UnreadableEvent(f"content type {content_type!r} instead of {CONTENT_TYPE}")
    try:
        raw = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise UnreadableEvent(f"no JSON: {error}") from None
    if not isinstance(raw, dict):
        raise UnreadableEvent("no JSON object")
    try:
        return raw, _envelope.load(raw)
    except marshmallow.ValidationError as error:
        raise UnreadableEvent(f"no event envelope: {error.messages}") from None


def read(
    raw: dict[str, Any], loaded: Mapping[str, Any], *, source: str, name: str, reads: marshmallow.Schema | None, handler: str
) -> Event:
    """The event for one handler, its data loaded by the handler's own schema (None: as it came); raises `UnreadableEvent`."""
    try:
        data = loaded["data"] if reads is None else reads.load(loaded["data"])
    except marshmallow.ValidationError as error:
        raise UnreadableEvent(f"{source}.{name} does not hold what {handler} reads: {error.messages}") from None
    return Event(
        id=loaded["id"],
        source=source,
        name=name,
        subject=loaded["subject"],
        time=loaded["time"],
        data=data,
        agency_id=loaded["agency_id"],
        correlation_id=loaded["correlation_id"],
        causation_id=loaded["causation_id"],
        envelope=raw,
        handler=handler,
    )
