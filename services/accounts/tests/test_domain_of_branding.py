"""How an account may look: texts, colours, logos (R0.18, R0.86, R0.113)."""

import base64
import struct
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from accounts import domain, errors
from accounts.domain import Image, NotAnImage, image_of

from .factories import gif, jpeg, png, webp


def branded(**changes: Any) -> domain.Branding:
    given_members = {"brand_name": None, "primary_colour": None, "text_colour": None, "footer_text": None, "logo": None}
    return domain.branding_of(**{**given_members, **changes})


def logo(content: bytes, content_type: str = "image/png") -> dict[str, str]:
    return {"content_type": content_type, "data": base64.b64encode(content).decode()}


def refusal_of(**changes: Any) -> errors.Refusal:
    with pytest.raises(errors.Refusal) as caught:
        branded(**changes)
    return caught.value


def test_nothing_is_how_the_platform_looks() -> None:
    """R0.113."""
    assert branded() == domain.UNBRANDED


def test_a_whole_branding_is_accepted() -> None:
    """R0.18, R0.113."""
    made = branded(
        brand_name="Ünïque & Cie", primary_colour="#1F4E79", text_colour="#FFF000", footer_text="Rue A\n2 < 3 🎉", logo=logo(png(64, 32))
    )
    assert (made.primary_colour, made.text_colour, made.brand_name) == ("#1f4e79", "#fff000", "Ünïque & Cie")
    assert made.logo is not None
    assert made.logo.image == Image(content_type="image/png", width=64, height=32)


@pytest.mark.parametrize(
    ("changes", "code", "field"),
    [
        ({"brand_name": " "}, "brand_name_length", "brand_name"),
        ({"brand_name": "a" * 101}, "brand_name_length", "brand_name"),
        ({"brand_name": "a\nb"}, "brand_name_not_plain", "brand_name"),
        ({"brand_name": "<b>Acme</b>"}, "brand_name_not_plain", "brand_name"),
        ({"footer_text": "a" * 501}, "footer_too_long", "footer_text"),
        ({"footer_text": "bell\x07"}, "footer_not_plain", "footer_text"),
        ({"footer_text": "<script>alert(1)</script>"}, "footer_not_plain", "footer_text"),
        ({"footer_text": "</div>"}, "footer_not_plain", "footer_text"),
        ({"footer_text": "<!-- -->"}, "footer_not_plain", "footer_text"),
        ({"footer_text": "&#x3c;b"}, "footer_not_plain", "footer_text"),
        ({"footer_text": "&lt;b"}, "footer_not_plain", "footer_text"),
        ({"footer_text": "abc\u202edef"}, "footer_not_plain", "footer_text"),
        ({"primary_colour": "blue"}, "colour_malformed", "primary_colour"),
        ({"primary_colour": "#12345"}, "colour_malformed", "primary_colour"),
        ({"primary_colour": "#1f4e79;"}, "colour_malformed", "primary_colour"),
        ({"text_colour": "#ffffff"}, "primary_colour_missing", "primary_colour"),
        ({"primary_colour": "#1f4e79", "text_colour": "white"}, "colour_malformed", "text_colour"),
        ({"primary_colour": "#ffff00"}, "contrast_too_low", "primary_colour"),
        ({"primary_colour": "#1f4e79", "text_colour": "#1f4e7a"}, "contrast_too_low", "primary_colour"),
        ({"logo": {"content_type": "image/png", "data": "not base64"}}, "logo_not_base64", "logo.data"),
        ({"logo": {"content_type": "image/png", "data": "é"}}, "logo_not_base64", "logo.data"),
        ({"logo": logo(b"<svg xmlns='http://www.w3.org/2000/svg'/>", "image/svg+xml")}, "logo_type_not_possible", "logo.content_type"),
        ({"logo": logo(b"<svg xmlns='http://www.w3.org/2000/svg'/>")}, "logo_unreadable", "logo.data"),
        ({"logo": logo(jpeg(64, 64))}, "logo_type_differs", "logo.content_type"),
        ({"logo": logo(png(15, 64))}, "logo_size_not_possible", "logo.data"),
        ({"logo": logo(png(64, 2001))}, "logo_size_not_possible", "logo.data"),
        ({"logo": logo(png(64, 64) + bytes(256 * 1024))}, "logo_too_large", "logo.data"),
        ({"logo": logo(b"")}, "logo_unreadable", "logo.data"),
        ({"brand_name": "", "primary_colour": "x", "logo": logo(b"")}, "invalid_request", None),
    ],
)
def test_what_no_page_could_show_is_refused_by_field(changes: dict[str, Any], code: str, field: str | None) -> None:
    """R0.18, R0.86, R0.113."""
    refusal = refusal_of(**changes)
    assert (refusal.code, refusal.field, refusal.kind) == (code, field, "invalid")


# --- colours ----------------------------------------------------------------------------------------------------------------------------

Colour = st.integers(0, 0xFFFFFF).map("#{:06x}".format)


@pytest.mark.parametrize(
    ("one", "other", "ratio"), [("#000000", "#ffffff", 21.0), ("#777777", "#ffffff", 4.48), ("#767676", "#ffffff", 4.54)]
)
def test_contrast_is_that_of_the_guidelines(one: str, other: str, ratio: float) -> None:
    """R0.113; WCAG 2.2."""
    assert domain.contrast(one, other) == pytest.approx(ratio, abs=0.005)


@settings(deadline=None)
@given(Colour, Colour)
def test_colours_are_accepted_exactly_where_text_can_be_read(primary: str, text: str) -> None:
    """R0.113; WCAG 2.2, 1.4.3."""
    assert 1 <= domain.contrast(primary, text) == domain.contrast(text, primary) <= 21
    if domain.contrast(primary, text) >= 4.5:
        assert branded(primary_colour=primary, text_colour=text).text_colour == text
    else:
        assert refusal_of(primary_colour=primary, text_colour=text).code == "contrast_too_low"


# --- images -----------------------------------------------------------------------------------------------------------------------------

Side = st.integers(1, 0x3FFF)


@settings(deadline=None)
@given(Side, Side)
def test_every_type_says_its_size(width: int, height: int) -> None:
    """R0.113."""
    made: dict[str, list[Callable[[int, int], bytes]]] = {
        "image/png": [png],
        "image/jpeg": [jpeg],
        "image/gif": [gif],
        "image/webp": [webp(kind) for kind in ("VP8 ", "VP8L", "VP8X")],
    }
    for content_type, writers in made.items():
        for write in writers:
            assert image_of(write(width, height)) == Image(content_type=content_type, width=width, height=height)


@settings(deadline=None)
@given(st.sampled_from([png(20, 30), jpeg(20, 30), gif(20, 30), *(webp(kind)(20, 30) for kind in ("VP8 ", "VP8L", "VP8X"))]), st.data())
def test_what_is_cut_off_is_an_image_of_the_same_size_or_none(content: bytes, data: st.DataObject) -> None:
    """R0.113."""
    cut = content[: data.draw(st.integers(0, len(content)))]
    try:
        found = image_of(cut)
    except NotAnImage:
        return
    assert (found.width, found.height) == (20, 30)


@settings(deadline=None)
@given(st.sampled_from([b"", b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff", b"GIF89a", b"RIFF\x00\x00\x00\x00WEBPVP8 "]), st.binary(max_size=64))
def test_any_bytes_are_an_image_or_none(start: bytes, rest: bytes) -> None:
    """R0.113."""
    try:
        found = image_of(start + rest)
    except NotAnImage:
        return
    assert found.content_type in domain.IMAGE_TYPES


def test_a_jpeg_may_have_filling_and_markers_before_its_size() -> None:
    """R0.113."""
    frame = b"\xff\xc2" + struct.pack(">HBHHB", 11, 8, 40, 50, 1) + b"\x01\x11\x00"
    content = b"\xff\xd8" + b"\xff\xff\xe0" + struct.pack(">H", 4) + b"ab" + b"\xff\x01" + frame
    assert image_of(content) == Image(content_type="image/jpeg", width=50, height=40)
    with pytest.raises(NotAnImage):
        image_of(b"\xff\xd8\xff\xe0" + struct.pack(">H", 4) + b"ab" + b"ab" + frame)
