"""What waits in the services' inboxes: all that follows from what was asked is done when nothing waits any more."""

import asyncio
from time import monotonic

from chassis.link import close_connection, open_connection
from chassis.messages import inbox_queue
from local_platform.settings import SERVICES

EMPTIED_SECONDS = 120.0
POLL_SECONDS = 0.25


def waiting(amqp_uri: str) -> dict[str, int]:
    """Count the events that wait, by service; those of which none do are left out."""
    connection = open_connection(amqp_uri, name="endure")
    try:
        channel = connection.channel()
        counts = {service: channel.queue_declare(inbox_queue(service), passive=True).message_count for service in SERVICES}
    finally:
        close_connection(connection, politely=True)
    return {service: count for service, count in counts.items() if count}


async def emptied(amqp_uri: str) -> list[str]:
    """Wait until no event waits; say where some still do after EMPTIED_SECONDS."""
    deadline = monotonic() + EMPTIED_SECONDS
    while (counts := await asyncio.to_thread(waiting, amqp_uri)) and monotonic() < deadline:  # noqa: ASYNC110  what we wait for is other processes
        await asyncio.sleep(POLL_SECONDS)
    return [f"{count} events wait for {service}" for service, count in counts.items()]
