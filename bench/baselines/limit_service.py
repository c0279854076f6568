"""limit, the service: bare py-amqp and one prepared SELECT, one message at a time."""

import json
import os
from typing import Any

import psycopg2
from amqp import Message

from bench.baselines.connection import connected

SELECT = "PREPARE read AS SELECT id, agency_id, name, status, created_at::text FROM accounts WHERE id = $1 AND agency_id = $2"


def main() -> None:
    """Serve for ever."""
    connection = connected()
    channel = connection.channel()
    database = psycopg2.connect(os.environ["DATABASE_URL"])
    database.autocommit = True
    cursor = database.cursor()
    cursor.execute(SELECT)

    def on_message(message: Message) -> None:
        payload = json.loads(message.body)
        cursor.execute("EXECUTE read (%s, %s)", (payload["account_id"], payload["agency_id"]))
        row: Any = cursor.fetchone()
        reply = Message(
            json.dumps(dict(zip(("id", "agency_id", "name", "status", "created_at"), row, strict=True))),
            correlation_id=message.properties["correlation_id"],
        )
        channel.basic_publish(reply, "", message.properties["reply_to"])
        channel.basic_ack(message.delivery_tag)

    channel.queue_declare("limit", durable=False, auto_delete=True)
    channel.basic_qos(0, 20, False)  # noqa: FBT003  py-amqp's own signature
    channel.basic_consume("limit", callback=on_message)
    while True:
        connection.drain_events()


if __name__ == "__main__":
    main()
