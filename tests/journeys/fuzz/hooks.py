"""What schemathesis is told of this API.

Which key is the one it asks with; that a command is new unless it says otherwise; and, where it follows links, what is worth following.
"""

import itertools
import os
from copy import deepcopy
from typing import Any

import schemathesis

from chassis.ids import new_id

OWN_KEY_ID = os.environ["FUZZ_KEY_ID"]
AS_GENERATED = 4
"""Of so many requests that follow links one stays as it was generated: what that makes is mostly refused, and leads nowhere."""
REFUSAL = 400
NO_METHOD = 405
turns = itertools.count()


@schemathesis.hook
def before_call(_context: Any, case: Any, _kwargs: dict[str, Any]) -> None:
    """Leave the key that asks alone; let an Idempotency-Key be a new one, as other tests repeat; and make things to go on from."""
    if (case.path_parameters or {}).get("key_id") == OWN_KEY_ID:
        case.path_parameters["key_id"] = new_id("key")
    if not case.meta.generation.mode.is_positive:
        return
    if case.headers is not None and "Idempotency-Key" in case.headers:
        case.headers["Idempotency-Key"] = new_id("idk")
    if case.meta.phase.name.value == "stateful" and next(turns) % AS_GENERATED:
        _make_it_work(case)


@schemathesis.check
def refuses_with_a_code_that_it_says(_context: Any, response: Any, case: Any) -> None:
    """A problem's `code` is one that the operation's `x-codes` say for the status; a method that is none (405) is no operation."""
    if response.status_code < REFUSAL or response.status_code == NO_METHOD:
        return
    code = response.json()["code"]
    said = case.operation.definition.raw["x-codes"].get(str(response.status_code), [])
    assert code in said, f"{response.status_code} {code} is not in the x-codes of the operation: {said}"


def _make_it_work(case: Any) -> None:
    """Send the document's example, under a name that nothing has yet; ask a list for all of it."""
    said = case.operation.definition.raw
    example = said.get("requestBody", {}).get("content", {}).get("application/json", {}).get("example")
    if example is not None:
        case.body = deepcopy(example)
        for name in ("name", "username"):
            if name in example:
                case.body[name] = new_id("n").replace("_", "-").lower()
        if "email" in example:
            case.body["email"] = f"{new_id('n')}@client.example"
        if "custom_domain" in example:
            case.body["custom_domain"] = None
    needed = {each["name"] for each in said.get("parameters", []) if each.get("required")}
    case.query = {name: value for name, value in (case.query or {}).items() if name in needed}
    for name in ("If-Match", "If-None-Match"):
        (case.headers or {}).pop(name, None)
