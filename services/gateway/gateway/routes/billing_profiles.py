"""Billing profiles: what the agency pays with."""

from http import HTTPStatus
from typing import Any

from flask import Response

from gateway.auth import Caller, Scope
from gateway.clients import Json, services
from gateway.routes import Routes, created, idempotency_key, single
from gateway.schemas import PageRequest, page_of, shown, shown_page
from gateway.schemas.billing_profiles import BillingProfile, BillingProfileRequest

routes = Routes("billing-profiles", "Payment methods of the agency, with the address on their invoices.")
show = shown(BillingProfile)
show_page = shown_page(show)


@routes.get("/v1/billing-profiles", scope=Scope.BILLING_READ, query=PageRequest, answer=page_of(BillingProfile))
def list_billing_profiles(caller: Caller, query: Json) -> Json:
    """List the agency's billing profiles."""
    return show_page(services().billing.ask("billing_profiles", agency_id=caller.agency_id, **query))


@routes.post(
    "/v1/billing-profiles",
    scope=Scope.BILLING_WRITE,
    body=BillingProfileRequest,
    answer=BillingProfile,
    status=HTTPStatus.CREATED,
    refuses=(HTTPStatus.CONFLICT,),
)
def add_billing_profile(caller: Caller, body: Json) -> Any:
    """Add a billing profile. The token of the payment method is never shown again."""
    profile = services().billing.tell("add_billing_profile", idempotency_key=idempotency_key(), agency_id=caller.agency_id, **body)
    return created(show(profile), f"/v1/billing-profiles/{profile['id']}")


@routes.get(
    '/v1/billing-profiles/<id("bp"):billing_profile_id>',
    scope=Scope.BILLING_READ,
    answer=BillingProfile,
    refuses=(HTTPStatus.NOT_FOUND,),
    has_etag=True,
)
def get_billing_profile(caller: Caller, *, billing_profile_id: str) -> Response:
    """Show a billing profile."""
    return single(show(services().billing.ask("billing_profile", agency_id=caller.agency_id, billing_profile_id=billing_profile_id)))
