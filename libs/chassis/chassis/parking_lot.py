"""The parking lot: messages that nobody could handle, kept until a person looks, replays or discards them."""

import argparse
import hashlib
import json
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from amqp import Channel, Message

from chassis.link import BROKEN, close_connection, open_connection
from chassis.messages import PARKING_LOT, RPC_EXCHANGE, attempts_of, headers_of, history, inbox_queue, moved, rpc_queue
from chassis.topology import declare_parking_lot

MOST = 10_000
CONFIRM_SECONDS = 10.0
ID_LENGTH = 12


class NoSuchMessage(LookupError):
    """No parked message has this id."""


class NotReplayed(Exception):
    """The broker did not take the message back: it is still parked."""


@dataclass(frozen=True, kw_only=True)
class Parked:
    """One parked message and its history."""

    id: str
    queue: str
    exchange: str
    routing_key: str
    reason: str
    attempts: int
    parked_at: str
    body: str
    headers: dict[str, Any]

    @property
    def event(self) -> str:
        """`source.event`, or `nameko-rpc.service.method`."""
        return f"{self.exchange.removesuffix('.events')}.{self.routing_key}"


@contextmanager
def _taken(amqp_uri: str) -> Iterator[tuple[Channel, list[tuple[Parked, Message]]]]:
    """Every parked message, taken but not acknowledged: what is not acknowledged in the block goes back as it was."""
    connection = open_connection(amqp_uri, name="parking-lot")
    try:
        channel = connection.channel()
        declare_parking_lot(channel)
        channel.confirm_select()
        messages: list[tuple[Parked, Message]] = []
        while len(messages) < MOST and (message := channel.basic_get(PARKING_LOT)) is not None:
            messages.append((_parked(message), message))
        yield channel, messages
    finally:
        close_connection(connection, politely=True)


def _parked(message: Message) -> Parked:
    headers = headers_of(message)
    deaths = headers.get("x-death") or [{}]  # there where the broker parked it itself
    death = deaths[0]
    exchange = history(headers, "exchange") or death.get("exchange", "")
    routing_key = history(headers, "routing-key") or death.get("routing-keys", [""])[0]
    service = history(headers, "service")
    queue = death.get("queue") or (rpc_queue(service) if exchange == RPC_EXCHANGE else inbox_queue(service))
    body = message.body if isinstance(message.body, bytes) else str(message.body).encode()
    parked_at = history(headers, "parked-at")
    identity = "|".join([str(message.properties.get("message_id", "")), queue, exchange, routing_key, parked_at])
    return Parked(
        id=hashlib.sha256(identity.encode() + body).hexdigest()[:ID_LENGTH],
        queue=queue,
        exchange=exchange,
        routing_key=routing_key,
        reason=history(headers, "reason") or "its reader died of it, again and again",
        attempts=attempts_of(headers) + 1,
        parked_at=parked_at,
        body=body.decode("utf-8", "replace"),
        headers=headers,
    )


def parked_messages(amqp_uri: str) -> list[Parked]:
    """What is parked, oldest first."""
    with _taken(amqp_uri) as (_, messages):
        return [parked for parked, _ in messages]


def replay(amqp_uri: str, ids: set[str]) -> int:
    """Give messages back to the queues they came from, their attempts counted from the start; tell how many.

    Raises `NoSuchMessage`, and `NotReplayed` where the queue is no more.
    """
    with _taken(amqp_uri) as (channel, messages):
        returned: list[str] = []
        channel.events["basic_return"].add(lambda *_arguments: returned.append("no such queue"))
        chosen = _chosen(messages, ids)
        for parked, message in chosen:
            again = moved(message, exchange=parked.exchange, routing_key=parked.routing_key, attempt=0)
            channel.basic_publish_confirm(again, exchange="", routing_key=parked.queue, mandatory=True, confirm_timeout=CONFIRM_SECONDS)
            if returned:
                raise NotReplayed(f"{parked.id} stays parked: there is no queue {parked.queue} any more.")
            channel.basic_ack(message.delivery_tag)
        return len(chosen)


def discard(amqp_uri: str, ids: set[str]) -> int:
    """Throw messages away for good; raises `NoSuchMessage`. Tells how many."""
    with _taken(amqp_uri) as (channel, messages):
        chosen = _chosen(messages, ids)
        for _, message in chosen:
            channel.basic_ack(message.delivery_tag)
        return len(chosen)


def _chosen(messages: list[tuple[Parked, Message]], ids: set[str]) -> list[tuple[Parked, Message]]:
    missing = ids - {parked.id for parked, _ in messages}
    if missing:
        raise NoSuchMessage(f"Nothing is parked under {', '.join(sorted(missing))}: list shows what is.")
    return [(parked, message) for parked, message in messages if parked.id in ids]


def main(amqp_uri: str, arguments: list[str]) -> int:
    """`python -m <service> parking-lot` or `python -m chassis.parking_lot`: list, show ID, replay ID…|--all, discard ID…|--all."""
    parser = argparse.ArgumentParser(prog="parking-lot", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("list", help="one line a message, oldest first")
    commands.add_parser("show", help="one message whole").add_argument("id")
    for name, text in (("replay", "give back to the queue it came from"), ("discard", "throw away for good")):
        sub = commands.add_parser(name, help=text)
        sub.add_argument("id", nargs="*")
        sub.add_argument("--all", action="store_true", help="every parked message")
    options = parser.parse_args(arguments)
    try:
        return _run(amqp_uri, options)
    except (NoSuchMessage, NotReplayed, *BROKEN) as error:
        _say(str(error) or type(error).__name__)
        return 1


def _run(amqp_uri: str, options: argparse.Namespace) -> int:
    messages = parked_messages(amqp_uri)
    if options.command in {"replay", "discard"}:
        ids = {parked.id for parked in messages} if options.all else set(options.id)
        if not ids:
            _say("Nothing is parked." if options.all else "Name the messages by their ids, or say --all.")
            return 0 if options.all else 2
        done, act = ("replayed", replay) if options.command == "replay" else ("discarded", discard)
        count = act(amqp_uri, ids)
        _say(f"{count} message{'s' if count != 1 else ''} {done}.")
    elif options.command == "show":
        found = [parked for parked in messages if parked.id == options.id]
        if not found:
            raise NoSuchMessage(f"Nothing is parked under {options.id}: list shows what is.")
        _say(json.dumps({**vars(found[0]), "event": found[0].event}, indent=2, default=str, ensure_ascii=False))
    else:
        for parked in messages:
            moment, queue, event, reason = parked.parked_at[:19], parked.queue, parked.event, parked.reason[:100]
            _say(f"{parked.id}  {moment:19}  {queue:24} {event:36} attempts {parked.attempts}  {reason}")
        if not messages:
            _say("Nothing is parked.")
    return 0


def _say(sentence: str) -> None:
    sys.stdout.write(sentence + "\n")


if __name__ == "__main__":
    sys.exit(main(os.environ["AMQP_URI"], sys.argv[1:]))
