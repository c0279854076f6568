"""nameko's container with our way of running the methods: one service object, and a worker is one green thread and nothing else."""

from collections.abc import Callable
from functools import cached_property
from typing import Any

from nameko.containers import ServiceContainer

CONFIG = "comptoir"
"""The key under which nameko's configuration holds ours."""


class Container(ServiceContainer):
    """Hosts one service.

    Stock nameko makes an object and four green threads a call; our services keep no state, so one object serves all.
    """

    @cached_property
    def service(self) -> Any:
        """The service object, its dependencies injected."""
        service = self.service_cls()
        for dependency in self.dependencies:
            setattr(service, dependency.attr_name, dependency.get_dependency(None))
        return service

    def spawn(self, work: Callable[..., None], *arguments: Any) -> None:
        """Run `work` in a green thread of the pool; it must not raise. `stop()` waits for it."""
        self._worker_pool.spawn_n(work, *arguments)
