"""Which port a server listens on."""

import os
import random
import socket
from collections import deque

LOOPBACK = "127.0.0.1"
FREE_RANGE = range(20_000, 32_000)  # below the ports the kernel gives to outgoing connections, which come and go
ATTEMPTS = 200
MOST_CLAIMED = 200
_claims: deque[socket.socket] = deque()
"""Of the ports given last."""


class PortTaken(Exception):
    """A port somebody asked for by name belongs to another process."""


def is_free(port: int) -> bool:
    """Whether a server could listen on this loopback port now."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((LOOPBACK, port))
        except OSError:
            return False
    return True


def free_port() -> int:
    """Find a loopback port nobody listens on, and keep it from being given to anyone else until a server had the time to take it.

    A socket that is bound and does not listen claims it: nobody binds the port but a server that is told to reuse the address, as all are.
    """
    for port in random.sample(FREE_RANGE, ATTEMPTS):
        claim = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        try:
            claim.bind((LOOPBACK, port))
        except OSError:
            claim.close()
            continue
        claim.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        _claims.append(claim)
        if len(_claims) > MOST_CLAIMED:
            _claims.popleft().close()
        return port
    raise PortTaken(f"No free port was found between {FREE_RANGE.start} and {FREE_RANGE.stop}.")


def chosen_port(variable: str, default: int) -> int:
    """Return the port of an environment variable, or the default, or the next free one after the default.

    A port given explicitly is meant: when it is taken this raises PortTaken, naming the variable.
    """
    given = os.environ.get(variable)
    if given:
        if not given.isdecimal() or not is_free(int(given)):
            raise PortTaken(f"{variable}={given}: that port cannot be listened on. Choose another one, or leave {variable} out.")
        return int(given)
    for port in range(default, default + ATTEMPTS):
        if is_free(port):
            return port
    raise PortTaken(f"No free port was found from {default} on: set {variable}.")


def accepts_connections(port: int) -> bool:
    """Whether somebody listens on this loopback port."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.settimeout(1)
        return probe.connect_ex((LOOPBACK, port)) == 0
