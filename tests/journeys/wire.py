"""HTTP as it is sent: no client library mends an address, escapes a byte or leaves out a header."""

import contextlib
import http.client
import json
from dataclasses import dataclass
from email.message import Message
from typing import Any
from urllib.parse import urlencode, urlsplit

PROBLEM = "application/problem+json"
PROBLEM_MEMBERS = {"type", "title", "status", "detail", "code", "errors", "request_id"}
WAIT = "retry_after_seconds"
FAILURE = 500
REFUSAL = 400


@dataclass(frozen=True, kw_only=True)
class Answer:
    """What came back."""

    status: int
    headers: Message
    text: str

    @property
    def is_refusal(self) -> bool:
        """Whether the caller is told what was wrong with the request."""
        return REFUSAL <= self.status < FAILURE

    def json(self) -> Any:
        """Its body."""
        return json.loads(self.text)

    def problem(self) -> dict[str, Any]:
        """Its body, but for what is different each time."""
        body: dict[str, Any] = self.json()
        return {name: value for name, value in body.items() if name != "request_id"}

    def faults(self) -> str | None:
        """Say what is wrong with a problem; None for a right one."""
        if self.headers.get_content_type() != PROBLEM:
            return f"is {self.headers.get_content_type()}, not {PROBLEM}"
        try:
            body = self.json()
        except ValueError:
            return "is no JSON"
        if body.keys() - {WAIT} != PROBLEM_MEMBERS:
            return f"has the members {sorted(body)}"
        waits = body.get(WAIT) is None if "Retry-After" not in self.headers else str(body.get(WAIT)) == self.headers["Retry-After"]
        if body["status"] != self.status or not body["code"] or not body["detail"] or not waits:
            return "does not say its status, code and detail, and how long to wait as Retry-After does"
        if body["request_id"] != self.headers.get("X-Request-Id", body["request_id"]):
            return "has another request_id than X-Request-Id"
        return None if body["request_id"] else "has no request_id"


class Wire:
    """Connections to the gateway, each kept for the next request."""

    def __init__(self, url: str) -> None:
        self._address = urlsplit(url)
        self._idle: list[http.client.HTTPConnection] = []

    def close(self) -> None:
        """Hang up."""
        while self._idle:
            self._idle.pop().close()

    def send(
        self,
        method: str,
        path: str,
        *,
        authorization: str | None,
        query: dict[str, str] | str = "",
        body: object = None,
        content_type: str | None = "application/json",
        **headers: str,
    ) -> Answer:
        """Send a request; `body`: bytes as they are, or anything else as JSON."""
        text = query if isinstance(query, str) else urlencode(query)
        target = f"{path}?{text}" if text else path
        data = body if isinstance(body, bytes) or body is None else json.dumps(body).encode()
        headers = {name.replace("_", "-"): value for name, value in headers.items()}
        if authorization is not None:
            headers["Authorization"] = authorization
        if data is not None and content_type is not None:
            headers["Content-Type"] = content_type
        try:
            return self._sent(method, target, data, headers)
        except http.client.RemoteDisconnected:  # an idle connection, hung up on meanwhile
            return self._sent(method, target, data, headers)

    def _sent(self, method: str, target: str, data: bytes | None, headers: dict[str, str]) -> Answer:
        connection = (
            self._idle.pop() if self._idle else http.client.HTTPConnection(str(self._address.hostname), self._address.port, timeout=20)
        )
        try:
            with contextlib.suppress(BrokenPipeError, ConnectionResetError):  # refused before it was sent whole: the answer says why
                connection.request(method, target, body=data, headers=headers)
            response = connection.getresponse()
            text = response.read().decode(errors="replace")
        except BaseException:
            connection.close()
            raise
        self._idle.append(connection)
        return Answer(status=response.status, headers=response.headers, text=text)
