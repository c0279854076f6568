"""limit, the front: bare Flask and one py-amqp connection a thread."""

import itertools
import json
import os
import threading
from typing import Any

from amqp import Message
from flask import Flask, Response

from bench.baselines.connection import connected

app = Flask(__name__)
local = threading.local()
AGENCY_ID = os.environ["BENCH_AGENCY_ID"]


class Client:
    """A blocking call over a connection of its own."""

    def __init__(self) -> None:
        self.connection = connected()
        self.channel = self.connection.channel()
        self.channel.basic_consume("amq.rabbitmq.reply-to", no_ack=True, callback=self.on_reply)
        self.numbers = itertools.count()
        self.reply: Any = None

    def on_reply(self, message: Message) -> None:
        """Keep it."""
        self.reply = message.body

    def call(self, payload: dict[str, str]) -> Any:
        """Ask and wait."""
        self.reply = None
        message = Message(json.dumps(payload), correlation_id=str(next(self.numbers)), reply_to="amq.rabbitmq.reply-to")
        self.channel.basic_publish(message, "", "limit")
        while self.reply is None:
            self.connection.drain_events()
        return json.loads(self.reply)


@app.get("/v1/accounts/<account_id>")
def account(account_id: str) -> Response:
    """Read one."""
    if not hasattr(local, "client"):
        local.client = Client()
    return Response(json.dumps(local.client.call({"account_id": account_id, "agency_id": AGENCY_ID})), mimetype="application/json")
