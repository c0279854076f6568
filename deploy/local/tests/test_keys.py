"""Claims about the demo agency's key of the last time: it is given up for one reason only."""

import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest

from local_platform import keys

Door = Callable[..., str]


@pytest.fixture
def door() -> Iterator[Door]:
    """`door(503, 200)`: the address of a front door that answers so, and with the last one from then on."""
    with ExitStack() as stack:

        def open_door(*statuses: int) -> str:
            left = list(statuses)

            class Answer(BaseHTTPRequestHandler):
                def do_GET(self) -> None:
                    self.send_response(left.pop(0) if len(left) > 1 else left[0])
                    self.end_headers()

            server = HTTPServer(("127.0.0.1", 0), Answer)
            threading.Thread(target=server.serve_forever, daemon=True).start()
            stack.callback(server.server_close)
            stack.callback(server.shutdown)
            return f"http://127.0.0.1:{server.server_port}"

        yield open_door


def test_a_key_that_opens_is_kept_however_often_the_door_was_too_busy_to_say_so(door: Door) -> None:
    assert keys.opens(door(503, 504, 503, 200), "ck_test_demo")


def test_a_key_that_the_door_refuses_opens_nothing(door: Door) -> None:
    assert not keys.opens(door(503, 401), "ck_test_demo")


def test_a_door_that_never_says_is_no_reason_to_make_another_agency(door: Door) -> None:
    with pytest.raises(keys.NoAnswer, match="it answers 503"):
        keys.opens(door(503), "ck_test_demo", patience_seconds=0.5)
