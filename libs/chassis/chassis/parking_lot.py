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

from chassis.link import open_connection
from chassis.messages import PARKING_LOT, PERSISTENT, REPUBLISHED, RPC_EXCHANGE, inbox_queue, rpc_queue

MOST = 10_000
ID_LENGTH = 12


class NoSuchMessage(LookupError):
    """No parked message has this id."""


@dataclass(frozen=True, kw_only=True)
class Parked:
    """One parked message and its history."""

    id: str
    queue: str
    event: str
    reason: str
    attempts: int
    parked_at: str
    body: str
    headers: dict[str, Any]


@contextmanager
def _taken(amqp_uri: str) -> Iterator[tuple[Channel, list[tuple[Parked, Message]]]]:
    """Every parked message, taken but not acknowledged: what is not acknowledged in the block goes back as it was."""
    connection = open_connection(amqp_uri, name="parking-lot")
    try:
        channel = connection.channel()
        channel.confirm_select()
        messages: list[tuple[Parked, Message]] = []
        while len(messages) < MOST and (message := channel.basic_get(PARKING_LOT)) is not None:
            messages.append((_parked(message), message))
        yield channel, messages
    finally:
        connection.close()


def _parked(message: Message) -> Parked:
    headers = dict(message.properties.get("application_headers") or {})
    death = (headers.get("x-death") or [{}])[0]
    exchange = headers.get(f"{REPUBLISHED}exchange") or death.get("exchange", "")
    routing_key = headers.get(f"{REPUBLISHED}routing-key") or (death.get("routing-keys") or [""])[0]
    service = headers.get(f"{REPUBLISHED}service", "")
    body = message.body if isinstance(message.body, bytes) else str(message.body).encode()
    queue = str(death.get("queue") or (rpc_queue(service) if exchange == RPC_EXCHANGE else inbox_queue(service)))
    identity = "|".join(
        [str(message.properties.get("message_id", "")), queue, exchange, routing_key, str(headers.get(f"{REPUBLISHED}parked-at", ""))]
    )
    return Parked(
        id=hashlib.sha256(identity.encode() + body).hexdigest()[:ID_LENGTH],
        queue=queue,
        event=f"{exchange.removesuffix('.events')}.{routing_key}",
        reason=str(headers.get(f"{REPUBLISHED}reason") or "its reader died of it, again and again"),
        attempts=int(headers.get(f"{REPUBLISHED}attempt", 0)) + 1,
        parked_at=str(headers.get(f"{REPUBLISHED}parked-at", "")),
        body=body.decode("utf-8", "replace"),
        headers=headers,
    )


def parked_messages(amqp_uri: str) -> list[Parked]:
    """What is parked, oldest first."""
    with _taken(amqp_uri) as (_, messages):
        return [parked for parked, _ in messages]


def replay(amqp_uri: str, ids: set[str]) -> int:
    """Give messages back to the queues they came from, their attempts counted from the start; raises `NoSuchMessage`. Tells how many."""
    with _taken(amqp_uri) as (channel, messages):
        chosen = _chosen(messages, ids)
        for parked, message in chosen:
            headers = {
                name: value for name, value in parked.headers.items() if not name.startswith("x-death") and name != f"{REPUBLISHED}attempt"
            }
            exchange, _, routing_key = parked.event.rpartition(".")
            headers.setdefault(f"{REPUBLISHED}exchange", f"{exchange}.events")
            headers.setdefault(f"{REPUBLISHED}routing-key", routing_key)
            kept = {name: value for name, value in message.properties.items() if name not in {"application_headers", "delivery_mode"}}
            again = Message(message.body, delivery_mode=PERSISTENT, application_headers=headers, **kept)
            channel.basic_publish_confirm(again, exchange="", routing_key=parked.queue)
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
    """The command line: list, show ID, replay ID…|--all, discard ID…|--all."""
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
    except NoSuchMessage as error:
        print(error)  # noqa: T201  a command speaks on its standard output
        return 1


def _run(amqp_uri: str, options: argparse.Namespace) -> int:
    say = print
    if options.command in {"replay", "discard"}:
        ids = {parked.id for parked in parked_messages(amqp_uri)} if options.all else set(options.id)
        if not ids:
            say("Nothing is parked." if options.all else "Name the messages by their ids, or say --all.")
            return 0 if options.all else 2
        count = (replay if options.command == "replay" else discard)(amqp_uri, ids)
        say(f"{count} message{'s' if count != 1 else ''} {'replayed' if options.command == 'replay' else 'discarded'}.")
        return 0
    messages = parked_messages(amqp_uri)
    if options.command == "show":
        for parked in messages:
            if parked.id == options.id:
                say(json.dumps({**vars(parked), "headers": parked.headers}, indent=2, default=str, ensure_ascii=False))
                return 0
        raise NoSuchMessage(f"Nothing is parked under {options.id}: list shows what is.")
    if not messages:
        say("Nothing is parked.")
    for parked in messages:
        say(
            f"{parked.id}  {parked.parked_at[:19]:19}  {parked.queue:24} {parked.event:36} attempts {parked.attempts}  {parked.reason[:100]}"
        )
    return 0


if __name__ == "__main__":
    sys.exit(main(os.environ["AMQP_URI"], sys.argv[1:]))
