"""The headers that operations take, as the document describes them."""

from gateway.schemas import Json

IDEMPOTENCY_PARAMETER: Json = {
    "in": "header",
    "name": "Idempotency-Key",
    "description": (
        "The same key and body within 24 hours get the first answer again, and nothing is done twice; "
        "the same key with another body is refused."
    ),
    "schema": {"type": "string", "minLength": 1, "maxLength": 255, "pattern": "^[!-~]([ -~]*[!-~])?$"},
}
ETAG_PARAMETER: Json = {
    "in": "header",
    "name": "If-None-Match",
    "description": "The ETag of what you have: 304 where it is still right.",
    "schema": {"type": "string"},
}
IF_MATCH_PARAMETER: Json = {
    "in": "header",
    "name": "If-Match",
    "description": "The ETag of what you have: 412 where it has changed meanwhile, and nothing is done. Left out: change it anyway.",
    "schema": {"type": "string"},
}
