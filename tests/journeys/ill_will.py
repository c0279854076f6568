"""What nobody should send, made for each operation out of what it takes."""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from urllib.parse import unquote

from chassis.ids import new_id
from chassis.paging import encode_cursor

from .operations import Json, Operation, Path, id_prefix, with_value, without

BODY_LIMIT_BYTES = 1_000_000
LEVELS = 50_000
PLACE = "«here»"
"""Stands in a body for what no JSON library writes."""


@dataclass(frozen=True, kw_only=True)
class Body:
    """A body, what is wrong with it, and whether anything is: what the document allows may be done."""

    what: str
    data: bytes
    content_type: str | None = "application/json"
    may_be_right: bool = False


WRONG_VALUES: tuple[object, ...] = (True, 0, -1, 1.5, "", "x", " ", [], {}, [[]], {"a": 1}, [None], "é" * 100, "2026-01-31")
"""Of every type; where the document allows one of them it may be right."""
NEVER_RIGHT: dict[str, bytes] = {
    "NUL": b'"a\\u0000b"',
    "half a surrogate pair": b'"a\\ud800b"',
    "bytes that are no UTF-8": b'"a\xff\xfeb"',
    "half a surrogate pair in UTF-8": b'"a\xed\xa0\x80b"',
    "a control character": b'"a\nb"',
    "half a megabyte": b'"' + b"x" * 500_000 + b'"',
    "1e400": b"1e400",
    "10**400": b"1" + b"0" * 400,
    "10**5000": b"1" + b"0" * 5000,
    "2**63": b"9223372036854775808",
    "NaN": b"NaN",
    "a number with a leading zero": b"01",
    "a deep list": b"[" * LEVELS + b"]" * LEVELS,
    "a deep object": b'{"a":' * LEVELS + b"1" + b"}" * LEVELS,
    "ten thousand entries": json.dumps(["x"] * 10_000).encode(),
    "ten thousand members": json.dumps({f"m{number}": number for number in range(10_000)}).encode(),
}
ODD_NUMBERS: dict[bytes, float] = {b"-0": 0, b"-0.0": 0.0, b"1E2": 100.0, b"1.0": 1.0, b"1e-400": 0.0}
"""As they are written, and what they mean."""
MOMENTS = (
    "0001-01-01T00:00:00Z",
    "0001-01-01T00:00:00+14:00",
    "1969-12-31T23:59:59Z",
    "9999-12-31T23:59:59Z",
    "9999-12-31T23:59:59-14:00",
    "+292277026596-12-04T15:30:08Z",
    "2026-02-30T00:00:00Z",
    "2026-01-31T24:00:01Z",
    "2026-01-31T10:00:00",
    "2026-W05-6",
    "yesterday",
)


def whole_bodies(operation: Operation, right: Json) -> Iterator[Body]:
    """Bodies that are wrong as a whole."""
    text = json.dumps(right).encode()
    yield Body(what="more than 1 MB", data=b" " * BODY_LIMIT_BYTES + text)
    for levels in (21, LEVELS):
        yield Body(what=f"an object of {levels} levels", data=b'{"a":' * levels + b"1" + b"}" * levels)
        yield Body(what=f"a list of {levels} levels", data=b'{"a":' + b"[" * levels + b"]" * levels + b"}")
        yield Body(what=f"{levels} brackets", data=b"[" * levels)
    for data in (
        b"[]",
        b"[{}]",
        b'"text"',
        b"1",
        b"null",
        b"true",
        b"{",
        b"}",
        b"{}{}",
        b"{'a': 1}",
        b'{"a": 1,}',
        b"// x",
        b"\x00",
        b"\xff\xfe",
    ):
        yield Body(what=f"{data!r}", data=data)
    yield Body(what="UTF-16", data=json.dumps(right).encode("utf-16"))
    for content_type in (
        "text/plain",
        "application/x-www-form-urlencoded",
        "multipart/form-data; boundary=x",
        "application/xml",
        "json",
        None,
    ):
        yield Body(what=f"the content type {content_type}", data=text, content_type=content_type)
    yield Body(what="an unknown field", data=json.dumps({**right, "colour": "red"}).encode())
    yield Body(what="a field without a name", data=json.dumps({**right, "": 1}).encode())
    yield Body(what="__proto__", data=json.dumps({**right, "__proto__": {"admin": True}}).encode())
    yield Body(what="an unknown field twice", data=b'{"colour": 1, "colour": 2}')
    for name in right:
        again = json.dumps({name: right[name]}).encode()[1:]
        yield Body(what=f"{name} twice", data=text[:-1] + b", " + again)
    if operation.needs_body():
        yield Body(what="nothing", data=b"")
        yield Body(what="an empty object", data=b"{}")


def bodies_by_field(operation: Operation, right: Json) -> Iterator[Body]:
    """Bodies that are right but for one field."""
    for path, schema in operation.fields():
        name = ".".join(str(step) for step in path)
        for value in [*WRONG_VALUES, None, *(MOMENTS if "date" in schema.get("format", "") else ())]:
            body = with_value(right, path, value)
            yield Body(what=f"{name}: {value!r}", data=json.dumps(body).encode(), may_be_right=operation.allows(body))
        for raw, meant in ODD_NUMBERS.items():
            may_be_right = operation.allows(with_value(right, path, meant))
            yield Body(what=f"{name}: {raw!r}", data=_with_raw(right, path, raw), may_be_right=may_be_right)
        for what, raw in NEVER_RIGHT.items():
            yield Body(what=f"{name}: {what}", data=_with_raw(right, path, raw))
        if id_prefix(schema):
            for wrong in (
                new_id("zzz"),
                f"{id_prefix(schema)}_",
                f"{new_id(str(id_prefix(schema)))}\n",
                new_id(str(id_prefix(schema))).lower(),
            ):
                yield Body(what=f"{name}: {wrong!r}", data=json.dumps(with_value(right, path, wrong)).encode())
        if not isinstance(path[-1], int):
            body = without(right, path)
            yield Body(what=f"no {name}", data=json.dumps(body).encode(), may_be_right=operation.allows(body))


def _with_raw(right: Json, path: Path, raw: bytes) -> bytes:
    """The body with these bytes as the value there."""
    return json.dumps(with_value(right, path, PLACE)).encode().replace(json.dumps(PLACE).encode(), raw)


ADDRESSES = ("%00", "%FF", "%ED%A0%80", "..", "%2e%2e", "..%2f..%2fhealthz", "", "%20", "x" * 300, "x" * 5000, "%0a", "'", "{}", "*", "%")


def addresses(operation: Operation, right: dict[str, str]) -> Iterator[str]:
    """The operation's address with one part of it that cannot be: of what its owner calls as he likes, what the document rules out."""
    for name, schema in operation.parameters_in("path").items():
        wrong = [*ADDRESSES, f"{right[name]}%00", f"{right[name]}%0a", f"{right[name]}x", f"{right[name]}/", f"/{right[name]}"]
        if id_prefix(schema):
            wrong += [new_id("zzz"), right[name].lower(), right[name].replace("_", "%5f%5f")]
        elif "pattern" in schema:
            free = re.compile(schema["pattern"].removeprefix("^").removesuffix("$"))
            wrong = [part for part in wrong if free.fullmatch(unquote(part)) is None]
        for part in wrong:
            yield operation.path.format(**{**right, name: part})


CURSORS: tuple[str, ...] = (
    "x",
    "%C3%A9",
    "====",
    "W10",
    "e30",
    "WyJ4Il0",
    *(
        encode_cursor(*values)
        for values in (
            (None,),
            (0,),
            (-(2**63),),
            ("",),
            ("x" * 500,),
            ("2026-13-45T99:99:99Z",),
            (None, None),
            ("x", "y"),
            (1, "x"),
            ("x", 1),
            ("0001-01-01T00:00:00+14:00", "x"),
            ("9999-12-31T23:59:59-14:00", "x"),
            ("infinity", "x"),
            (1, 2, 3),
        )
    ),
)
QUERIES = (
    "%00",
    "%FF",
    "%ED%A0%80",
    "",
    "x" * 3000,
    "%27%3B%20--",
    "%25",
    "%5C",
    "1e400",
    "9" * 400,
    "-1",
    "0",
    "NaN",
    "true",
    "%5B%5D",
    "null",
)


def queries(operation: Operation) -> Iterator[tuple[str, bool]]:
    """Queries, and whether one may be right: what a text is searched for, and cursors that could have been ours."""
    needed = "".join(f"{name}={value}&" for name, value in operation.required_query().items())
    yield from ((needed + wrong, False) for wrong in ("colour=red", "%00=1", "%FF", "limit%5B%5D=1", "__proto__=1"))
    for name, schema in operation.parameters_in("query").items():
        beside = needed.replace(f"{name}={operation.required_query().get(name)}&", "")
        for value in QUERIES:
            said_empty = value == "" and schema.get("minLength") == 0  # the document says that nothing is a value, too
            may_be_right = said_empty or not (value in {"%00", "", "x" * 3000} or id_prefix(schema) or schema["type"] == "integer")
            yield f"{beside}{name}={value}", may_be_right
        if name == "cursor":
            yield from ((f"{beside}cursor={cursor}", True) for cursor in CURSORS)
        yield f"{beside}{name}=x&{name}=y", True
