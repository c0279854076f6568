"""The application over services that a test answers for, as clients see it."""

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

import pytest
from werkzeug.test import TestResponse

from chassis.errors import Refusal, Unavailable
from chassis.testing import FakeCall
from gateway.app import create_app
from gateway.app.observation import AccessLog
from gateway.limits import Limits

from .at_the_door import AGENCY_ID, KEY, KEY_ID, OWNER, Gateway

PROBLEM_MEMBERS = {"type", "title", "status", "detail", "code", "errors", "request_id"}
WAIT_STATUSES = {429, 503}
"""What may pass: the problem and its Retry-After say when to try again."""

__all__ = ["AGENCY_ID", "KEY", "KEY_ID", "OWNER"]

Method = Callable[[dict[str, Any]], Any]


class UnknownKey(Refusal):
    """What identity answers about a key it does not know."""

    kind = "unauthenticated"
    code = "invalid_api_key"
    message = "The API key is not valid."


ASKED_BESIDE = {"identity.key_by_digest", "credits.pots"}
"""Who asks, and what a quote's charge draws on: calls that few tests are about."""


def _away(_request: dict[str, Any]) -> Any:
    raise Unavailable(service="credits", reason="it is away")


class Services:
    """What the gateway calls: the functions of a test, by `service__method`. Identity knows one key; credits has no pots to tell of."""

    def __init__(self, scopes: tuple[str, ...], methods: Mapping[str, Method]) -> None:
        self.ready = True
        self.call = FakeCall(**{"identity__key_by_digest": self._key, "credits__pots": _away, **methods})
        self._scopes = scopes

    def asked(self) -> list[tuple[str, dict[str, Any]]]:
        """Every call but those beside."""
        return [(method, payload) for method, payload in self.call.calls if method not in ASKED_BESIDE]

    def _key(self, _request: dict[str, Any]) -> dict[str, Any]:
        return {"key_id": KEY_ID, "agency_id": AGENCY_ID, "scopes": list(self._scopes), "test_mode": False, "name": "tests", "owner": OWNER}


class Front:
    """A client with a key."""

    def __init__(self, services: Services, limits: Limits | None = None, origins: Iterable[str] = ()) -> None:
        self.services = services
        self._written: list[bytes] = []
        self.log = AccessLog(write=self._written.append)
        self.app = create_app(services, access_log=self.log, limits=limits, origins=origins)
        self._client = self.app.test_client()

    def get(self, path: str, *, key: str | None = KEY, **headers: str) -> TestResponse:
        return self._client.get(path, headers=_headers(key, headers))

    def post(self, path: str, body: Any = None, *, key: str | None = KEY, **headers: str) -> TestResponse:
        data = json.dumps({} if body is None else body).encode()
        return self.send("POST", path, key=key, data=data, Content_Type="application/json", **headers)

    def send(self, method: str, path: str, *, key: str | None = KEY, data: bytes = b"", **headers: str) -> TestResponse:
        """Any request."""
        return self._client.open(path, method=method, data=data, headers=_headers(key, headers))

    def lines(self) -> list[dict[str, Any]]:
        """What the access log says by now."""
        self.log.flush()
        return [json.loads(line) for line in b"".join(self._written).splitlines()]


def _headers(key: str | None, headers: Mapping[str, str]) -> dict[str, str]:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return named if key is None else {"Authorization": f"Bearer {key}", **named}


def assert_problem(answer: TestResponse, status: int, code: str, *fields: str) -> dict[str, Any]:
    """The answer is this problem, about these fields, and nothing else; give it."""
    assert answer.status_code == status, answer.text
    assert answer.content_type == "application/problem+json"
    problem: dict[str, Any] = json.loads(answer.data)
    waits = {"retry_after_seconds"} if status in WAIT_STATUSES else set()
    assert problem.keys() == PROBLEM_MEMBERS | waits
    assert [str(problem[name]) for name in waits] == answer.headers.getlist("Retry-After")
    assert (problem["status"], problem["code"]) == (status, code)
    assert [error["field"] for error in problem["errors"]] == list(fields)
    assert problem["request_id"] == answer.headers["X-Request-Id"]
    return problem


@pytest.fixture
def front() -> Callable[..., Front]:
    """`front(accounts__account=function, scopes=("admin",))`: the application over these services."""

    def make(
        *, scopes: tuple[str, ...] = ("admin",), limits: Limits | None = None, origins: Iterable[str] = (), **methods: Method
    ) -> Front:
        return Front(Services(scopes, methods), limits, origins)

    return make


@pytest.fixture
def start(amqp_uri: str) -> Iterator[Callable[..., Gateway]]:
    started: list[Gateway] = []

    def make(*, wait: bool = True, **environment: str) -> Gateway:
        started.append(Gateway(amqp_uri, **environment))
        if wait:
            started[-1].process.wait_ready()
        return started[-1]

    yield make
    for gateway in started:
        gateway.process.end()
