"""Saved views of the overview: those of the caller, and nobody else's."""

from http import HTTPStatus
from typing import Any

from flask import Response

from gateway.auth import Caller, Scope
from gateway.clients import Json, services
from gateway.routes import Routes, created, idempotency_key, removed, single
from gateway.schemas import PageRequest, page_of, shown, shown_page
from gateway.schemas.views import View, ViewChange, ViewRequest

routes = Routes(
    "views",
    "Saved views of the accounts: filters, sort and columns. Each user has their own, under all of their keys;"
    " a key that is no user's has its own, and leaves them to its successor.",
)
show = shown(View)
show_page = shown_page(show)

VIEW = '/v1/views/<id("viw"):view_id>'


def mine(caller: Caller) -> Json:
    """Whose views these are."""
    return {"agency_id": caller.agency_id, "owner": caller.owner}


@routes.get("/v1/views", scope=Scope.ACCOUNTS_READ, query=PageRequest, answer=page_of(View))
def list_views(caller: Caller, query: Json) -> Json:
    """List your views, by name."""
    return show_page(services().accounts.ask("views", **mine(caller), **query))


@routes.post(
    "/v1/views",
    scope=Scope.ACCOUNTS_READ,
    body=ViewRequest,
    answer=View,
    status=HTTPStatus.CREATED,
    refuses=(HTTPStatus.CONFLICT,),
)
def create_view(caller: Caller, body: Json) -> Any:
    """Save a view: it holds nothing that the list would not take."""
    view = services().accounts.tell("create_view", idempotency_key=idempotency_key(), **mine(caller), **body)
    return created(show(view), f"/v1/views/{view['id']}")


@routes.get(VIEW, scope=Scope.ACCOUNTS_READ, answer=View, refuses=(HTTPStatus.NOT_FOUND,), has_etag=True)
def get_view(caller: Caller, *, view_id: str) -> Response:
    """Show one view of yours."""
    view = services().accounts.ask("view", **mine(caller), view_id=view_id)
    return single(show(view), version=view["version"])


@routes.patch(VIEW, scope=Scope.ACCOUNTS_READ, body=ViewChange, answer=View, refuses=(HTTPStatus.NOT_FOUND, HTTPStatus.CONFLICT))
def change_view(caller: Caller, body: Json, *, view_id: str) -> Json:
    """Change what is given of a view of yours."""
    return show(services().accounts.tell("change_view", idempotency_key=idempotency_key(), **mine(caller), view_id=view_id, **body))


@routes.delete(VIEW, scope=Scope.ACCOUNTS_READ, refuses=(HTTPStatus.NOT_FOUND,))
def remove_view(caller: Caller, *, view_id: str) -> Response:
    """Forget a view of yours."""
    services().accounts.tell("remove_view", idempotency_key=idempotency_key(), **mine(caller), view_id=view_id)
    return removed()
