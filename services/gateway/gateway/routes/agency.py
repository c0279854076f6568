"""The caller's own agency."""

from http import HTTPStatus

from flask import Response, request

from gateway.auth import Caller, Scope
from gateway.clients import Json, services
from gateway.routes import Routes, idempotency_key, single
from gateway.schemas import shown
from gateway.schemas.agency import AGENCY_API_PATHS, Agency, AgencyChange

routes = Routes("agency", "The agency that asks.")
show_agency = shown(Agency)


def show(agency: Json) -> Json:
    """The agency, and where its programs reach us: at the host that was asked (R0.117)."""
    here = request.host_url
    api = {
        "base_url": f"{here}v1",
        "openapi_url": f"{here}v1/openapi.json",
        "docs_url": f"{here}docs",
        "agency_api_paths": AGENCY_API_PATHS,
    }
    return {**show_agency(agency), "api": api}


@routes.get("/v1/agency", scope=Scope.ACCOUNTS_READ, answer=Agency, refuses=(HTTPStatus.NOT_FOUND,), has_etag=True)
def get_agency(caller: Caller) -> Response:
    """Show the caller's own agency, and what its programs need to know of this API (R0.117)."""
    return single(show(services().identity.ask("agency", agency_id=caller.agency_id)))


@routes.patch("/v1/agency", scope=Scope.ADMIN, body=AgencyChange, answer=Agency, refuses=(HTTPStatus.NOT_FOUND,))
def update_agency(caller: Caller, body: Json) -> Json:
    """Change the agency's name, notification e-mail or language."""
    return show(services().identity.tell("update_agency", idempotency_key=idempotency_key(), agency_id=caller.agency_id, **body))
