"""Who calls: the key, in whichever of the places where programs put it."""

from collections.abc import Mapping

from flask import Request

from gateway import limits
from gateway.auth import MD5, Caller
from gateway.errors import AgencyKeyInvalid, AgencyKeyMissing, KeyInvalid
from gateway.routes import CALLER, keys

SHOWN = 8
"""How many characters of a key are told again: those that every key begins with."""
BEARER = "bearer "


def caller_of(request: Request, sent: Mapping[str, str]) -> Caller:
    """Say who calls. Raises `AgencyKeyMissing`, `AgencyKeyInvalid`; `Unavailable` where identity must say and is away."""
    key = key_of(request, sent)
    if not key:
        raise AgencyKeyMissing
    try:
        caller = keys().holder_by_md5(key.lower()) if MD5.fullmatch(key.lower()) else keys().holder(key)
    except KeyInvalid:
        raise AgencyKeyInvalid(masked=masked(key)) from None
    request.environ[CALLER] = caller  # for the access log
    limits.admit(caller)
    return caller


def masked(key: str) -> str:
    """Give the key with all but its first characters masked."""
    return key[:SHOWN] + "*" * len(key[SHOWN:])


def key_of(request: Request, sent: Mapping[str, str]) -> str:
    """Find the key, or its md5, which programs send as `api_pass` whose password it is for them (decision 0019)."""
    authorization = request.headers.get("Authorization", "")
    if authorization.lower().startswith(BEARER):
        authorization = authorization[len(BEARER) :]
    return sent.get("api_key") or sent.get("api_pass") or request.headers.get("Api-Token") or authorization.strip()
