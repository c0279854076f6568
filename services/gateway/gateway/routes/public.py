"""What anybody may ask: the documentation, and whether we are there; and what the payment provider tells, who has no key."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from flask import Blueprint, Flask, Response, current_app, request
from werkzeug.exceptions import RequestEntityTooLarge

from chassis.errors import Unavailable
from gateway.clients import Json, services
from gateway.errors import Malformed
from gateway.routes import UNSTORABLE, docs_page
from gateway.schemas import encoded

routes = Blueprint("public", __name__)

MOST_TOLD_BYTES = 256 * 1024
LONGEST_SIGNATURE = 2000
EVENTS = Path(__file__).parent.parent / "asyncapi.json"
"""What the services publish, as their code says it: written by `make asyncapi`."""
KEPT_A_WHILE = {"Cache-Control": "public, max-age=300"}


@dataclass(frozen=True, kw_only=True)
class Documentation:
    """The OpenAPI document, for programs and for people; each is written when it is first asked for, and kept."""

    app: Flask
    describe: Callable[[], Json]

    @cached_property
    def document(self) -> Json:
        """The document."""
        return self.describe()

    @cached_property
    def text(self) -> str:
        """The document as JSON."""
        return encoded(self.document)

    @cached_property
    def page(self) -> str:
        """The document as a page to read."""
        return docs_page.written(self.app, self.document)


def documentation_of(app: Flask, describe: Callable[[], Json]) -> Documentation:
    """Prepare it to be written."""
    app.jinja_env.trim_blocks = app.jinja_env.lstrip_blocks = True
    return Documentation(app=app, describe=describe)


@routes.get("/v1/openapi.json")
def get_openapi() -> Response:
    """Give the OpenAPI document."""
    return Response(_documentation().text, content_type="application/json", headers=KEPT_A_WHILE)


@routes.get("/v1/asyncapi.json")
def get_asyncapi() -> Response:
    """Give the AsyncAPI document of all events that the services publish."""
    return Response(EVENTS.read_bytes(), content_type="application/json", headers=KEPT_A_WHILE)


@routes.get("/docs")
def get_docs() -> Response:
    """Show the OpenAPI document to people."""
    headers = {"Content-Security-Policy": docs_page.policy(), **KEPT_A_WHILE}
    return Response(_documentation().page, mimetype="text/html", headers=headers)


@routes.get("/healthz")
def get_health() -> Json:
    """Say that this process answers."""
    return {"status": "alive"}


@routes.get("/readyz")
def get_readiness() -> Json:
    """Say whether calls can be made; 503 where not."""
    if not services().ready:
        raise Unavailable(service="The message broker", reason="this process is not connected to it")
    return {"status": "ready"}


@routes.post("/webhooks/stripe")
def hear_stripe() -> Json:
    """Take what the payment provider tells; who tells it is known by its signature of the body, to the byte, and by nothing else."""
    told = request.get_data(cache=False)
    if len(told) > MOST_TOLD_BYTES:
        raise RequestEntityTooLarge
    try:
        body = told.decode()
    except UnicodeDecodeError:
        raise Malformed(reason="The body is not UTF-8.") from None
    signature = request.headers.get("Stripe-Signature", "")
    if UNSTORABLE.search(body) or not signature or len(signature) > LONGEST_SIGNATURE:
        raise Malformed(reason="The request is not one of the payment provider's.")
    services().billing.tell("hear_provider", idempotency_key=None, body=body, signature=signature)
    return {"received": True}


def _documentation() -> Documentation:
    documentation: Documentation = current_app.extensions["comptoir-documentation"]
    return documentation
