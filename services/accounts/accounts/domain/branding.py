"""How an account looks to its users (R0.18, R0.86, R0.113)."""

import base64
import binascii
import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass

from accounts import errors
from accounts.domain.applications import refuse
from accounts.domain.images import IMAGE_TYPES, Image, NotAnImage, image_of

LONGEST_BRAND_NAME = 100
LONGEST_FOOTER = 500
LARGEST_LOGO_BYTES = 256 * 1024
SMALLEST_LOGO_PIXELS = 16
LARGEST_LOGO_PIXELS = 2000
LEAST_CONTRAST = 4.5
"""Of text on its background (WCAG 2.2, 1.4.3)."""
WHITE = "#ffffff"
"""The colour of text on the primary colour, where none is given."""

COLOUR = re.compile(r"#[0-9a-fA-F]{6}")
MARKUP = re.compile(r"<[a-zA-Z/!?]|&(?:[a-zA-Z][a-zA-Z0-9]*|#[0-9]+|#[xX][0-9a-fA-F]+);")
"""What a browser would read as a tag, a comment or a character reference."""
TURNING = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
"""What makes text read in another order than it is written."""


@dataclass(frozen=True, kw_only=True)
class Logo:
    """An image, whose type is that of its content."""

    content: bytes
    image: Image


@dataclass(frozen=True, kw_only=True)
class Branding:
    """What is not given looks as the platform does. Colours are `#rrggbb`; `text_colour` is that of text on the primary colour."""

    brand_name: str | None = None
    primary_colour: str | None = None
    text_colour: str | None = None
    footer_text: str | None = None
    logo: Logo | None = None


UNBRANDED = Branding()


def branding_of(
    *, brand_name: str | None, primary_colour: str | None, text_colour: str | None, footer_text: str | None, logo: dict[str, str] | None
) -> Branding:
    """Make a branding of what was given, `logo` as `{"content_type", "data"}` with base64; refuse all that is wrong with it at once."""
    faults = [*_faults_of_texts(brand_name, footer_text), *_faults_of_colours(primary_colour, text_colour)]
    read: Logo | None = None
    if logo is not None:
        try:
            read = logo_of(content_type=logo["content_type"], given=logo["data"])
        except errors.Refusal as fault:
            faults.append(fault)
    refuse(faults)
    return Branding(
        brand_name=brand_name,
        primary_colour=primary_colour and primary_colour.lower(),
        text_colour=text_colour and text_colour.lower(),
        footer_text=footer_text,
        logo=read,
    )


def logo_of(*, content_type: str, given: str) -> Logo:
    """Read a logo; refuse what is too large, of another type than it says, or of a size that no page could show."""
    try:
        content = base64.b64decode(given, validate=True)
    except (binascii.Error, ValueError):
        raise errors.LogoNotBase64 from None
    if len(content) > LARGEST_LOGO_BYTES:
        raise errors.LogoTooLarge(given_bytes=len(content), most_bytes=LARGEST_LOGO_BYTES)
    if content_type not in IMAGE_TYPES:
        raise errors.LogoTypeNotPossible(given=content_type, allowed=IMAGE_TYPES)
    try:
        image = image_of(content)
    except NotAnImage:
        raise errors.LogoUnreadable(allowed=", ".join(IMAGE_TYPES)) from None
    if image.content_type != content_type:
        raise errors.LogoTypeDiffers(given=content_type, found=image.content_type)
    if not all(SMALLEST_LOGO_PIXELS <= pixels <= LARGEST_LOGO_PIXELS for pixels in (image.width, image.height)):
        raise errors.LogoSizeNotPossible(
            width=image.width, height=image.height, least_pixels=SMALLEST_LOGO_PIXELS, most_pixels=LARGEST_LOGO_PIXELS
        )
    return Logo(content=content, image=image)


def encoded(content: bytes) -> str:
    """Write bytes as they are sent."""
    return base64.b64encode(content).decode()


def contrast(one: str, other: str) -> float:
    """Tell the contrast of two colours, from 1 to 21 (WCAG 2.2, contrast ratio)."""
    darker, lighter = sorted((_luminance(one), _luminance(other)))
    return (lighter + 0.05) / (darker + 0.05)


def changed_members(old: Branding, new: Branding) -> list[str]:
    """Name the members that differ."""
    return [name for name in vars(old) if getattr(old, name) != getattr(new, name)]


def _luminance(colour: str) -> float:
    red, green, blue = (_linear(int(colour[at : at + 2], 16) / 255) for at in (1, 3, 5))
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def _linear(channel: float) -> float:
    return channel / 12.92 if channel <= 0.04045 else ((channel + 0.055) / 1.055) ** 2.4  # noqa: PLR2004  the definition's own numbers


def _faults_of_texts(brand_name: str | None, footer_text: str | None) -> Iterator[errors.Refusal]:
    if brand_name is not None:
        if not brand_name.strip() or len(brand_name) > LONGEST_BRAND_NAME:
            yield errors.BrandNameLength(longest=LONGEST_BRAND_NAME)
        if not _is_plain(brand_name, allowed=""):
            yield errors.BrandNameNotPlain()
    if footer_text is not None:
        if len(footer_text) > LONGEST_FOOTER:
            yield errors.FooterTooLong(given=len(footer_text), longest=LONGEST_FOOTER)
        if not _is_plain(footer_text, allowed="\n"):
            yield errors.FooterNotPlain()


def _is_plain(text: str, *, allowed: str) -> bool:
    """Whether this is text for people and nothing else: no markup, no control characters, nothing that turns the order of reading."""
    if MARKUP.search(text) is not None:
        return False
    return all(character in allowed or (unicodedata.category(character) != "Cc" and character not in TURNING) for character in text)


def _faults_of_colours(primary_colour: str | None, text_colour: str | None) -> Iterator[errors.Refusal]:
    malformed = False
    for refusal, colour in ((errors.PrimaryColourMalformed, primary_colour), (errors.TextColourMalformed, text_colour)):
        if colour is not None and COLOUR.fullmatch(colour) is None:
            malformed = True
            yield refusal(given=colour)
    if malformed:
        return
    if primary_colour is None:
        if text_colour is not None:
            yield errors.PrimaryColourMissing()
        return
    found = contrast(primary_colour, text_colour or WHITE)
    if found < LEAST_CONTRAST:
        yield errors.ContrastTooLow(
            primary_colour=primary_colour, text_colour=text_colour or WHITE, contrast=f"{found:.2f}", least=f"{LEAST_CONTRAST}"
        )
