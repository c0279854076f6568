"""How answers are written: as XML, as JSON, or as PHP serializes; every answer is HTTP 200, and says inside how it went."""

import re
from collections.abc import Callable, Mapping
from typing import Any
from xml.etree.ElementTree import Element, SubElement, tostring

import phpserialize
from flask import Response

from gateway.schemas import Json, encoded

ELEMENT = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
ROW = "row"
"""What an entry of a list is called in XML, or of a map whose names cannot be elements (plans, by number)."""
NOT_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""What XML 1.0 has no way to write, not even escaped (its 2.2)."""
NUMBER = re.compile(r"0|[1-9][0-9]{0,17}")

OK, FAILED = 1, 0


def as_xml(answer: Json, *, action: str) -> str:
    """Write an element of the call's name, and in it one for each member."""
    root = Element(action if ELEMENT.fullmatch(action) else "result")
    _fill(root, answer)
    return tostring(root, encoding="unicode", xml_declaration=False, short_empty_elements=True)


def _fill(element: Element, value: object) -> None:
    if isinstance(value, Mapping):
        for name, inner in value.items():
            _fill(SubElement(element, name if ELEMENT.fullmatch(name) else ROW), inner)
    elif isinstance(value, list):
        for inner in value:
            _fill(SubElement(element, ROW), inner)
    else:
        element.text = NOT_XML.sub("\N{REPLACEMENT CHARACTER}", str(value))


def as_php(answer: Json) -> bytes:
    """Write it as PHP's `serialize` does: names that are numbers are numbers in PHP's arrays."""
    written: bytes = phpserialize.dumps(_numbered(answer))
    return written


def _numbered(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {int(name) if NUMBER.fullmatch(name) else name: _numbered(inner) for name, inner in value.items()}
    return [_numbered(inner) for inner in value] if isinstance(value, list) else value


FORMATS: Mapping[str, tuple[str, Callable[[Json, str], str | bytes]]] = {
    "xml": (
        "text/xml; charset=utf-8",
        lambda answer, action: '<?xml version="1.0" encoding="utf-8"?>\n' + as_xml(answer, action=action),
    ),
    "json": ("application/json", lambda answer, _action: encoded(answer)),
    "serialize": ("text/plain; charset=utf-8", lambda answer, _action: as_php(answer)),
}
"""`api_output` → media type, and how an answer is written."""
DEFAULT_FORMAT = "xml"


def written(output: str, *, action: str, code: int, message: str, members: Json) -> Response:
    """Write an answer: the call's own members, and the envelope."""
    media_type, write = FORMATS[output]
    answer = {**members, "result_code": code, "result_message": message, "result_output": output}
    return Response(write(answer, action), content_type=media_type)
