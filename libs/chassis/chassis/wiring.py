"""What a service object has: its units of work, and its clients, made once when the process starts."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Generic, Protocol, TypeVar, overload

from nameko.extensions import DependencyProvider, SharedExtension

from chassis.config import ServiceConfig
from chassis.container import CONFIG
from chassis.database import Database
from chassis.rpc_client import RpcClient
from chassis.unit_of_work import Units

T = TypeVar("T")


class CallService(Protocol):
    """Call `service.method(payload)` of another service; see `RpcClient.call` for what it raises."""

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
        """Give the answer."""


@dataclass(frozen=True, kw_only=True)
class Wiring:
    """What a client is made from."""

    call: CallService
    config: Any
    """The service's own `Config`."""


class Resources(SharedExtension):
    """The pool and the calling connection of the process, shared by all that stands on them."""

    def setup(self) -> None:
        """Open them, and refuse a driver that would stop all the others."""
        config: ServiceConfig = self.container.config[CONFIG]
        name = self.container.service_name
        self.config = config
        self.database = Database(
            config.database_url,
            pool_size=config.rpc_workers + config.event_workers + 1,
            statement_timeout_seconds=config.statement_timeout_seconds,
            application_name=f"comptoir-{name}",
        )
        self.database.refuse_blocking_driver()
        self.units = Units(self.database)
        self.calls = RpcClient(config.amqp_uri, name=f"{name}-calls", from_service=True)

    def start(self) -> None:
        """Connect the caller."""
        self.calls.start()

    def stop(self) -> None:
        """Close both, after the last worker ended."""
        self.calls.stop()
        self.database.close()


class Work(DependencyProvider):
    """`work = Work()`: the service's units of work."""

    resources = Resources()

    def get_dependency(self, _worker_ctx: object) -> Units:
        """Give the units of work."""
        units: Units = self.resources.units
        return units

    @overload
    def __get__(self, instance: None, owner: type) -> "Work": ...
    @overload
    def __get__(self, instance: object, owner: type) -> Units: ...
    def __get__(self, instance: object, owner: type) -> Any:
        """Say to the type checker what the service object has in this place."""
        return self


class Wired(DependencyProvider, Generic[T]):
    """`billing = Wired(clients.Billing)`: a client, made once as `clients.Billing(wiring)`."""

    resources = Resources()

    def __init__(self, make: Callable[[Wiring], T]) -> None:
        self._make = make

    def get_dependency(self, _worker_ctx: object) -> T:
        """Make the client."""
        return self._make(Wiring(call=self.resources.calls.call, config=self.resources.config))

    @overload
    def __get__(self, instance: None, owner: type) -> "Wired[T]": ...
    @overload
    def __get__(self, instance: object, owner: type) -> T: ...
    def __get__(self, instance: object, owner: type) -> Any:
        """Say to the type checker what the service object has in this place."""
        return self
