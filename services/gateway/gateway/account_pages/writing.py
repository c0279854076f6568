"""How every page is written: in the account's language and looks, for this browser alone."""

from collections.abc import Mapping
from http import HTTPStatus
from typing import Any
from urllib.parse import quote

from flask import Response, current_app, g, make_response, render_template, request

from gateway.account_pages import forms
from gateway.account_pages.host import Hosts
from gateway.account_pages.looks import Look, look_of
from gateway.account_pages.words import FALLBACK, TEXTS, texts_in

POLICY = "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
REFERRERS = "same-origin"
"""Not `no-referrer`: with that a browser says of our own forms, too, that they come from nowhere (Origin, in the Fetch standard)."""


def hosts() -> Hosts:
    """The hosts, as the running application knows them."""
    known: Hosts = current_app.extensions["comptoir-hosts"]
    return known


def language() -> str:
    """The account's language; on a host without an account the one that the browser prefers."""
    if "account" in g:
        return str(g.account["language"])
    return request.accept_languages.best_match(sorted(TEXTS)) or FALLBACK


def words() -> Mapping[str, Any]:
    """What that language says."""
    return texts_in(language())


def page(template: str, *, status: HTTPStatus = HTTPStatus.OK, **values: Any) -> Response:
    """Write a page; where it has a form, only this browser can send it."""
    is_secure = hosts().is_secure
    token = forms.form_token(request, is_secure=is_secure)
    account = g.get("account")
    written = render_template(
        template,
        texts=words(),
        language=language(),
        look=Look(name=request.host) if account is None else look_of(account),
        agency_email=None if account is None else account["agency_email"],
        mail_to=mail_to,
        form_token=token,
        **values,
    )
    answer = make_response(written, status)
    answer.headers["Content-Security-Policy"] = POLICY
    answer.headers["Referrer-Policy"] = REFERRERS
    forms.keep(answer, "form", token, is_secure=is_secure)
    return answer


def message(
    title: str, text: str, *, status: HTTPStatus = HTTPStatus.OK, link: str | None = None, link_text: str | None = None
) -> Response:
    """Write a page that says one thing, and where to go from there."""
    return page("message.html", title=title, text=text, link=link, link_text=link_text, status=status)


def mail_to(address: str) -> str:
    """Give the link that writes to an address (RFC 6068)."""
    return f"mailto:{quote(address, safe='@')}"
