"""Services and callers of the stock framework, as another team would write them. `python -m toy.stock <what>` speaks JSON lines."""

import json
import os
import sys
import warnings

warnings.filterwarnings("ignore", message=r"\s*Eventlet is deprecated")
import eventlet  # noqa: E402

eventlet.monkey_patch()

from nameko.containers import ServiceContainer  # noqa: E402
from nameko.events import EventDispatcher, event_handler  # noqa: E402
from nameko.exceptions import RemoteError  # noqa: E402
from nameko.standalone.rpc import ClusterRpcProxy  # noqa: E402

CONFIG = {"AMQP_URI": os.environ["AMQP_URI"]}


def say(**content: object) -> None:
    sys.stdout.write(json.dumps(content) + "\n")
    sys.stdout.flush()


class Elsewhere:
    """A stock service: it hears of marks, and tells of it."""

    name = "elsewhere"
    dispatch = EventDispatcher()

    @event_handler("toy", "marked")  # type: ignore[untyped-decorator]  # nameko has no types
    def on_marked(self, event: dict[str, object]) -> None:
        say(heard=event)
        self.dispatch("happened", {"what": "told by a stock service"})


def serve() -> None:
    """Run the service until the process is ended."""
    container = ServiceContainer(Elsewhere, CONFIG)
    container.start()
    say(ready=True)
    container.wait()


def call() -> None:
    """Call the toy as stock callers do, with arguments by position and by keyword."""
    with ClusterRpcProxy(CONFIG, timeout=10) as services:
        say(echo=services.toy.echo({"what": "by position"}))
        say(echo=services.toy.echo(what="by keyword"))
        say(mark=services.toy.mark(what="stock")["what"])
        for arguments in ({"what": "refused", "limit": 0}, {"wat": 1}):
            try:
                services.toy.mark(**arguments)
            except RemoteError as error:
                say(kind=error.exc_type, value=error.value, text=str(error))


if __name__ == "__main__":
    {"serve": serve, "call": call}[sys.argv[1]]()
