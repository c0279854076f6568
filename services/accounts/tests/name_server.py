"""A small name server of our own: real DNS over UDP, on this machine alone."""

import socket
import threading
from collections.abc import Mapping

import dns.flags
import dns.message
import dns.rcode
import dns.rdatatype
import dns.rrset

LARGEST_QUESTION = 4096


class NameServer:
    """Answers CNAME questions from `aliases` (host → target; None: the host has another record); a host in `silent` gets no answer."""

    def __init__(self, aliases: Mapping[str, str | None], silent: frozenset[str] = frozenset()) -> None:
        self.aliases = dict(aliases)
        self.asked: list[str] = []
        self._silent = silent
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.bind(("127.0.0.1", 0))
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    @property
    def address(self) -> str:
        """Where it is: host:port."""
        host, port = self._socket.getsockname()
        return f"{host}:{port}"

    def stop(self) -> None:
        """Answer no more."""
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as waker:
            waker.sendto(b"", self._socket.getsockname())
        self._thread.join()
        self._socket.close()

    def _serve(self) -> None:
        while True:
            packet, sender = self._socket.recvfrom(LARGEST_QUESTION)
            if not packet:
                return
            question = dns.message.from_wire(packet)
            host = question.question[0].name.to_text(omit_final_dot=True)
            self.asked.append(host)
            if host not in self._silent:
                self._socket.sendto(self._answer(question, host).to_wire(), sender)

    def _answer(self, question: dns.message.Message, host: str) -> dns.message.Message:
        answer = dns.message.make_response(question)
        answer.flags |= dns.flags.RA
        if host not in self.aliases:
            answer.set_rcode(dns.rcode.NXDOMAIN)
        target = self.aliases.get(host)
        if target is not None:
            answer.answer.append(dns.rrset.from_text(question.question[0].name, 60, "IN", "CNAME", target))
        return answer
