"""Images, as far as their first bytes say: which type they are of, and how large. Types are told by content, never by name."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

PNG, JPEG, GIF, WEBP = "image/png", "image/jpeg", "image/gif", "image/webp"

JPEG_SIZES = frozenset({*range(0xC0, 0xD0)} - {0xC4, 0xC8, 0xCC})
"""The markers of a JPEG whose segment says its size (ITU-T T.81, B.1.1.3: start of frame)."""
JPEG_WITHOUT_SEGMENT = frozenset({0x01, *range(0xD0, 0xD9)})
BITS_OF_VP8 = 0x3FFF  # fourteen


@dataclass(frozen=True, kw_only=True)
class Image:
    """What an image says it is: its media type, and its size in pixels."""

    content_type: str
    width: int
    height: int


class NotAnImage(ValueError):
    """These bytes are no image of a type that is known here, or one that is cut off."""


def image_of(content: bytes) -> Image:
    """Tell what image this is; raises `NotAnImage`. What is no picture of pixels, as SVG, is none: it may hold script."""
    for content_type, (is_one, size_of) in READERS.items():
        if is_one(content):
            try:
                width, height = size_of(content)
            except IndexError:
                break
            return Image(content_type=content_type, width=width, height=height)
    raise NotAnImage


def _number(content: bytes, start: int, length: int, *, little: bool = False) -> int:
    """Read an unsigned integer; raises `IndexError` where the content ends before it does."""
    if start + length > len(content):
        raise IndexError
    return int.from_bytes(content[start : start + length], "little" if little else "big")


def _is_png(content: bytes) -> bool:
    return content.startswith(b"\x89PNG\r\n\x1a\n") and content[12:16] == b"IHDR"


def _size_of_png(content: bytes) -> tuple[int, int]:
    return _number(content, 16, 4), _number(content, 20, 4)


def _is_gif(content: bytes) -> bool:
    return content.startswith((b"GIF87a", b"GIF89a"))


def _size_of_gif(content: bytes) -> tuple[int, int]:
    return _number(content, 6, 2, little=True), _number(content, 8, 2, little=True)


def _is_jpeg(content: bytes) -> bool:
    return content.startswith(b"\xff\xd8\xff")


def _size_of_jpeg(content: bytes) -> tuple[int, int]:
    """Go from segment to segment until the one that says the size."""
    at = 2
    while True:
        if _number(content, at, 1) != 0xFF:  # noqa: PLR2004  what every marker begins with
            raise IndexError
        marker = _number(content, at + 1, 1)
        if marker == 0xFF:  # noqa: PLR2004  filling
            at += 1
        elif marker in JPEG_SIZES:
            return _number(content, at + 7, 2), _number(content, at + 5, 2)
        elif marker in JPEG_WITHOUT_SEGMENT:
            at += 2
        else:
            at += 2 + _number(content, at + 2, 2)


def _is_webp(content: bytes) -> bool:
    return content.startswith(b"RIFF") and content[8:12] == b"WEBP" and content[12:16] in SIZES_OF_WEBP


def _size_of_webp(content: bytes) -> tuple[int, int]:
    return SIZES_OF_WEBP[content[12:16]](content)


def _size_of_lossy(content: bytes) -> tuple[int, int]:
    return _number(content, 26, 2, little=True) & BITS_OF_VP8, _number(content, 28, 2, little=True) & BITS_OF_VP8


def _size_of_lossless(content: bytes) -> tuple[int, int]:
    bits = _number(content, 21, 4, little=True)
    return (bits & BITS_OF_VP8) + 1, (bits >> 14 & BITS_OF_VP8) + 1


def _size_of_extended(content: bytes) -> tuple[int, int]:
    return _number(content, 24, 3, little=True) + 1, _number(content, 27, 3, little=True) + 1


SIZES_OF_WEBP: Mapping[bytes, Callable[[bytes], tuple[int, int]]] = {
    b"VP8 ": _size_of_lossy,
    b"VP8L": _size_of_lossless,
    b"VP8X": _size_of_extended,
}
"""By the first chunk (RFC 9649)."""

READERS: Mapping[str, tuple[Callable[[bytes], bool], Callable[[bytes], tuple[int, int]]]] = {
    PNG: (_is_png, _size_of_png),
    JPEG: (_is_jpeg, _size_of_jpeg),
    GIF: (_is_gif, _size_of_gif),
    WEBP: (_is_webp, _size_of_webp),
}
IMAGE_TYPES = tuple(READERS)
