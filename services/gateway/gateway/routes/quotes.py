"""Quotes: what the customer sees is exactly what is charged."""

from datetime import datetime
from http import HTTPStatus
from typing import Any

from flask import Response

from chassis.errors import Refusal
from gateway.auth import Caller, Scope
from gateway.clients import Json, services
from gateway.errors import fields_called
from gateway.routes import Routes, created, idempotency_key, single
from gateway.schemas import shown
from gateway.schemas.quotes import Quote, QuoteRequest

routes = Routes("quotes", "Priced offers with an expiry.")
show = shown(Quote)

BESIDE_THE_SELECTION = ("account_id", "country", "effective", "purpose")

AWAY = {"unavailable", "timeout"}


@routes.post(
    "/v1/quotes",
    scope=Scope.BILLING_WRITE,
    body=QuoteRequest,
    answer=Quote,
    status=HTTPStatus.CREATED,
    refuses=(HTTPStatus.NOT_FOUND, HTTPStatus.CONFLICT),
)
def create_quote(caller: Caller, body: Json) -> Any:
    """Quote an offer for a new account, a plan change of `account_id`, or with no plan given its next renewal."""
    beside = {name: body.pop(name) for name in BESIDE_THE_SELECTION}
    selection = {"contacts": None, "frequency": None, **body} if body else None
    with fields_called("selection", ""):
        quote = services().billing.tell(
            "create_quote", idempotency_key=idempotency_key(), agency_id=caller.agency_id, selection=selection, **beside
        )
    return created(show(_with_draws(caller, quote)), f"/v1/quotes/{quote['id']}")


@routes.get('/v1/quotes/<id("quo"):quote_id>', scope=Scope.BILLING_READ, answer=Quote, refuses=(HTTPStatus.NOT_FOUND,), has_etag=True)
def get_quote(caller: Caller, *, quote_id: str) -> Response:
    """Show a quote, whether it can still be taken, and what its charge would draw on now."""
    quote = services().billing.ask("quote", agency_id=caller.agency_id, quote_id=quote_id)
    return single(show(_with_draws(caller, quote)))


def draws_of(quote: Json, pots: Json) -> Json:
    """Say what the charge of a quote draws on: the account's prepaid, then the agency's, then the card (R0.103–R0.105).

    The charge is what is due today, or a cycle's price where the quote takes effect later: lots that have expired by then do not pay.
    """
    at = datetime.fromisoformat(quote["takes_effect_at"] or quote["created_at"])
    due = quote["offer"]["per_cycle" if quote["takes_effect_at"] else "due_today"]
    own = [pot for pot in pots["accounts"] if pot["account_id"] == quote["account_id"]]
    draws: Json = {}
    left = due["amount"]
    for name, pot in (("account_prepaid", own), ("agency_prepaid", [pots["agency"]])):
        lots = [lot for each in pot for lot in each["lots"]]
        usable = sum(lot["units"] for lot in lots if lot["expires_at"] is None or datetime.fromisoformat(lot["expires_at"]) > at)
        draws[name] = {"amount": min(usable, left), "currency": due["currency"]}
        left -= min(usable, left)
    return {**draws, "card": {"amount": left, "currency": due["currency"]}}


def _with_draws(caller: Caller, quote: Json) -> Json:
    """Add what the charge draws on; null where credits cannot be asked: the price is held all the same."""
    currency = quote["offer"]["due_today"]["currency"]
    try:
        pots = services().credits.ask("pots", agency_id=caller.agency_id, kind="prepaid", currency=currency, account_id=quote["account_id"])
    except Refusal as refusal:
        if refusal.kind not in AWAY:
            raise
        return {**quote, "draws": None}
    return {**quote, "draws": draws_of(quote, pots)}
