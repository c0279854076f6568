"""A TCP proxy whose network can fail."""

import contextlib
import socket
import threading
from urllib.parse import urlsplit, urlunsplit

CHUNK = 65_536


class Proxy:
    """Passes bytes on to the server of `uri`; `swallow` turns it into a black hole that neither answers nor closes."""

    def __init__(self, uri: str) -> None:
        self._parts = urlsplit(uri)
        self._sockets: list[socket.socket] = []
        self._swallowing = threading.Event()
        self._listener = socket.create_server(("127.0.0.1", 0))
        threading.Thread(target=self._accept, daemon=True).start()

    @property
    def uri(self) -> str:
        """The address of the server by way of this proxy."""
        user = self._parts.netloc.rpartition("@")[0]
        port = self._listener.getsockname()[1]
        return urlunsplit(self._parts._replace(netloc=f"{user}@127.0.0.1:{port}"))

    def swallow(self) -> None:
        """From now on nothing gets through on the connections that are open; new ones work."""
        self._swallowing.set()
        self._swallowing = threading.Event()

    def close(self) -> None:
        """Cut everything."""
        for each in [self._listener, *self._sockets]:
            with contextlib.suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)
            each.close()

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                near, _ = self._listener.accept()
                far = socket.create_connection((self._parts.hostname, self._parts.port))
                self._sockets += [near, far]
                for source, sink in ((near, far), (far, near)):
                    threading.Thread(target=self._pump, args=(source, sink, self._swallowing), daemon=True).start()

    @staticmethod
    def _pump(source: socket.socket, sink: socket.socket, swallowing: threading.Event) -> None:
        with contextlib.suppress(OSError):
            while chunk := source.recv(CHUNK):
                if not swallowing.is_set():
                    sink.sendall(chunk)
            if not swallowing.is_set():
                sink.shutdown(socket.SHUT_WR)
