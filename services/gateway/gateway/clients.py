"""The calls to the services: which method, with what, and how long it may take."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from flask import current_app

from chassis.ids import new_id

READ_SECONDS = 5
COMMAND_SECONDS = 10
"""A command may ask another service before it answers (decision 0002)."""

Json = dict[str, Any]


class Rpc(Protocol):
    """What the gateway uses of `chassis.rpc_client.RpcClient`."""

    @property
    def ready(self) -> bool:
        """Whether calls can be made now."""

    def call(
        self,
        service: str,
        method: str,
        payload: Mapping[str, Any],
        *,
        timeout_seconds: float,
        idempotency_key: str | None = None,
        is_read: bool = False,
    ) -> Any:
        """Call and wait; raises `Refused`, `Unavailable` or `DeadlineExceeded`."""


@dataclass(frozen=True, kw_only=True)
class Service:
    """One service, and the connection to it."""

    rpc: Rpc
    name: str

    def ask(self, method: str, **payload: Any) -> Json:
        """Call a query: no effect, so it may be sent again when the connection breaks."""
        answer: Json = self.rpc.call(self.name, method, payload, timeout_seconds=READ_SECONDS, is_read=True)
        return answer

    def tell(self, method: str, *, idempotency_key: str | None, **payload: Any) -> Json:
        """Call a command, under the key that the caller chose for it, or one of ours: the broker may deliver a call twice, too."""
        key = idempotency_key or new_id("idk")
        answer: Json = self.rpc.call(self.name, method, payload, timeout_seconds=COMMAND_SECONDS, idempotency_key=key)
        return answer


@dataclass(frozen=True, kw_only=True)
class Clients:
    """All the services that the gateway calls."""

    identity: Service
    accounts: Service
    billing: Service
    credits: Service
    snapshots: Service
    notifications: Service

    @property
    def ready(self) -> bool:
        """Whether calls can be made now."""
        return self.identity.rpc.ready

    @classmethod
    def over(cls, rpc: Rpc) -> "Clients":
        """All of them over one connection."""
        return cls(
            identity=Service(rpc=rpc, name="identity"),
            accounts=Service(rpc=rpc, name="accounts"),
            billing=Service(rpc=rpc, name="billing"),
            credits=Service(rpc=rpc, name="credits"),
            snapshots=Service(rpc=rpc, name="snapshots"),
            notifications=Service(rpc=rpc, name="notifications"),
        )


def services() -> Clients:
    """The services, as the running application reaches them."""
    clients: Clients = current_app.extensions["comptoir-services"]
    return clients
