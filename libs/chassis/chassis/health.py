"""`/healthz`, `/readyz`, `/metrics` of a process, on a port of its own."""

import json
import threading
from collections.abc import Callable, Iterable, Mapping
from socketserver import ThreadingMixIn
from typing import Any
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server

from prometheus_client import CONTENT_TYPE_LATEST, REGISTRY, generate_latest

Check = Callable[[], bool]


class _Server(ThreadingMixIn, WSGIServer):
    daemon_threads = True


class _SilentHandler(WSGIRequestHandler):
    def log_message(self, *_arguments: object) -> None:
        """Probes are not news."""


def application(checks: Mapping[str, Check], *, registry: Any = REGISTRY) -> Callable[..., Iterable[bytes]]:
    """The WSGI application. Alive: it answers. Ready: every check says so; the answer names those that do not."""

    def respond(environ: dict[str, Any], start_response: Callable[..., object]) -> Iterable[bytes]:
        path = environ.get("PATH_INFO", "")
        if path == "/metrics":
            start_response("200 OK", [("Content-Type", CONTENT_TYPE_LATEST)])
            return [generate_latest(registry)]
        if path == "/healthz":
            return _json(start_response, "200 OK", {"status": "alive"})
        if path == "/readyz":
            results = {name: check() for name, check in checks.items()}
            ready = all(results.values())
            return _json(
                start_response,
                "200 OK" if ready else "503 Service Unavailable",
                {"status": "ready" if ready else "not ready", "checks": results},
            )
        return _json(start_response, "404 Not Found", {"status": "there are /healthz, /readyz and /metrics here"})

    return respond


def serve(host: str, port: int, checks: Mapping[str, Check]) -> WSGIServer:
    """Serve them from a background thread until the process ends; port 0 takes a free one."""
    server = make_server(host, port, application(checks), server_class=_Server, handler_class=_SilentHandler)
    threading.Thread(target=server.serve_forever, name="health", daemon=True).start()
    return server


def _json(start_response: Callable[..., object], status: str, content: Mapping[str, Any]) -> Iterable[bytes]:
    start_response(status, [("Content-Type", "application/json")])
    return [json.dumps(content).encode()]
