"""The HTTP server: gunicorn with threads, and its health and metrics on a port of their own."""

import http.client
import resource
import sys
import threading
from dataclasses import fields
from http import HTTPStatus
from socketserver import ThreadingMixIn
from typing import TYPE_CHECKING, Any
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server

from gunicorn.app.base import BaseApplication  # type: ignore[import-untyped]  # gunicorn has no types
from gunicorn.glogging import Logger  # type: ignore[import-untyped]  # gunicorn has no types
from gunicorn.http.errors import ParseException  # type: ignore[import-untyped]  # gunicorn has no types
from prometheus_client import CollectorRegistry
from prometheus_client.multiprocess import MultiProcessCollector, mark_process_dead
from werkzeug.exceptions import BadRequest

from chassis import health
from chassis.circuits import Circuits
from chassis.garbage import spare_what_stays
from chassis.listener import Listener
from chassis.presence import Presence
from chassis.rpc_client import RpcClient
from gateway import errors
from gateway.account_pages.host import Hosts
from gateway.app import Gateway, create_app
from gateway.app.connections import Worker
from gateway.app.observation import AccessLog
from gateway.app.revocations import revocations
from gateway.clients import Clients
from gateway.config import Config
from gateway.limits import Budget, InMemory, Limits

if TYPE_CHECKING:
    from gateway.limits.shared import InRedis

KEEP_ALIVE_SECONDS = 65
"""Longer than the 60 s that load balancers commonly keep an idle connection: they hang up first, so none sends into a closed one."""
ADDRESS_BYTES = 8190
"""The most that gunicorn reads: the longest cursor, and what a list was asked for beside it."""
PROBE_SECONDS = 2
SPARE_FILES = 256
"""What a worker may have open beside its clients' connections."""
ANY_ADDRESS = ("", "0.0.0.0", "[::]")  # noqa: S104  compared with, not bound to


class Log(Logger):  # type: ignore[misc]  # as above
    """gunicorn's own lines, by way of the standard library's root logger, which writes as all of ours are written."""

    def __init__(self, cfg: Any) -> None:
        super().__init__(cfg)
        self.error_log.propagate = True

    def exception(self, msg: Any, *args: Any, **kwargs: Any) -> None:
        """Log a failure with its trace; a client that was too slow is none."""
        if isinstance(sys.exc_info()[1], BlockingIOError):
            self.info("A client stood still for too long: its connection is closed.")
        else:
            super().exception(msg, *args, **kwargs)


class Server(BaseApplication):  # type: ignore[misc]  # as above
    """gunicorn, configured by us and by nothing else."""

    def __init__(self, settings: Config, metrics_folder: str) -> None:
        self.settings = settings
        self._metrics_folder = metrics_folder
        self._access_log: AccessLog | None = None
        self._rpc: RpcClient | None = None
        self._presence: Presence | None = None
        self._revocations: Listener | None = None
        self._shared_limits: InRedis | None = None
        allow_files(settings.max_connections + SPARE_FILES)
        super().__init__()

    def load_config(self) -> None:
        """Set what differs from gunicorn's defaults."""
        settings = {
            "bind": self.settings.bind,
            "forwarded_allow_ips": self.settings.forwarded_allow_ips,
            "workers": self.settings.web_workers,
            "threads": self.settings.web_threads,
            "worker_connections": self.settings.max_connections,
            "worker_class": Worker,
            "logger_class": Log,
            "errorlog": None,
            "graceful_timeout": self.settings.drain_seconds,
            "keepalive": KEEP_ALIVE_SECONDS,
            "limit_request_line": ADDRESS_BYTES,
            "control_socket_disable": True,
            "when_ready": lambda _arbiter: self._serve_health(),
            "worker_exit": lambda _arbiter, _worker: self._close(),
            "child_exit": lambda _arbiter, worker: mark_process_dead(worker.pid, self._metrics_folder),  # type: ignore[no-untyped-call]  # half typed
        }
        for name, value in settings.items():
            self.cfg.set(name, value)

    def load(self) -> Gateway:
        """Make the application, in the worker: its connections and its threads would not survive the fork."""
        self._access_log = AccessLog(is_console=self.settings.log_format == "console").start()
        self._presence = Presence(self.settings.amqp_uri, [service.name for service in fields(Clients)], name="gateway-presence").start()
        self._rpc = RpcClient(
            self.settings.amqp_uri,
            max_in_flight=self.settings.max_calls_in_flight,
            name="gateway",
            presence=self._presence,
            circuits=Circuits(most_waiting=self.settings.max_calls_unanswered),
        ).start()
        app = create_app(
            self._rpc,
            access_log=self._access_log,
            limits=self._limits(),
            origins=self.settings.cors_origins,
            hosts=Hosts.of(self.settings.hosted_url_template, api_host=self.settings.api_host),
        )
        self._revocations = revocations(self.settings.amqp_uri, app.extensions["comptoir-keys"]).start()
        app.register_error_handler(ParseException, lambda _error: errors.of_http(BadRequest()))  # a body in broken chunks
        spare_what_stays()
        return app

    def _limits(self) -> Limits:
        budget = Budget(per_second=self.settings.rate_limit_per_second, burst=self.settings.rate_limit_burst)
        by_itself = InMemory(budget.share(self.settings.web_workers))
        if not self.settings.redis_url:
            return by_itself
        from gateway.limits.shared import InRedis  # noqa: PLC0415  who has no Redis need not load its client

        self._shared_limits = InRedis(self.settings.redis_url, budget, meanwhile=by_itself).start()
        return self._shared_limits

    def _close(self) -> None:
        if self._revocations is not None:
            self._revocations.stop()
        if self._rpc is not None:
            self._rpc.stop()
        if self._presence is not None:
            self._presence.stop()
        if self._shared_limits is not None:
            self._shared_limits.stop()
        if self._access_log is not None:
            self._access_log.stop()

    def _serve_health(self) -> None:
        if not self.settings.health_port:
            return
        registry = CollectorRegistry()
        MultiProcessCollector(registry, self._metrics_folder)  # type: ignore[no-untyped-call]  # prometheus_client types half of itself
        application = health.application({"workers": self._workers_ready}, registry=registry)
        address = (self.settings.health_host, self.settings.health_port)
        server = make_server(*address, application, server_class=_HealthServer, handler_class=_Silent)
        threading.Thread(target=server.serve_forever, name="health", daemon=True).start()

    def _workers_ready(self) -> bool:
        host, _, port = self.settings.bind.rpartition(":")
        connection = http.client.HTTPConnection("127.0.0.1" if host in ANY_ADDRESS else host, int(port), timeout=PROBE_SECONDS)
        try:
            connection.request("GET", "/readyz")
            return connection.getresponse().status == HTTPStatus.OK
        except (OSError, http.client.HTTPException):
            return False
        finally:
            connection.close()


def allow_files(number: int) -> None:
    """Let this process, and those that it starts, have so many files open, if it may: 1024 are common, where no one has thought of it."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    most = number if hard == resource.RLIM_INFINITY else min(number, hard)
    if soft != resource.RLIM_INFINITY and soft < most:
        resource.setrlimit(resource.RLIMIT_NOFILE, (most, hard))


class _HealthServer(ThreadingMixIn, WSGIServer):
    daemon_threads = True


class _Silent(WSGIRequestHandler):
    def log_message(self, *_arguments: object) -> None:
        """Probes are not news."""
