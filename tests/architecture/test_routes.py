"""Claims about who may take a route, and about the check that holds them."""

import pytest
from flask import Flask

from chassis.rpc_client import RpcClient
from gateway.app import create_app
from gateway.app.observation import AccessLog

from .routes import PUBLIC, unauthenticated
from .tree import hold


@pytest.fixture
def app() -> Flask:
    """The gateway's application, whose client never connects: a stranger's request must not get that far."""
    return create_app(RpcClient("amqp://nobody:nothing@127.0.0.1:1/"), access_log=AccessLog())


def test_every_route_asks_for_a_key(app: Flask) -> None:
    hold(unauthenticated(app))


def test_every_public_route_exists(app: Flask) -> None:
    assert {rule.rule for rule in app.url_map.iter_rules()} >= PUBLIC


def test_a_route_open_to_strangers_is_named_and_told_how_to_close_it() -> None:
    app = Flask("careless", static_folder=None)
    app.add_url_rule("/v1/secrets/<secret_id>", view_func=lambda secret_id: secret_id)
    [sentence] = unauthenticated(app)
    assert sentence.startswith("GET /v1/secrets/<secret_id> answers a caller without a key with 200, not 401: declare it")
