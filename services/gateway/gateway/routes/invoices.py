"""Invoices."""

from http import HTTPStatus

from flask import Response

from gateway.auth import Caller, Scope
from gateway.clients import Json, services
from gateway.routes import Routes, single
from gateway.schemas import page_of, shown, shown_page
from gateway.schemas.invoices import Invoice, InvoicesRequest

routes = Routes("invoices", "What was billed to the agency.")
show = shown(Invoice)
show_page = shown_page(show)


@routes.get("/v1/invoices", scope=Scope.BILLING_READ, query=InvoicesRequest, answer=page_of(Invoice))
def list_invoices(caller: Caller, query: Json) -> Json:
    """List the agency's invoices, or those of one account (R0.67)."""
    return show_page(services().billing.ask("invoices", agency_id=caller.agency_id, **query))


@routes.get('/v1/invoices/<id("inv"):invoice_id>', scope=Scope.BILLING_READ, answer=Invoice, refuses=(HTTPStatus.NOT_FOUND,), has_etag=True)
def get_invoice(caller: Caller, *, invoice_id: str) -> Response:
    """Show an invoice with its lines."""
    return single(show(services().billing.ask("invoice", agency_id=caller.agency_id, invoice_id=invoice_id)))
