"""What goes wrong, as a page."""

from http import HTTPStatus

import structlog
from flask import Response
from werkzeug.exceptions import HTTPException

from chassis.errors import Refusal
from gateway.account_pages import forms
from gateway.account_pages.writing import message, words

RETRY_AFTER_SECONDS = "5"

log = structlog.get_logger()


def of_refusal(refusal: Refusal) -> Response:
    """Show a refusal that no page has words of its own for."""
    if refusal.kind == "not_found":
        return _problem("not_found", HTTPStatus.NOT_FOUND)
    log.warning("a page could not be shown", code=refusal.code, reason=refusal.text)
    answer = _problem("away", HTTPStatus.SERVICE_UNAVAILABLE)
    answer.headers["Retry-After"] = RETRY_AFTER_SECONDS
    return answer


def of_failure(error: Exception) -> Response:
    """Show what Flask refuses, a foreign form, or a defect of ours."""
    if isinstance(error, forms.ForeignForm):
        return _problem("form", HTTPStatus.FORBIDDEN)
    if isinstance(error, HTTPException) and error.code is not None and error.code < HTTPStatus.INTERNAL_SERVER_ERROR:
        return _problem("not_found", HTTPStatus(error.code))
    log.error("a page failed", exc_info=error)
    return _problem("away", HTTPStatus.INTERNAL_SERVER_ERROR)


def _problem(name: str, status: HTTPStatus) -> Response:
    texts = words()["problem"]
    return message(texts["title"], texts[name], status=status)
