"""The catalogue."""

from flask import Response

from gateway.auth import Caller, Scope
from gateway.clients import services
from gateway.routes import Routes, single
from gateway.schemas import shown
from gateway.schemas.catalog import Catalog

routes = Routes("catalog", "What can be bought: pricing versions, products, plans, tiers and their prices.")
show = shown(Catalog)


@routes.get("/v1/catalog", scope=Scope.BILLING_READ, answer=Catalog, has_etag=True)
def get_catalog(_caller: Caller) -> Response:
    """Show the catalogue."""
    return single(show(services().billing.ask("catalogue")))
