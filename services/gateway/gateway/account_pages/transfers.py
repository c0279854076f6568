"""Where the client of an account agrees to its changing hands, or does not, by the link that was mailed to it (R0.53 to R0.57)."""

from http import HTTPStatus

from flask import Blueprint, Response, g, request
from werkzeug.datastructures import MultiDict
from werkzeug.wrappers import Response as AnyResponse

from chassis.errors import Refusal
from gateway.account_pages.writing import message, page, words
from gateway.clients import Json, services
from gateway.errors import LinkUnknown

ANSWERS = {"confirm": ("confirm_transfer", "confirmed"), "decline": ("decline_transfer", "declined")}
"""The button → what accounts is told, and what the client is told then."""
ENDED = "expired"
USED = "transfer_link_used"

routes = Blueprint("transfers", __name__)


@routes.get("/transfer")
def get_transfer() -> AnyResponse:
    """Show what is asked, with the two answers; to look at it answers nothing."""
    return _question(request.args)


@routes.post("/transfer")
def post_transfer() -> AnyResponse:
    """Pass the answer on (R0.56)."""
    chosen = ANSWERS.get(request.form.get("answer", ""))
    if chosen is None:
        return _question(request.form)
    method, said = chosen
    link = _link(request.form)
    try:
        _asked(link)
        services().accounts.tell(method, idempotency_key=None, **link)
    except Refusal as refusal:
        return _no_question(refusal)
    return message(words()["transfer"]["title"], words()["transfer"][said])


def _question(given: MultiDict[str, str]) -> Response:
    link = _link(given)
    try:
        asked = _asked(link)
    except Refusal as refusal:
        return _no_question(refusal)
    return page("transfer.html", asked=asked, transfer_id=link["transfer_id"], token=link["token"])


def _link(given: MultiDict[str, str]) -> dict[str, str]:
    return {"transfer_id": given.get("transfer") or "none", "token": given.get("token") or "none"}


def _asked(link: dict[str, str]) -> Json:
    """Ask what the link is about; one of another account's is unknown here."""
    asked = services().accounts.ask("transfer_to_confirm", **link)
    if asked["account_id"] != g.account["account_id"]:
        raise LinkUnknown
    return asked


def _no_question(refusal: Refusal) -> Response:
    """Say kindly why there is nothing to answer."""
    texts = words()["transfer"]
    if refusal.kind in {"not_found", "invalid"}:
        return message(texts["title"], texts["unknown"], status=HTTPStatus.NOT_FOUND)
    if refusal.kind == "gone":
        was_answered = refusal.code == USED and refusal.details["state"] != ENDED
        return message(texts["title"], texts["used" if was_answered else "expired"], status=HTTPStatus.GONE)
    raise refusal
