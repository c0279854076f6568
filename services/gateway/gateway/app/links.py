"""Links of the OpenAPI document: where an answer says what another operation's address takes, the document says so."""

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from gateway.schemas import Json

METHODS = ("get", "post", "put", "patch", "delete")
PLACE_OF_FIRST = "data/0/"
"""Of a list, its first entry."""


class Operation(NamedTuple):
    """An operation, and where it is."""

    path: str
    method: str
    said: Json

    @property
    def names(self) -> list[str]:
        """What its address takes, in order."""
        return [part.partition("}")[0] for part in self.path.split("{")[1:]]


def link(document: Json) -> None:
    """Say in every answer which operations go on from it: those on what was made, found or changed, and those beneath."""
    operations = [Operation(path, method, item[method]) for path, item in document["paths"].items() for method in METHODS if method in item]
    for source in operations:
        for response in source.said["responses"].values():
            links = {
                target.said["operationId"]: _link(given, target) for target, given in _followed(source, response, operations, document)
            }
            if links:
                response["links"] = links


def _link(given: Mapping[str, str], target: Operation) -> Json:
    return {"operationId": target.said["operationId"], "parameters": {f"path.{name}": given[name] for name in target.names}}


def _followed(source: Operation, response: Json, operations: list[Operation], document: Json) -> Iterator[tuple[Operation, dict[str, str]]]:
    """Every operation that goes on from this answer, and where each part of its address stands."""
    members, place = _members(response, document)
    if members is None:
        return
    own = {name: f"$request.path.{name}" for name in source.names}
    for target in operations:
        if target == source or not _goes_on(source, target):
            continue
        given = own | {
            name: f"$response.body#/{place}{member}"
            for name in target.names
            if name not in own and (member := _member_for(name, members, is_its_id=f"{source.path}/{{{name}}}" in target.path)) is not None
        }
        if set(target.names) <= given.keys():
            yield target, given


def _goes_on(source: Operation, target: Operation) -> bool:
    """Whether the target is about what the source answers with; from one that is read, also whether it is about what is beneath it."""
    if source.path == target.path:
        return bool(source.names) and source.method != "post"
    beneath = target.path.removeprefix(source.path)
    if beneath == target.path or beneath[0] not in "/.":
        return False
    is_single = bool(source.names) and source.path.endswith("}")
    if is_single:
        return source.method == "get" and set(target.names) == set(source.names)
    return len(target.names) > len(source.names) and beneath.rpartition("}")[2] in {"", ".pdf"}


def _member_for(name: str, members: Mapping[str, Any], *, is_its_id: bool) -> str | None:
    """Which member of the answer is what an address calls so; `is_its_id`: the address names what is answered by it."""
    if name in members:
        return name
    return "id" if is_its_id and "id" in members else None


def _members(response: Json, document: Json) -> tuple[Json | None, str]:
    """The members of what is answered and where they stand; of a list those of an entry; None where nothing is."""
    content = response.get("content", {}).get("application/json")
    if content is None:
        return None, ""
    members = _resolved(content["schema"], document).get("properties", {})
    if set(members) == {"data", "next_cursor", "total"}:
        return _resolved(members["data"]["items"], document).get("properties", {}), PLACE_OF_FIRST
    return members, ""


def _resolved(schema: Json, document: Json) -> Json:
    while "$ref" in schema:
        schema = document["components"]["schemas"][schema["$ref"].rpartition("/")[2]]
    return schema
