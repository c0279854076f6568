"""Every operation of the document, before the whole platform: who may not, what cannot be, and that nothing falls over it.

The requests are made of docs/openapi.json, so a new operation is tested by being there; `world.py` learns how to make what it takes.
"""

import json
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from chassis.ids import new_id
from chassis.testing import eventually
from tests.architecture.tree import hold

from .conftest import Platform
from .ill_will import Body, addresses, bodies_by_field, queries, whole_bodies
from .operations import DOCUMENT, Operation, id_prefix, operations, with_value
from .wire import Answer
from .world import HERE, MAKERS, NOT_MADE_YET, World, bearer, fresh, unmade

CALLERS = 4
OK, UNAUTHENTICATED, FORBIDDEN, NOT_FOUND, FAILURE = 200, 401, 403, 404, 500
OPERATIONS = operations(DOCUMENT)
EVERY = pytest.mark.parametrize("operation", OPERATIONS, ids=str)
WITH_BODY = pytest.mark.parametrize("operation", [each for each in OPERATIONS if each.has_body], ids=str)
WITH_IDS = pytest.mark.parametrize(
    "operation", [each for each in OPERATIONS if any(id_prefix(schema) for schema in each.parameters_in("path").values())], ids=str
)
READS = pytest.mark.parametrize("operation", [each for each in OPERATIONS if each.method == "GET"], ids=str)


@pytest.fixture(scope="module")
def world(platform: Platform) -> Iterator[World]:
    world = World(platform)
    yield world
    world.wire.close()


def refused(what: str, answer: Answer, *statuses: int) -> Iterator[str]:
    """Say how the answer is not a problem that tells what was wrong with the request."""
    if not answer.is_refusal:
        yield f"{what}: answered {answer.status}, not refused: {answer.text[:300]}"
    elif statuses and answer.status not in statuses:
        yield f"{what}: answered {answer.status}, not {statuses[0]}: {answer.text[:300]}"
    elif fault := answer.faults():
        yield f"{what}: answered {answer.status}, and the problem {fault}: {answer.text[:300]}"


def all_sent(send: Callable[[Any], Iterable[str]], each: Iterable[Any]) -> list[str]:
    """Send all of them, a few at a time; give what was found."""
    with ThreadPoolExecutor(CALLERS) as callers:
        return [sentence for found in callers.map(lambda one: list(send(one)), each) for sentence in found]


# --- who may not ------------------------------------------------------------------------------------------------------------------------


@EVERY
def test_everything_that_an_operation_takes_can_be_made_here(operation: Operation) -> None:
    hold(unmade(operation))
    assert not NOT_MADE_YET.keys() & MAKERS.keys(), f"{HERE} makes what NOT_MADE_YET says that nothing makes"


def test_an_operation_that_takes_something_new_is_named_and_told_where_to_say_how_it_is_made() -> None:
    said = {"operationId": "get_comet", "x-scope": "admin", "responses": {}}
    comet = {"in": "path", "name": "comet_id", "schema": {"type": "string", "pattern": "^cmt_[0-7][0-9A-HJKMNP-TV-Z]{25}$"}}
    [sentence] = unmade(
        Operation(method="GET", path="/v1/comets/{comet_id}", said=said, parameters=[comet], components={}),
    )
    assert sentence.startswith(
        "GET /v1/comets/{comet_id} (get_comet) takes comet_id, and the tests of bad will do not know how to make one"
    )
    assert f'add `"comet_id": …` to MAKERS in {HERE}' in sentence


@EVERY
def test_who_does_not_say_who_he_is_is_told_nothing_else(world: World, operation: Operation) -> None:
    address, key = world.ids(operation, world.owner), world.owner.key
    wrong = (
        None,
        "",
        "Bearer",
        "Bearer ",
        f"Bearer  {key}",
        f"Bearer {key}x",
        f"Bearer {key[:-1]}",
        f"Bearer {key}, Bearer {key}",
        f"Bearer {key.upper()}",
        f"Basic {key}",
        key,
        "Bearer ck_live_" + "a" * 43,
        "Bearer ck_live_" + "é" * 43,
        "Bearer " + "a" * 7000,
        "Bearer ' OR 1=1 --",
    )
    answers = ((each, world.send(operation, address, authorization=each)) for each in wrong)
    hold([sentence for each, answer in answers for sentence in refused(f"{operation} for {each!r}", answer, UNAUTHENTICATED)])


@EVERY
def test_a_key_without_the_scope_is_refused(world: World, operation: Operation) -> None:
    key = world.key_without(operation.scope)
    answer = world.send(operation, world.ids(operation, world.owner), authorization=f"Bearer {key}")
    hold(list(refused(str(operation), answer, FORBIDDEN)))


@WITH_IDS
def test_what_is_another_agencys_is_not_there(world: World, operation: Operation) -> None:
    """R0.2."""
    own, others = world.ids(operation, world.stranger), world.ids(operation, world.owner)
    schemas = operation.parameters_in("path")
    names = [name for name in own if own[name] != others[name] and id_prefix(schemas[name])]  # what its owner calls it is no secret
    body = world.body(operation, world.stranger)

    def taken(address: dict[str, str]) -> Answer:
        return world.send(operation, address, authorization=bearer(world.stranger), body=body)

    for first in range(len(names)):  # the whole address of the other, then ever less of it: his user of my account
        changed = {**own, **{name: others[name] for name in names[first:]}}
        nobodys = {**own, **{name: new_id(others[name].partition("_")[0]) for name in names[first:]}}
        answer, unknown = taken(changed), taken(nobodys)
        hold(list(refused(f"{operation} with another agency's {names[first:]}", answer, NOT_FOUND)))
        assert _anonymous(answer, changed) == _anonymous(unknown, nobodys), "it can be told from one that nobody has"


@READS
def test_nothing_that_an_agency_reads_tells_of_another(world: World, operation: Operation) -> None:
    """R0.2."""
    own = world.ids(operation, world.stranger)
    world.ids(operation, world.owner)
    answer = world.send(operation, own, authorization=bearer(world.stranger))
    assert [each for each in world.made_of(world.owner) if each in answer.text] == []


@EVERY
def test_another_agencys_id_in_a_query_or_in_a_body_is_one_that_nobody_has(world: World, operation: Operation) -> None:
    own = world.ids(operation, world.stranger)
    right = world.body(operation, world.stranger)
    for name, schema in operation.parameters_in("query").items():
        if id_prefix(schema):
            ids = [world.id_of(operation, name, world.owner, {}), new_id(str(id_prefix(schema)))]
            queries_ = [{**operation.required_query(), name: each} for each in ids]
            answers = [world.send(operation, own, authorization=bearer(world.stranger), query=query, body=right) for query in queries_]
            assert _anonymous(answers[0], {name: ids[0]}) == _anonymous(answers[1], {name: ids[1]}), (name, answers)
    for path, schema in operation.fields():
        name = str(path[-1])
        if right is None or not id_prefix(schema) or name in NOT_MADE_YET:
            continue
        others = world.id_of(operation, name, world.owner, {})
        bodies = [with_value(right, path, others)]
        bodies += [{**bodies[0], beside: None} for beside in right if right[beside] is not None and beside != path[0]]
        found = [_sent_with(world, operation, own, body, others) for body in bodies if operation.allows(body)]
        found += [f"no body of {operation} may have {name}"] * (not found)
        hold([sentence for sentence in found if sentence])


def _sent_with(world: World, operation: Operation, address: dict[str, str], body: dict[str, Any], others: str) -> str | None:
    """Send a body that holds another agency's id, and the same with one that nobody has; say where they are not refused alike."""
    nobodys = new_id(others.partition("_")[0])
    answers = [
        world.send(
            operation,
            address,
            authorization=bearer(world.stranger),
            body={**_replaced(body, others, each), **fresh(operation, world.owner)},
        )
        for each in (others, nobodys)
    ]
    if not answers[0].is_refusal or _anonymous(answers[0], {"": others}) != _anonymous(answers[1], {"": nobodys}):
        return f"{operation} with another agency's id, and with one that nobody has: {[answer.text for answer in answers]}"
    return None


def _replaced(value: Any, old: str, new: str) -> Any:
    if isinstance(value, dict):
        return {name: _replaced(inner, old, new) for name, inner in value.items()}
    if isinstance(value, list):
        return [_replaced(inner, old, new) for inner in value]
    return new if value == old else value


def _anonymous(answer: Answer, address: dict[str, str]) -> tuple[int, str]:
    """An answer without the ids that were asked for."""
    text = str(answer.problem())
    for value in address.values():
        text = text.replace(value, "…")
    return answer.status, text


@EVERY
def test_the_agency_itself_gets_through(world: World, operation: Operation) -> None:
    address = world.ids(operation, world.owner)
    answer = world.send(operation, address, authorization=bearer(world.owner))
    assert answer.status not in {UNAUTHENTICATED, FORBIDDEN}, answer
    where = f"where it needs a thing in a state of its own, make that as `{operation}.<name>` in MAKERS in {HERE}"
    assert answer.status != NOT_FOUND, f"{operation} answers {answer.text}: {where}"
    assert answer.status in operation.statuses - {FAILURE}, f"{answer}: {operation} does not say that it may answer so"


def test_an_idempotency_key_is_the_agencys_own(world: World) -> None:
    [operation] = [each for each in OPERATIONS if str(each) == "create_quote"]
    key = new_id("idk")
    first, second = (
        world.send(operation, {}, authorization=bearer(agency), Idempotency_Key=key) for agency in (world.owner, world.stranger)
    )
    assert (first.status, second.status) == (201, 201), second.text
    assert first.json()["id"] != second.json()["id"]


# --- what cannot be ---------------------------------------------------------------------------------------------------------------------


def refused_bodies(world: World, operation: Operation, bodies: Iterable[Body]) -> list[str]:
    """Send them; say which was not refused as it should be, or made us fail."""
    address = world.ids(operation, world.owner)

    def send(body: Body) -> Iterator[str]:
        what = f"{operation} with {body.what}"
        answer = world.send(
            operation,
            address,
            authorization=bearer(world.owner),
            body=body.data,
            content_type=body.content_type,
            query=operation.required_query(),
        )
        if answer.status < FAILURE and body.may_be_right and not answer.is_refusal:
            return
        yield from refused(what, answer)
        if answer.is_refusal and answer.status not in operation.statuses:
            yield f"{what}: answered {answer.status}, of which the document says nothing: {answer.text[:300]}"

    return all_sent(send, bodies)


@WITH_BODY
def test_a_body_that_cannot_be_is_refused_with_a_problem(world: World, operation: Operation) -> None:
    right = world.body(operation, world.owner) or {}
    hold(refused_bodies(world, operation, whole_bodies(operation, right)))


@WITH_BODY
def test_a_field_that_cannot_be_is_refused_with_a_problem(world: World, operation: Operation) -> None:
    right = world.body(operation, world.owner) or {}
    hold(refused_bodies(world, operation, bodies_by_field(operation, right)))


@WITH_IDS
def test_an_address_that_cannot_be_is_refused_with_a_problem(world: World, operation: Operation) -> None:
    body = world.body(operation, world.owner)

    def send(path: str) -> Iterator[str]:
        answer = world.wire.send(operation.method, path, authorization=bearer(world.owner), body=body, query=operation.required_query())
        yield from refused(f"{operation.method} {path[:200]}", answer)

    hold(all_sent(send, addresses(operation, world.ids(operation, world.owner))))


@EVERY
def test_a_query_that_cannot_be_is_refused_with_a_problem(world: World, operation: Operation) -> None:
    address, body = world.ids(operation, world.owner), world.body(operation, world.owner)

    def send(query: tuple[str, bool]) -> Iterator[str]:
        text, may_be_right = query
        answer = world.send(operation, address, authorization=bearer(world.owner), query=text, body=body)
        if not (may_be_right and answer.status == OK):
            yield from refused(f"{operation}?{text[:200]}", answer)

    hold(all_sent(send, queries(operation)))


def test_nothing_of_all_this_made_a_process_fail_or_parked_a_message(world: World) -> None:
    platform = world.platform
    eventually(lambda: not any(platform.databases[service].emitted() for service in platform.databases), what="everything is delivered")
    assert platform.bus.parked() == []
    lines = [(name, line) for name, process in platform.processes.items() for line in process.log]
    levels = [json.loads(line)["level"] for _, line in lines if line.startswith("{")]
    assert "info" in levels
    assert {"error", "critical"}.isdisjoint(levels), [line for _, line in lines if '"error"' in line or '"critical"' in line]
    assert [(name, line) for name, line in lines if "Traceback" in line] == []
    assert [name for name, process in platform.processes.items() if not process.running] == []
