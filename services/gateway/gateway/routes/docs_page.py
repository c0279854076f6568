"""The OpenAPI document as a page: what its templates ask for, and what the page may load and run, which is only what is in it."""

import base64
import hashlib
import json
import re
import shlex
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from flask import Flask, render_template
from markupsafe import Markup, escape

from gateway.errors import EVERY_PROBLEM
from gateway.schemas import Json

METHODS = ("get", "post", "put", "patch", "delete")
FOLDER = Path(__file__).parent.parent / "templates"
STYLE, SCRIPT = ((FOLDER / name).read_text() for name in ("docs.css", "docs.js"))
OUR_ROWS = re.compile(r" \(R\d+\.\d+(?:(?:, | and |–)R?\d+\.\d+)*\)")
"""Rows of our requirements: they say nothing to those who read the page."""
FIRST_SENTENCE = re.compile(r"[^.:;(]+(?:\.(?! |$)[^.:;(]*)*")
INLINE = re.compile(r"`([^`]+)`|\*\*([^*]+)\*\*")
HEADERS = {
    "Authorization": "Who asks: `Bearer`, and your API key.",
    "ETag": "Which state this is: send it as `If-Match` to change no other, as `If-None-Match` to ask whether it is still so.",
    "Location": "The address of what was made, to ask after it.",
    "Content-Disposition": "What to call the file.",
    "Retry-After": "With 429 and 503: after how many seconds to try again.",
    "X-Request-Id": "With every answer: quote it to our support.",
}
"""What the document names and does not describe, or leaves to its introduction."""


@dataclass(frozen=True, kw_only=True)
class Field:
    """A field of a body: `depth` says how many others it stands in, `limits` what may be given."""

    name: str
    depth: int
    schema: Json
    required: bool
    limits: list[str]


@dataclass(frozen=True, kw_only=True)
class Operation:
    """One method of one address; `codes` are those of its problems by status, where the document says them."""

    method: str
    path: str
    parameters: list[Json]
    said: Json

    @property
    def title(self) -> str:
        """What it does, in as few words as a list of all has room for."""
        found = FIRST_SENTENCE.match(self.said["summary"].replace("`", ""))
        return found[0].strip() if found else self.said["operationId"]

    @property
    def codes(self) -> dict[str, list[str]]:
        """Those of the operation, and those of its answers."""
        answers = self.said["responses"]
        of_answers = {status: answer["x-codes"] for status, answer in answers.items() if "x-codes" in answer}
        of_operation: dict[str, list[str]] = self.said.get("x-codes", {})
        return {status: [] for status in answers if status >= "400"} | of_operation | of_answers

    @property
    def request(self) -> str:
        """The example request, to be typed in a shell that has COMPTOIR_URL and COMPTOIR_API_KEY."""
        address, asked = self.path, []
        for each in self.parameters:
            if each["in"] == "path":
                address = address.replace(f"{{{each['name']}}}", _example(each["schema"]))
            elif each["in"] == "query" and each.get("required"):
                asked.append(f"{each['name']}={_example(each['schema'])}")
        words = [f'"$COMPTOIR_URL{"?".join([address, *asked[:1]])}{"".join(f"&{each}" for each in asked[1:])}"']
        words.append('-H "Authorization: Bearer $COMPTOIR_API_KEY"')
        if any(each["name"] == "Idempotency-Key" for each in self.parameters):
            words.append('-H "Idempotency-Key: $(uuidgen)"')
        if any(each["name"] == "If-Match" and each.get("required") for each in self.parameters):
            words.append("-H 'If-Match: \"…\"'")
        for media_type, content in self.said.get("requestBody", {}).get("content", {}).items():
            words += [f"-H 'Content-Type: {media_type}'", f"-d {shlex.quote(_indented(content['example']))}"]
        if any("application/pdf" in answer.get("content", {}) for answer in self.said["responses"].values()):
            words.append("-OJ")
        method = "" if self.method == "get" else f"-X {self.method.upper()} "
        return f"curl {method}" + " \\\n  ".join(words)


def written(app: Flask, document: Json) -> str:
    """Write the page."""
    operations = [
        Operation(
            method=method, path=path, parameters=[*item.get("parameters", []), *item[method].get("parameters", [])], said=item[method]
        )
        for path, item in document["paths"].items()
        for method in METHODS
        if method in item
    ]
    headers = {name: document["components"]["headers"].get(name, {"description": said}) for name, said in HEADERS.items()}
    for operation in operations:
        headers |= {each["name"]: each for each in operation.parameters if each["in"] == "header"}
    app.jinja_env.filters |= {"indented": _indented, "prose": _prose, "words": _words, "limits": _limits}
    with app.app_context():
        return render_template(
            "docs.html",
            document=document,
            operations=operations,
            named={operation.said["operationId"]: operation for operation in operations},
            headers=headers | document["components"]["headers"],
            problems=EVERY_PROBLEM,
            fields=partial(_fields, document["components"]["schemas"]),
            style=Markup(STYLE),  # noqa: S704  ours
            script=Markup(SCRIPT),  # noqa: S704  ours
        )


def policy() -> str:
    """Say what the page may load and run: the style and the script that are in it, by their digests, and nothing else."""
    style, script = (base64.b64encode(hashlib.sha256(text.encode()).digest()).decode() for text in (STYLE, SCRIPT))
    return (
        f"default-src 'none'; style-src 'sha256-{style}'; script-src 'sha256-{script}'; img-src data:;"
        " base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    )


def _indented(value: Any) -> str:
    return json.dumps(value, indent=2, ensure_ascii=False)


def _example(schema: Json) -> str:
    return str((schema.get("examples") or schema["enum"])[0])


def _prose(text: str | None) -> Markup:
    """Text with its `code` and its **strong** words, its paragraphs and its lists."""
    lines = [_words(block) for block in re.split(r"\n\n|\n(?=- )", text or "")]
    tags = [f"<li>{line[2:]}</li>" if line.startswith("- ") else f"<p>{line}</p>" for line in lines if line]
    return Markup(re.sub(r"((?:<li>.*</li>)+)", r"<ul>\1</ul>", "".join(tags), flags=re.DOTALL))  # noqa: S704  escaped above


def _words(text: str) -> Markup:
    """Text of one line, the same."""
    return Markup(INLINE.sub(_inline, str(escape(OUR_ROWS.sub("", text)))))  # noqa: S704  escaped here


def _inline(found: re.Match[str]) -> str:
    code, strong = found.groups()
    return f"<code>{code}</code>" if code else f"<strong>{strong}</strong>"


def _fields(schemas: Json, schema: Json, depth: int = 0) -> Iterator[Field]:
    """The fields of an object, each followed by its own."""
    while "$ref" in schema or "items" in schema or "anyOf" in schema:
        schema = schemas[schema["$ref"].rpartition("/")[2]] if "$ref" in schema else schema.get("items") or schema["anyOf"][0]
    for name, each in schema.get("properties", {}).items():
        yield Field(name=name, depth=depth, schema=each, required=name in schema.get("required", []), limits=list(_limits(each)))
        yield from _fields(schemas, each, depth + 1)


def _limits(schema: Json) -> Iterator[str]:
    """What may be given, in words."""
    for least, most, unit in (("minLength", "maxLength", " characters"), ("minimum", "maximum", ""), ("minItems", "maxItems", " entries")):
        if least in schema and most in schema:
            yield f"{schema[least]} to {schema[most]}{unit}"
        elif least in schema or most in schema:
            yield f"at least {schema[least]}{unit}" if least in schema else f"at most {schema[most]}{unit}"
    if schema.get("default") is not None:
        yield f"default {json.dumps(schema['default'], ensure_ascii=False)}"
    if "enum" not in schema and isinstance(example := schema.get("examples", [None])[0], (str, int)):
        yield f"such as {example}"
