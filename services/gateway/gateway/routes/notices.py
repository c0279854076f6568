"""Notices: what was sent, to whom, and why."""

from gateway.auth import Caller, Scope
from gateway.clients import Json, services
from gateway.routes import Routes
from gateway.schemas import page_of, shown, shown_page
from gateway.schemas.notices import Notice, NoticesRequest

routes = Routes("notices", "What was sent, to whom, why, and whether it arrived.")
show_page = shown_page(shown(Notice))


@routes.get("/v1/notices", scope=Scope.ACCOUNTS_READ, query=NoticesRequest, answer=page_of(Notice))
def list_notices(caller: Caller, query: Json) -> Json:
    """List the notices of the agency, or those about one account."""
    return show_page(services().notifications.ask("notices", agency_id=caller.agency_id, **query))
