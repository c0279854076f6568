"""stock, the service: nameko as it comes."""

import eventlet

eventlet.monkey_patch()

import os  # noqa: E402  after the patch
from typing import Any  # noqa: E402

from nameko.extensions import DependencyProvider  # noqa: E402
from nameko.rpc import rpc  # noqa: E402
from nameko.runners import ServiceRunner  # noqa: E402
from sqlalchemy import create_engine, text  # noqa: E402

READ = text("SELECT id, agency_id, name, status, created_at::text FROM accounts WHERE id = :account_id AND agency_id = :agency_id")


class Sessions(DependencyProvider):  # type: ignore[misc]  # nameko has no types
    """An engine, as nameko's own SQLAlchemy provider keeps it."""

    def setup(self) -> None:
        """Connect lazily."""
        self.engine = create_engine(os.environ["DATABASE_URL"].replace("postgresql://", "postgresql+psycopg2://"), pool_size=10)

    def get_dependency(self, _worker_ctx: object) -> Any:
        """Give it."""
        return self.engine


class StockService:
    """One method."""

    name = "stock"
    engine = Sessions()

    @rpc  # type: ignore[untyped-decorator]
    def account(self, payload: dict[str, str]) -> dict[str, Any]:
        """Read one."""
        with self.engine.connect() as connection:
            return dict(connection.execute(READ, payload).mappings().one())


if __name__ == "__main__":
    runner = ServiceRunner(config={"AMQP_URI": os.environ["AMQP_URI"], "max_workers": 10})
    runner.add_service(StockService)
    runner.start()
    runner.wait()
