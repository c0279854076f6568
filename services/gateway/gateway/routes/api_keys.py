"""API keys: made, listed, rotated, revoked."""

from http import HTTPStatus
from typing import Any

from flask import Response

from gateway.auth import Caller, Scope
from gateway.clients import Json, services
from gateway.routes import Routes, created, idempotency_key, removed, single
from gateway.schemas import PageRequest, page_of, shown, shown_page
from gateway.schemas.api_keys import ApiKey, ApiKeyRequest, CreatedApiKey, RotationRequest

routes = Routes("api-keys", "What programs and users of the agency sign in with.")
show = shown(ApiKey)
show_page = shown_page(show)
show_created = shown(CreatedApiKey)

KEY = '/v1/api-keys/<id("key"):key_id>'


@routes.get("/v1/api-keys", scope=Scope.ADMIN, query=PageRequest, answer=page_of(ApiKey))
def list_api_keys(caller: Caller, query: Json) -> Json:
    """List the agency's keys, those that ended too, newest first."""
    return show_page(services().identity.ask("api_keys", agency_id=caller.agency_id, **query))


@routes.post(
    "/v1/api-keys",
    scope=Scope.ADMIN,
    body=ApiKeyRequest,
    answer=CreatedApiKey,
    status=HTTPStatus.CREATED,
    refuses=(HTTPStatus.NOT_FOUND,),
)
def create_api_key(caller: Caller, body: Json) -> Any:
    """Make a key, a program's or a user's. Its secret is told this once, and kept by nobody but you."""
    key = services().identity.tell(
        "create_api_key", idempotency_key=idempotency_key(), agency_id=caller.agency_id, by_key_id=caller.key_id, **body
    )
    return created(show_created(key), f"/v1/api-keys/{key['id']}")


@routes.get(KEY, scope=Scope.ADMIN, answer=ApiKey, refuses=(HTTPStatus.NOT_FOUND,), has_etag=True)
def get_api_key(caller: Caller, *, key_id: str) -> Response:
    """Show a key, all but its secret."""
    return single(show(services().identity.ask("api_key", agency_id=caller.agency_id, key_id=key_id)))


@routes.delete(KEY, scope=Scope.ADMIN, refuses=(HTTPStatus.NOT_FOUND, HTTPStatus.CONFLICT))
def revoke_api_key(caller: Caller, *, key_id: str) -> Response:
    """Revoke a key: it opens nothing from now on. The last one with the scope admin is rotated instead."""
    services().identity.tell("revoke_api_key", idempotency_key=idempotency_key(), agency_id=caller.agency_id, key_id=key_id)
    return removed()


@routes.post(
    f"{KEY}/rotation",
    scope=Scope.ADMIN,
    body=RotationRequest,
    answer=CreatedApiKey,
    status=HTTPStatus.CREATED,
    refuses=(HTTPStatus.NOT_FOUND, HTTPStatus.CONFLICT),
)
def rotate_api_key(caller: Caller, body: Json, *, key_id: str) -> Any:
    """Make a successor of the same name, scopes and user. The old key opens for a while longer, so that your programs can change over."""
    key = services().identity.tell(
        "rotate_api_key",
        idempotency_key=idempotency_key(),
        agency_id=caller.agency_id,
        key_id=key_id,
        by_key_id=caller.key_id,
        **body,
    )
    return created(show_created(key), f"/v1/api-keys/{key['id']}")
