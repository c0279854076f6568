"""Stand-ins for other services: on the real broker, or as a plain function."""

import json
from collections.abc import Callable, Mapping
from typing import Any

from amqp import Connection, Message, spec

from chassis.errors import Refusal, Refused
from chassis.link import Link
from chassis.messages import RPC_EXCHANGE, dumps, publish, rpc_queue

Method = Callable[[dict[str, Any]], Any]


class Peer:
    """A service of the test's own: answers each method by a function of the payload, which may raise a `Refusal`.

    `calls` lists what was asked.
    """

    def __init__(self, amqp_uri: str, service: str, methods: Mapping[str, Method]) -> None:
        self._service = service
        self._methods = dict(methods)
        self.calls: list[tuple[str, dict[str, Any]]] = []
        self.headers: list[dict[str, Any]] = []
        self._link = Link(amqp_uri, name=f"peer-{service}", prepare=self._prepare)
        self._link.start()
        assert self._link.wait_ready(10)

    def stop(self) -> None:
        """Answer no more."""
        self._link.stop()

    def _prepare(self, connection: Connection) -> None:
        channel = connection.channel()
        channel.exchange_declare(RPC_EXCHANGE, "topic", durable=True, auto_delete=False)
        channel.queue_declare(rpc_queue(self._service), durable=True, auto_delete=False)
        channel.queue_bind(rpc_queue(self._service), RPC_EXCHANGE, f"{self._service}.*")
        channel.basic_consume(rpc_queue(self._service), callback=self._on_call)

    def _on_call(self, message: Message) -> None:
        method = message.delivery_info["routing_key"].rpartition(".")[2]
        payload = json.loads(message.body)["args"][0]
        self.calls.append((method, payload))
        self.headers.append(dict(message.properties.get("application_headers") or {}))
        reply = _reply(self._methods, method, payload)
        answer = Message(dumps(reply), content_type="application/json", correlation_id=message.properties["correlation_id"])
        publish(message.channel, answer, exchange="", routing_key=message.properties["reply_to"])
        message.channel.send_method(spec.Basic.Ack, "Lb", (message.delivery_tag, False))


class FakeCall:
    """`wiring.call` for tests of clients and use cases: answers by functions keyed `service.method`, and keeps what was asked."""

    def __init__(self, **methods: Method) -> None:
        self._methods = {name.replace("__", "."): method for name, method in methods.items()}
        self.calls: list[tuple[str, dict[str, Any]]] = []
        self.keys: list[str | None] = []

    def __call__(
        self,
        service: str,
        method: str,
        payload: Mapping[str, Any],
        *,
        timeout_seconds: float,
        idempotency_key: str | None = None,
        is_read: bool = False,
    ) -> Any:
        """Answer as the service would; the payload goes through JSON as it would on the bus."""
        del timeout_seconds, is_read
        asked = json.loads(dumps(payload))
        self.calls.append((f"{service}.{method}", asked))
        self.keys.append(idempotency_key)
        reply = _reply(self._methods, f"{service}.{method}", asked)
        if reply["error"] is not None:
            raise Refused.from_wire(reply["error"])
        return json.loads(dumps(reply["result"]))


def _reply(methods: Mapping[str, Method], method: str, payload: dict[str, Any]) -> dict[str, Any]:
    try:
        return {"result": methods[method](payload), "error": None}
    except Refusal as refusal:
        return {"result": None, "error": refusal.to_wire()}
