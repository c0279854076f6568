"""The caller's own agency."""

from http import HTTPStatus

from flask import Response

from gateway.auth import Caller, Scope
from gateway.clients import services
from gateway.routes import Routes, single
from gateway.schemas import shown
from gateway.schemas.agency import Agency

routes = Routes("agency", "The agency that asks.")
show = shown(Agency)


@routes.get("/v1/agency", scope=Scope.ACCOUNTS_READ, answer=Agency, refuses=(HTTPStatus.NOT_FOUND,), has_etag=True)
def get_agency(caller: Caller) -> Response:
    """Show the caller's own agency."""
    return single(show(services().identity.ask("agency", agency_id=caller.agency_id)))
