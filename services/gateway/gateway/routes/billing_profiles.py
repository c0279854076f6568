"""Billing profiles: what the agency pays with."""

from http import HTTPStatus
from typing import Any

from flask import Response

from gateway.auth import Caller, Scope
from gateway.clients import Json, services
from gateway.routes import Routes, created, expected_version, idempotency_key, removed, single
from gateway.schemas import PageRequest, page_of, shown, shown_page
from gateway.schemas.billing_profiles import (
    BillingProfile,
    BillingProfileChange,
    BillingProfileRequest,
    SetupIntent,
    SetupIntentRequest,
)

routes = Routes("billing-profiles", "Payment methods of the agency, with the address on their invoices.")
show = shown(BillingProfile)
show_page = shown_page(show)
show_setup = shown(SetupIntent)

PROFILE = '/v1/billing-profiles/<id("bp"):billing_profile_id>'


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
    PROFILE,
    scope=Scope.BILLING_READ,
    answer=BillingProfile,
    refuses=(HTTPStatus.NOT_FOUND,),
    has_etag=True,
)
def get_billing_profile(caller: Caller, *, billing_profile_id: str) -> Response:
    """Show a billing profile."""
    profile = services().billing.ask("billing_profile", agency_id=caller.agency_id, billing_profile_id=billing_profile_id)
    return single(show(profile), version=profile["version"])


@routes.patch(
    PROFILE,
    scope=Scope.BILLING_WRITE,
    body=BillingProfileChange,
    answer=BillingProfile,
    refuses=(HTTPStatus.NOT_FOUND, HTTPStatus.CONFLICT),
    has_etag=True,
)
def update_billing_profile(caller: Caller, body: Json, *, billing_profile_id: str) -> Response:
    """Change a billing profile, or make it the default. What it pays is paid by a new card from then on."""
    profile = services().billing.tell(
        "update_billing_profile",
        idempotency_key=idempotency_key(),
        agency_id=caller.agency_id,
        billing_profile_id=billing_profile_id,
        expected_version=expected_version(),
        **body,
    )
    return single(show(profile), version=profile["version"])


@routes.delete(PROFILE, scope=Scope.BILLING_WRITE, refuses=(HTTPStatus.NOT_FOUND, HTTPStatus.CONFLICT))
def remove_billing_profile(caller: Caller, *, billing_profile_id: str) -> Response:
    """Remove a billing profile that no account pays by and no open invoice is to be paid by; the refusal names the accounts."""
    key = idempotency_key()
    services().billing.tell(
        "remove_billing_profile", idempotency_key=key, agency_id=caller.agency_id, billing_profile_id=billing_profile_id
    )
    return removed()


@routes.post(
    "/v1/billing-profiles/setup-intents",
    scope=Scope.BILLING_WRITE,
    body=SetupIntentRequest,
    answer=SetupIntent,
    status=HTTPStatus.CREATED,
    has_address=False,
)
def begin_card_setup(caller: Caller, body: Json) -> Any:
    """Begin to hand a card to the payment provider, in the browser, past us; its id then makes a billing profile."""
    begun = services().billing.tell("begin_card_setup", idempotency_key=idempotency_key(), agency_id=caller.agency_id, **body)
    return show_setup(begun), HTTPStatus.CREATED
