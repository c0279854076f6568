"""Quotes: what the customer sees is exactly what is charged."""

from http import HTTPStatus
from typing import Any

from flask import Response

from gateway.auth import Caller, Scope
from gateway.clients import Json, services
from gateway.errors import fields_called
from gateway.routes import Routes, created, idempotency_key, single
from gateway.schemas import shown
from gateway.schemas.quotes import Quote, QuoteRequest

routes = Routes("quotes", "Priced offers with an expiry.")
show = shown(Quote)

BESIDE_THE_SELECTION = ("account_id", "country", "effective")


@routes.post(
    "/v1/quotes",
    scope=Scope.BILLING_WRITE,
    body=QuoteRequest,
    answer=Quote,
    status=HTTPStatus.CREATED,
    refuses=(HTTPStatus.NOT_FOUND, HTTPStatus.CONFLICT),
)
def create_quote(caller: Caller, body: Json) -> Any:
    """Quote an offer for a new account, or for a plan change of `account_id`."""
    beside = {name: body.pop(name) for name in BESIDE_THE_SELECTION}
    with fields_called("selection", ""):
        quote = services().billing.tell(
            "create_quote", idempotency_key=idempotency_key(), agency_id=caller.agency_id, selection=body, **beside
        )
    return created(show(quote), f"/v1/quotes/{quote['id']}")


@routes.get('/v1/quotes/<id("quo"):quote_id>', scope=Scope.BILLING_READ, answer=Quote, refuses=(HTTPStatus.NOT_FOUND,), has_etag=True)
def get_quote(caller: Caller, *, quote_id: str) -> Response:
    """Show a quote, and whether it can still be taken."""
    return single(show(services().billing.ask("quote", agency_id=caller.agency_id, quote_id=quote_id)))
