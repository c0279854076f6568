"""Accounts that change hands: asked for here, confirmed by the client, completed by the platform (R0.53–R0.57)."""

from http import HTTPStatus
from typing import Any

from flask import Response

from gateway.auth import Caller, Scope
from gateway.clients import Json, services
from gateway.routes import Routes, created, idempotency_key, single
from gateway.schemas import PageRequest, page_of, shown, shown_page
from gateway.schemas.transfers import Transfer, TransferRequest

routes = Routes("transfers", "Accounts that come to the agency, or leave it.")
show = shown(Transfer)
show_page = shown_page(show)


@routes.get("/v1/transfers", scope=Scope.ACCOUNTS_READ, query=PageRequest, answer=page_of(Transfer))
def list_transfers(caller: Caller, query: Json) -> Json:
    """List the transfers that the agency asked for, newest first."""
    return show_page(services().accounts.ask("transfers", agency_id=caller.agency_id, **query))


@routes.post(
    "/v1/transfers",
    scope=Scope.ACCOUNTS_WRITE,
    body=TransferRequest,
    answer=Transfer,
    status=HTTPStatus.CREATED,
    refuses=(HTTPStatus.NOT_FOUND, HTTPStatus.CONFLICT),
)
def request_transfer(caller: Caller, body: Json) -> Any:
    """Ask for an account to come to the agency or to leave it; its client is sent a link to confirm."""
    transfer = services().accounts.tell("request_transfer", idempotency_key=idempotency_key(), agency_id=caller.agency_id, **body)
    return created(show(transfer), f"/v1/transfers/{transfer['id']}")


@routes.get(
    '/v1/transfers/<id("trf"):transfer_id>', scope=Scope.ACCOUNTS_READ, answer=Transfer, refuses=(HTTPStatus.NOT_FOUND,), has_etag=True
)
def get_transfer(caller: Caller, *, transfer_id: str) -> Response:
    """Show a transfer."""
    return single(show(services().accounts.ask("transfer", agency_id=caller.agency_id, transfer_id=transfer_id)))
