"""What a call asks: its parameters, wherever they came, and the key that makes a repeat of it recognisable."""

import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from urllib.parse import unquote_to_bytes

import structlog
from flask import Request
from gunicorn.http.errors import ParseException  # type: ignore[import-untyped]  # gunicorn has no types

from gateway.auth import Caller
from gateway.errors import BodyUnreadable, ParameterInvalid, TextUnreadable

ENVELOPE = frozenset({"api_key", "api_user", "api_pass", "api_action", "api_output"})
"""What every call has beside its own parameters."""
REPEATS_SECONDS = 600
TRUE, FALSE = frozenset({"1", "true", "on", "yes"}), frozenset({"0", "false", "off", "no"})
LONGEST_SHOWN = 60
URL_ENCODED = "application/x-www-form-urlencoded"
DECIMAL = re.compile(r"[0-9]{1,9}(\.[0-9]{1,4})?")


log = structlog.get_logger()


def sent(request: Request) -> dict[str, str]:
    """Give all that was sent, in the address or in the body, as PHP reads it: the last of a name, and the body's before the address's.

    Raises `BodyUnreadable` where what HTTP carries it in is broken off or not as HTTP says, `TextUnreadable` where it is not UTF-8.
    """
    try:
        body = request.get_data() if request.mimetype == URL_ENCODED else b""
        given = {name: values[-1] for source in (request.args, request.form) for name, values in source.lists()}
    except (ParseException, OSError) as error:  # not of ours: it is read from the client
        log.info("a body could not be read", reason=type(error).__name__)
        raise BodyUnreadable from None
    try:
        unquote_to_bytes(request.query_string + b"&" + body).decode()
    except UnicodeDecodeError:
        raise TextUnreadable from None
    return given


@dataclass(frozen=True, kw_only=True)
class Asked:
    """The parameters of one call: of those it knows the ones with a value. One that is empty says nothing, as one that is absent."""

    caller: Caller
    action: str
    given: Mapping[str, str]
    masked_key: str

    def __getitem__(self, name: str) -> str:
        return self.given[name]

    def get(self, name: str) -> str | None:
        """The parameter; None where it says nothing."""
        return self.given.get(name)

    def number(self, name: str) -> int | None:
        """A whole number, not below 0. Raises `ParameterInvalid`."""
        given = self.get(name)
        if given is None:
            return None
        if not (given.isascii() and given.isdigit()) or len(given) > 12:  # noqa: PLR2004  no number here has more digits
            raise self.invalid(name, "it is a whole number")
        return int(given)

    def decimal(self, name: str, *, places: int) -> Decimal | None:
        """A number, not below 0, of so many decimal places at most. Raises `ParameterInvalid`."""
        given = self.get(name)
        if given is None:
            return None
        if DECIMAL.fullmatch(given) is None or len(given.partition(".")[2]) > places:
            raise self.invalid(name, f"it is a number as {Decimal(10).quantize(Decimal(1).scaleb(-places))}")
        return Decimal(given)

    def flag(self, name: str) -> bool:
        """Whether it is switched on; absent: no. Raises `ParameterInvalid`."""
        given = (self.get(name) or "0").lower()
        if given not in TRUE | FALSE:
            raise self.invalid(name, "it is 1 or 0")
        return given in TRUE

    def invalid(self, name: str, expected: str) -> ParameterInvalid:
        """Make the refusal of a parameter."""
        return ParameterInvalid(parameter=name, given=self.given[name][:LONGEST_SHOWN], expected=expected)

    def repeat_key(self, *failed: str) -> str:
        """Make the idempotency key that this call and its repeats have in common: of the API key's id, the call and what it asks.

        `failed`: what it has made already that failed, so that a repeat makes it again.
        """
        same = json.dumps([self.caller.key_id, self.action, sorted(self.given.items()), *failed], separators=(",", ":"))
        return f"agency-api:{hashlib.sha256(same.encode()).hexdigest()}"


@dataclass(frozen=True, kw_only=True)
class Said:
    """What a call answers: a sentence, and members of its own."""

    message: str = "Success: Something is returned"
    members: Mapping[str, object]
