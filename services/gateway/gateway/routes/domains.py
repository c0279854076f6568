"""Checks that custom domains point at their accounts."""

from http import HTTPStatus

from gateway.auth import Caller, Scope
from gateway.clients import Json, services
from gateway.routes import Routes, idempotency_key
from gateway.schemas import Nothing, shown
from gateway.schemas.domains import DomainCheck

routes = Routes("domains", "Custom domains, and whether they point at their accounts.")
show = shown(DomainCheck)

CHECK = '/v1/accounts/<id("acc"):account_id>/domain-check'


@routes.get(CHECK, scope=Scope.ACCOUNTS_READ, answer=DomainCheck, refuses=(HTTPStatus.NOT_FOUND,))
def get_domain_check(caller: Caller, *, account_id: str) -> Json:
    """Show how the check of the account's custom domain stands."""
    return show(services().accounts.ask("domain_check", agency_id=caller.agency_id, account_id=account_id))


@routes.post(CHECK, scope=Scope.ACCOUNTS_WRITE, body=Nothing, answer=DomainCheck, refuses=(HTTPStatus.NOT_FOUND, HTTPStatus.CONFLICT))
def start_domain_check(caller: Caller, _body: Json, *, account_id: str) -> Json:
    """Look the custom domain up, now and then every hour until it points at the account, for three days (R0.22, R0.114)."""
    key = idempotency_key()
    return show(services().accounts.tell("start_domain_check", idempotency_key=key, agency_id=caller.agency_id, account_id=account_id))
