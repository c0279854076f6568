"""Every route asks who is there, but the few that say nothing of anybody."""

import re
from http import HTTPStatus

from flask import Flask

from chassis.ids import new_id

PUBLIC = {"/docs", "/healthz", "/readyz", "/v1/asyncapi.json", "/v1/openapi.json", "/webhooks/stripe"}
"""What says nothing of anybody; and what the payment provider tells, which is known by its signature."""
AGENCY_API = {"/api.php", "/admin/api.php"}
"""What answers 200 to everybody, and says inside that it knows no stranger: tests/contracts/test_agency_api.py tries every call."""
ID_PARAMETER = re.compile(r"""<id\(["'](\w+)["']\):\w+>""")
MONTH_PARAMETER = re.compile(r"<month:\w+>")
CHOICE_PARAMETER = re.compile(r"<any\((\w+)[^)]*\):\w+>")
ANY_PARAMETER = re.compile(r"<[^>]*>")


def unauthenticated(app: Flask) -> list[str]:
    """Name each route of the application that answers a stranger with anything but 401, and is not public."""
    client = app.test_client()
    found: list[str] = []
    for rule in app.url_map.iter_rules():
        if rule.rule in PUBLIC | AGENCY_API:
            continue
        path = ID_PARAMETER.sub(lambda match: new_id(match[1]), rule.rule)
        path = ANY_PARAMETER.sub("some", CHOICE_PARAMETER.sub(r"\1", MONTH_PARAMETER.sub("2026-01", path)))
        for method in sorted((rule.methods or set()) - {"HEAD", "OPTIONS"}):
            status = client.open(path, method=method, json={} if method != "GET" else None).status_code
            if status != HTTPStatus.UNAUTHORIZED:
                found.append(
                    f"{method} {rule.rule} answers a caller without a key with {status}, not 401: declare it by Routes.get, .post, .patch,"
                    " .put or .delete with its scope, or name it among the public ones in tests/architecture/routes.py, with care."
                )
    return found
