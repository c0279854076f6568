"""How accounts look to their users."""

from http import HTTPStatus

from gateway.auth import Caller, Scope
from gateway.clients import Json, services
from gateway.routes import Routes, idempotency_key
from gateway.schemas import shown
from gateway.schemas.branding import Branding, BrandingRequest

routes = Routes("branding", "How accounts look to their users.")
show = shown(Branding)

BRANDING = '/v1/accounts/<id("acc"):account_id>/branding'


@routes.get(BRANDING, scope=Scope.ACCOUNTS_READ, answer=Branding, refuses=(HTTPStatus.NOT_FOUND,))
def get_branding(caller: Caller, *, account_id: str) -> Json:
    """Show how the account looks."""
    return show(services().accounts.ask("branding", agency_id=caller.agency_id, account_id=account_id))


@routes.put(
    BRANDING, scope=Scope.ACCOUNTS_WRITE, body=BrandingRequest, answer=Branding, refuses=(HTTPStatus.NOT_FOUND, HTTPStatus.CONFLICT)
)
def set_branding(caller: Caller, body: Json, *, account_id: str) -> Json:
    """Make the account look as wanted, whole: what is left out or null is reset (R0.18, R0.86, R0.113)."""
    key = idempotency_key()
    return show(services().accounts.tell("set_branding", idempotency_key=key, agency_id=caller.agency_id, account_id=account_id, **body))
