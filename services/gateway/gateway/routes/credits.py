"""Credit of three kinds: what is there, how it came and went, buying more, handing it to accounts, hearing when it is low."""

from http import HTTPStatus
from typing import Any

from chassis.errors import InvalidRequest
from gateway.auth import Caller, Scope
from gateway.clients import Json, services
from gateway.routes import Routes, created, idempotency_key
from gateway.schemas import PageRequest, page_of, shown, shown_page
from gateway.schemas.credits import (
    Allocation,
    AllocationMade,
    AllocationRequest,
    Balance,
    BalanceRequest,
    PurchaseRequest,
    Settings,
    SettingsRequest,
    Transaction,
    TransactionsRequest,
)
from gateway.schemas.invoices import Invoice

routes = Routes(
    "credits",
    "Prepaid, SMS and inbox preview credit (R0.101). Anything that would debit the card draws on prepaid first (R0.103); SMS and inbox"
    " previews are allocated to accounts, which spend them.",
)
show_balance = shown(Balance)
show_transactions = shown_page(shown(Transaction))
show_invoice = shown(Invoice)
show_purchases = shown_page(show_invoice)
show_allocation = shown(AllocationMade)
show_allocations = shown_page(shown(Allocation))
show_settings = shown(Settings)

CREDITS = "/v1/credits/<any(prepaid,sms,'inbox-preview'):kind>"
PREPAID = "prepaid"


@routes.get(CREDITS, scope=Scope.CREDITS_READ, query=BalanceRequest, answer=Balance)
def get_credit_balance(caller: Caller, query: Json, *, kind: str) -> Json:
    """Show what is left, and of which purchases."""
    return show_balance(services().credits.ask("balance", agency_id=caller.agency_id, kind=_inner(kind), **query))


@routes.get(f"{CREDITS}/transactions", scope=Scope.CREDITS_READ, query=TransactionsRequest, answer=page_of(Transaction))
def list_credit_transactions(caller: Caller, query: Json, *, kind: str) -> Json:
    """List every movement of this kind of credit, with what was there after it (R0.110)."""
    return show_transactions(services().credits.ask("transactions", agency_id=caller.agency_id, kind=_inner(kind), **query))


@routes.get(f"{CREDITS}/purchases", scope=Scope.CREDITS_READ, query=PageRequest, answer=page_of(Invoice))
def list_credit_purchases(caller: Caller, query: Json, *, kind: str) -> Json:
    """List the invoices for this kind of credit."""
    return show_purchases(services().billing.ask("credit_purchases", agency_id=caller.agency_id, kind=_inner(kind), **query))


@routes.post(
    f"{CREDITS}/purchases",
    scope=Scope.CREDITS_WRITE,
    body=PurchaseRequest,
    answer=Invoice,
    status=HTTPStatus.ACCEPTED,
    refuses=(HTTPStatus.NOT_FOUND, HTTPStatus.CONFLICT),
)
def purchase_credits(caller: Caller, body: Json, *, kind: str) -> Any:
    """Buy credit: prepaid for an amount, the others by number. It is there once the invoice, which is the answer, is paid."""
    _check_how_much(kind, body)
    asked = {"agency_id": caller.agency_id, "kind": _inner(kind), **body}
    invoice = services().billing.tell("purchase_credits", idempotency_key=idempotency_key(), **asked)
    return created(show_invoice(invoice), f"/v1/invoices/{invoice['id']}", HTTPStatus.ACCEPTED)


@routes.get(f"{CREDITS}/allocations", scope=Scope.CREDITS_READ, query=TransactionsRequest, answer=page_of(Allocation))
def list_credit_allocations(caller: Caller, query: Json, *, kind: str) -> Json:
    """List what was allocated to accounts and taken back."""
    return show_allocations(services().credits.ask("allocations", agency_id=caller.agency_id, kind=_inner(kind), **query))


@routes.post(
    f"{CREDITS}/allocations",
    scope=Scope.CREDITS_WRITE,
    body=AllocationRequest,
    answer=AllocationMade,
    refuses=(HTTPStatus.NOT_FOUND, HTTPStatus.CONFLICT),
)
def allocate_credits(caller: Caller, body: Json, *, kind: str) -> Json:
    """Allocate credit to an account (R0.102, R0.111), or take back what it has not spent."""
    asked = {"agency_id": caller.agency_id, "kind": _inner(kind), **body}
    return show_allocation(services().credits.tell("allocate_credits", idempotency_key=idempotency_key(), **asked))


@routes.get(f"{CREDITS}/settings", scope=Scope.CREDITS_READ, answer=Settings)
def get_credit_settings(caller: Caller, *, kind: str) -> Json:
    """Show at which balance the agency hears that it is low, and what is bought then."""
    return show_settings(services().credits.ask("settings", agency_id=caller.agency_id, kind=_inner(kind)))


@routes.put(
    f"{CREDITS}/settings",
    scope=Scope.CREDITS_WRITE,
    body=SettingsRequest,
    answer=Settings,
)
def set_credit_settings(caller: Caller, body: Json, *, kind: str) -> Json:
    """Set at which balance the agency hears that it is low, and what is bought then; what is left out or null is not wanted any more."""
    asked = {"agency_id": caller.agency_id, "kind": _inner(kind), **body}
    return show_settings(services().credits.tell("change_settings", idempotency_key=idempotency_key(), **asked))


def _inner(kind: str) -> str:
    """Say how the services write the kind."""
    return kind.replace("-", "_")


def _check_how_much(kind: str, body: Json) -> None:
    """Refuse a purchase that does not say how much in the way of its kind."""
    wanted, other = ("amount", "units") if kind == PREPAID else ("units", "amount")
    if body[wanted] is None:
        missing = {"field": wanted, "code": "required", "message": f"Credit of this kind is bought by {wanted}."}
        raise InvalidRequest(errors=[missing])
    if body[other] is not None:
        raise InvalidRequest(errors=[{"field": other, "code": "invalid", "message": f"Credit of this kind is bought by {wanted}."}])
