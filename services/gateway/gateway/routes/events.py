"""The event feed: the facts that webhooks deliver, by polling."""

from gateway.auth import Caller, Scope
from gateway.clients import Json, services
from gateway.routes import Routes
from gateway.schemas import PageRequest, page_of, shown, shown_page
from gateway.schemas.events import Event

routes = Routes("events", "Everything that happened, as CloudEvents.")
show_page = shown_page(shown(Event))


@routes.get("/v1/events", scope=Scope.WEBHOOKS_READ, query=PageRequest, answer=page_of(Event))
def list_events(caller: Caller, query: Json) -> Json:
    """List the agency's events of the last 30 days."""
    return show_page(services().notifications.ask("events", agency_id=caller.agency_id, **query))
