"""Documents as PDF: how they are answered, and how that is described."""

import hashlib
from base64 import b64decode
from http import HTTPStatus
from typing import Any

from flask import Response, request

from gateway.schemas import Json

PDF = "application/pdf"
PDF_ANSWERS: dict[HTTPStatus, list[Any]] = {
    HTTPStatus.OK: [
        {
            "description": "The document.",
            "schema": {"type": "string", "contentMediaType": PDF},
            "example": "%PDF-1.7 …",
            "content_type": PDF,
            "headers": {name: {"schema": {"type": "string"}} for name in ("ETag", "Content-Disposition")},
        }
    ],
    HTTPStatus.NOT_MODIFIED: [{"description": "What you have is still right.", "content_type": None}],
}


def printed(document: Json) -> Response:
    """Answer with a PDF as a service printed it, to be saved under its name, or 304 where the caller has it already."""
    content = b64decode(document["content"])
    version = hashlib.blake2b(content, digest_size=12).hexdigest()
    if "HTTP_IF_NONE_MATCH" in request.environ and request.if_none_match.contains_weak(version):
        response = Response(status=HTTPStatus.NOT_MODIFIED)
    else:
        response = Response(content, content_type=PDF)
        response.headers["Content-Disposition"] = f'attachment; filename="{document["filename"]}"'
    response.headers["ETag"] = f'"{version}"'
    response.headers["Cache-Control"] = "private, no-cache"
    return response
