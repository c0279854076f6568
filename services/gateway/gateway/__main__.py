"""Start the gateway: `python -m gateway serve`; or write its OpenAPI document: `python -m gateway openapi > docs/openapi.json`."""

import argparse
import contextlib
import json
import os
import shutil
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from chassis import logs
from chassis.config import ConfigurationError
from gateway.config import Config


def main(arguments: list[str] | None = None) -> None:
    """Run what the command line asks for."""
    parser = argparse.ArgumentParser(prog="python -m gateway")
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("serve", help="answer HTTP requests until SIGTERM")
    commands.add_parser("openapi", help="write the OpenAPI document to standard output")
    options = parser.parse_args(arguments)
    try:
        settings = Config.from_environment()
    except ConfigurationError as error:
        sys.exit(f"gateway: {error}")
    logs.configure(service="gateway", process=options.command, log_format=settings.log_format, level=settings.log_level)
    if options.command == "serve":
        _serve(settings)
    else:
        _write_openapi(settings)


def _serve(settings: Config) -> None:
    with _temporary_folder() as temporary:
        folder = settings.metrics_folder or temporary
        Path(folder).mkdir(parents=True, exist_ok=True)
        for left_over in Path(folder).glob("*.db"):  # of processes before us, whose ids ours may have
            left_over.unlink()
        os.environ["PROMETHEUS_MULTIPROC_DIR"] = folder
        from gateway.app.serving import Server  # noqa: PLC0415  prometheus_client looks for its folder when it is imported

        Server(settings, folder).run()


@contextlib.contextmanager
def _temporary_folder() -> Iterator[str]:
    """A folder that goes with this process; worker processes, which are forked in here and leave by the same way, share it until then."""
    maker, folder = os.getpid(), tempfile.mkdtemp(prefix="comptoir-metrics-")
    try:
        yield folder
    finally:
        if os.getpid() == maker:
            shutil.rmtree(folder, ignore_errors=True)


def _write_openapi(settings: Config) -> None:
    from chassis.rpc_client import RpcClient  # noqa: PLC0415  as above: what counts is imported late
    from gateway.account_pages.host import Hosts  # noqa: PLC0415
    from gateway.app import create_app  # noqa: PLC0415
    from gateway.app.observation import AccessLog  # noqa: PLC0415

    hosts = Hosts.of(settings.hosted_url_template, api_host=settings.api_host)
    app = create_app(RpcClient(settings.amqp_uri), access_log=AccessLog(), hosts=hosts)  # neither is started: nothing is called
    json.dump(app.extensions["comptoir-documentation"].document, sys.stdout, indent=2, ensure_ascii=False)
    sys.stdout.write("\n")


if __name__ == "__main__":
    main()
