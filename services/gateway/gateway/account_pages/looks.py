"""How the pages look: as the account's branding says, and otherwise like nobody's; the name of the platform is on none of them."""

import base64
import hashlib
import re
from dataclasses import dataclass

from flask import Blueprint, Response, g, render_template, request
from werkzeug.exceptions import NotFound
from werkzeug.wrappers import Response as AnyResponse

from gateway.clients import Json, services

COLOUR = re.compile(r"#[0-9a-f]{6}")
LEAST_CONTRAST = 4.5
"""Of text on its background (WCAG 2.2, 1.4.3)."""
PLAIN_PRIMARY, PLAIN_TEXT = "#1f3a8a", "#ffffff"
STYLE_CACHED = "private, max-age=60"
LOGO_CACHED = "private, max-age=300"

routes = Blueprint("looks", __name__)


@dataclass(frozen=True, kw_only=True)
class Look:
    """What a page is drawn by; `text_colour` is that of text on the primary colour."""

    name: str
    primary_colour: str = PLAIN_PRIMARY
    text_colour: str = PLAIN_TEXT
    footer_text: str | None = None
    has_logo: bool = False


def look_of(account: Json) -> Look:
    """Give the look of an account; colours that cannot be read on one another are left out, both."""
    brand: Json = account["brand"] or {}
    primary, text = brand.get("primary_colour") or PLAIN_PRIMARY, brand.get("text_colour") or PLAIN_TEXT
    if not _is_readable(primary, text):
        primary, text = PLAIN_PRIMARY, PLAIN_TEXT
    return Look(
        name=brand.get("brand_name") or account["name"],
        primary_colour=primary,
        text_colour=text,
        footer_text=brand.get("footer_text"),
        has_logo=brand.get("has_logo", False),
    )


@routes.get("/style.css")
def get_style() -> AnyResponse:
    """Give the style sheet, in the account's colours."""
    return Response(render_template("style.css", look=look_of(g.account)), mimetype="text/css", headers={"Cache-Control": STYLE_CACHED})


@routes.get("/logo")
def get_logo() -> AnyResponse:
    """Give the account's logo; a browser that has it already is told so."""
    logo = services().accounts.ask("branding_of_name", name=g.account["name"])["logo"]
    if logo is None:
        raise NotFound
    content = base64.b64decode(logo["data"])
    answer = Response(content, mimetype=logo["content_type"], headers={"Cache-Control": LOGO_CACHED})
    answer.set_etag(hashlib.sha256(content).hexdigest())
    return answer.make_conditional(request)


def _is_readable(one: str, other: str) -> bool:
    """Tell whether both are colours, and text of one is legible on the other."""
    if COLOUR.fullmatch(one) is None or COLOUR.fullmatch(other) is None:
        return False
    darker, lighter = sorted((_luminance(one), _luminance(other)))
    return (lighter + 0.05) / (darker + 0.05) >= LEAST_CONTRAST


def _luminance(colour: str) -> float:
    red, green, blue = (_linear(int(colour[at : at + 2], 16) / 255) for at in (1, 3, 5))
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def _linear(channel: float) -> float:
    return channel / 12.92 if channel <= 0.04045 else ((channel + 0.055) / 1.055) ** 2.4  # noqa: PLR2004  the definition's own numbers
