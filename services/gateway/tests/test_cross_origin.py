"""Browsers' programs from other origins: none, unless configured, and then these alone."""

from collections.abc import Callable

import pytest
from werkzeug.test import TestResponse

from chassis.config import ConfigurationError
from gateway.config import Config

from .conftest import Front, assert_problem

ORIGIN = "https://desk.agency.example"
MakeFront = Callable[..., Front]


def preflight(client: Front, path: str = "/v1/accounts", origin: str = ORIGIN) -> TestResponse:
    asked = "authorization,if-match"
    return client.send(
        "OPTIONS", path, key=None, Origin=origin, Access_Control_Request_Method="PATCH", Access_Control_Request_Headers=asked
    )


def says_of_origins(answer: TestResponse) -> list[str]:
    return [name for name in answer.headers.keys() if name.startswith("Access-Control-")]  # noqa: SIM118  iterating gives pairs


def test_it_is_off_by_default(front: MakeFront) -> None:
    client = front()
    assert_problem(preflight(client), 405, "method_not_allowed")
    answer = client.get("/v1/accounts?limit=0", Origin=ORIGIN)
    assert says_of_origins(answer) == []
    assert "Vary" not in answer.headers


def test_a_preflight_of_an_allowed_origin_is_answered_without_a_key(front: MakeFront) -> None:
    answer = preflight(front(origins=(ORIGIN,)))
    assert (answer.status_code, answer.data) == (204, b"")
    assert answer.headers["Access-Control-Allow-Origin"] == ORIGIN
    assert "PATCH" in answer.headers["Access-Control-Allow-Methods"].split(", ")
    assert {"Authorization", "If-Match", "Idempotency-Key"} <= set(answer.headers["Access-Control-Allow-Headers"].split(", "))
    assert answer.headers["Access-Control-Max-Age"] == "600"
    assert answer.headers["Vary"] == "Origin"
    assert "Access-Control-Allow-Credentials" not in answer.headers


def test_every_answer_may_be_read_by_a_program_of_an_allowed_origin(front: MakeFront) -> None:
    client = front(origins=("https://other.example", ORIGIN))
    for answer, status in (
        (client.get("/v1/accounts?limit=0", Origin=ORIGIN), 422),
        (client.get("/v1/accounts", key=None, Origin=ORIGIN), 401),
        (client.get("/v1/nothing", Origin=ORIGIN), 404),
    ):
        assert answer.status_code == status
        assert answer.headers["Access-Control-Allow-Origin"] == ORIGIN
        assert {"ETag", "RateLimit", "Retry-After", "X-Request-Id"} <= set(answer.headers["Access-Control-Expose-Headers"].split(", "))


@pytest.mark.parametrize(
    "origin",
    [
        "https://desk.agency.example.evil.example",
        "http://desk.agency.example",
        "https://desk.agency.example:8443",
        "HTTPS://desk.agency.example",
        "null",
        "*",
    ],
)
def test_no_other_origin_is_allowed_however_alike(front: MakeFront, origin: str) -> None:
    client = front(origins=(ORIGIN,))
    assert_problem(preflight(client, origin=origin), 405, "method_not_allowed")
    answer = client.get("/v1/accounts?limit=0", Origin=origin)
    assert says_of_origins(answer) == []
    assert answer.headers["Vary"] == "Origin", "a cache must not give it to another origin"


def test_only_what_is_below_v1_is_for_other_origins(front: MakeFront) -> None:
    client = front(origins=(ORIGIN,))
    for path in ("/docs", "/healthz", "/webhooks/stripe"):
        assert says_of_origins(client.get(path, Origin=ORIGIN)) == []
        assert preflight(client, path).status_code == 405


def test_the_accounts_own_pages_are_for_nobody_elses_programs(front: MakeFront) -> None:
    answer = front(origins=(ORIGIN,)).get("/v1/accounts", key=None, Origin=ORIGIN, Host="acme.localhost")
    assert says_of_origins(answer) == []


def test_origins_are_configured_as_browsers_send_them() -> None:
    config = Config.from_environment({"CORS_ORIGINS": f"{ORIGIN}, http://localhost:5173"})
    assert config.cors_origins == (ORIGIN, "http://localhost:5173")
    assert Config.from_environment({"CORS_ORIGINS": ""}).cors_origins == ()


@pytest.mark.parametrize(
    "origins", ["*", "null", "desk.example", "https://desk.example/", "https://*.example", "https://a.example,", "HTTPS://a.example"]
)
def test_what_is_no_origin_is_refused_at_start(origins: str) -> None:
    with pytest.raises(ConfigurationError, match="CORS_ORIGINS"):
        Config.from_environment({"CORS_ORIGINS": origins})
