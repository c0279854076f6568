"""Invoices and credit notes, also as PDF."""

from http import HTTPStatus

from flask import Response

from gateway.auth import Caller, Scope
from gateway.clients import Json, services
from gateway.routes import Routes, single
from gateway.routes.pdf import printed
from gateway.schemas import page_of, shown, shown_page
from gateway.schemas.invoices import CreditNote, DocumentsRequest, Invoice, InvoicesRequest

routes = Routes("invoices", "What was billed to the agency.")
show = shown(Invoice)
show_page = shown_page(show)
show_credit_note = shown(CreditNote)
show_credit_notes = shown_page(show_credit_note)


@routes.get("/v1/invoices", scope=Scope.BILLING_READ, query=InvoicesRequest, answer=page_of(Invoice))
def list_invoices(caller: Caller, query: Json) -> Json:
    """List the agency's invoices, or those of accounts called so (R0.67), of an account, of a status, of a month."""
    return show_page(services().billing.ask("invoices", agency_id=caller.agency_id, **query))


@routes.get('/v1/invoices/<id("inv"):invoice_id>', scope=Scope.BILLING_READ, answer=Invoice, refuses=(HTTPStatus.NOT_FOUND,), has_etag=True)
def get_invoice(caller: Caller, *, invoice_id: str) -> Response:
    """Show an invoice with its lines."""
    return single(show(services().billing.ask("invoice", agency_id=caller.agency_id, invoice_id=invoice_id)))


@routes.get_pdf('/v1/invoices/<id("inv"):invoice_id>.pdf', scope=Scope.BILLING_READ, refuses=(HTTPStatus.NOT_FOUND,))
def get_invoice_pdf(caller: Caller, *, invoice_id: str) -> Response:
    """Give an invoice as PDF, in the agency's language, with the figures of the JSON."""
    return printed(services().billing.ask("invoice_pdf", agency_id=caller.agency_id, invoice_id=invoice_id))


@routes.get("/v1/credit-notes", scope=Scope.BILLING_READ, query=DocumentsRequest, answer=page_of(CreditNote))
def list_credit_notes(caller: Caller, query: Json) -> Json:
    """List the agency's credit notes, or those of one account."""
    return show_credit_notes(services().billing.ask("credit_notes", agency_id=caller.agency_id, **query))


@routes.get(
    '/v1/credit-notes/<id("cn"):credit_note_id>',
    scope=Scope.BILLING_READ,
    answer=CreditNote,
    refuses=(HTTPStatus.NOT_FOUND,),
    has_etag=True,
)
def get_credit_note(caller: Caller, *, credit_note_id: str) -> Response:
    """Show a credit note with its lines, and what of it goes where."""
    return single(show_credit_note(services().billing.ask("credit_note", agency_id=caller.agency_id, credit_note_id=credit_note_id)))


@routes.get_pdf('/v1/credit-notes/<id("cn"):credit_note_id>.pdf', scope=Scope.BILLING_READ, refuses=(HTTPStatus.NOT_FOUND,))
def get_credit_note_pdf(caller: Caller, *, credit_note_id: str) -> Response:
    """Give a credit note as PDF, in the agency's language."""
    return printed(services().billing.ask("credit_note_pdf", agency_id=caller.agency_id, credit_note_id=credit_note_id))
