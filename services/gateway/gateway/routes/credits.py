"""Credit: what is there, how it came and went, and buying more."""

from http import HTTPStatus
from typing import Any

from gateway.auth import Caller, Scope
from gateway.clients import Json, services
from gateway.routes import Routes, created, idempotency_key
from gateway.schemas import PageRequest, page_of, shown, shown_page
from gateway.schemas.credits import Balance, BalanceRequest, PurchaseRequest, Transaction
from gateway.schemas.invoices import Invoice

routes = Routes("credits", "Prepaid credit: anything that would debit the card draws on it first (R0.103).")
show_balance = shown(Balance)
show_transactions = shown_page(shown(Transaction))
show_invoice = shown(Invoice)

CREDITS = "/v1/credits/<any(prepaid):kind>"


@routes.get(CREDITS, scope=Scope.CREDITS_READ, query=BalanceRequest, answer=Balance)
def get_credit_balance(caller: Caller, query: Json, *, kind: str) -> Json:
    """Show what is left, and of which purchases."""
    return show_balance(services().credits.ask("balance", agency_id=caller.agency_id, kind=kind, **query))


@routes.get(f"{CREDITS}/transactions", scope=Scope.CREDITS_READ, query=PageRequest, answer=page_of(Transaction))
def list_credit_transactions(caller: Caller, query: Json, *, kind: str) -> Json:
    """List every movement of this kind of credit."""
    return show_transactions(services().credits.ask("transactions", agency_id=caller.agency_id, kind=kind, **query))


@routes.post(
    f"{CREDITS}/purchases",
    scope=Scope.CREDITS_WRITE,
    body=PurchaseRequest,
    answer=Invoice,
    status=HTTPStatus.ACCEPTED,
    refuses=(HTTPStatus.NOT_FOUND, HTTPStatus.CONFLICT),
)
def purchase_credits(caller: Caller, body: Json, *, kind: str) -> Any:
    """Buy credit by card. The credit is there once the invoice, which is the answer, is paid."""
    invoice = services().billing.tell("purchase_credits", idempotency_key=idempotency_key(), agency_id=caller.agency_id, kind=kind, **body)
    return created(show_invoice(invoice), f"/v1/invoices/{invoice['id']}", HTTPStatus.ACCEPTED)
