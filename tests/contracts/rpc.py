"""Every method has a golden example of what it is asked, answers and refuses; every caller asks and reads like it."""

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from chassis.doors import CallDoor
from chassis.errors import MalformedCall, Refusal, Refused
from chassis.schemas import load

from .golden import FOLDER, Json, members, unlike, variants

RPC = FOLDER / "rpc"

Methods = Mapping[str, CallDoor]
Golden = Mapping[str, Json]


def unmatched(methods: Methods, golden: Golden) -> list[str]:
    """Name each method without its example, and each example without its method."""
    missing = [
        f"{RPC}/{name}.json is missing: callers are tested against its request, its answer and its refusal (null where it has none)."
        for name in methods.keys() - golden.keys()
    ]
    orphans = [
        f"{RPC}/{name}.json is an example of no method: whoever still calls it is refused." for name in golden.keys() - methods.keys()
    ]
    return sorted(missing + orphans)


def untrue(methods: Methods, golden: Golden, refusals: Iterable[type[Refusal]]) -> list[str]:
    """Name each example that the door would not take, not answer or not refuse with."""
    named = list(refusals)
    return [f"{RPC}/{name}.json: {why}." for name, door in methods.items() if name in golden for why in _untrue(door, golden[name], named)]


def _untrue(door: CallDoor, example: Json, refusals: list[type[Refusal]]) -> Iterator[str]:
    if example.keys() != {"request", "answer", "refusal"}:
        yield "an example has the members request, answer and refusal"
        return
    request = door.request()
    for name in members(request).keys() - example["request"].keys():
        yield f"request.{name} is missing: an example shows every field, the optional ones too"
    try:
        load(request, example["request"])
    except Refusal as refusal:
        yield f"the door refuses the request ({refusal.text})"
    if door.answer_schema is not None:
        yield from unlike(door.answer_schema(), example["answer"], "answer")
    if example["refusal"] is not None and not any(_says(refusal, example["refusal"]) for refusal in refusals):
        yield f"no errors.py has a refusal that says {json.dumps(example['refusal'], ensure_ascii=False)}"


def _says(refusal: type[Refusal], example: Json) -> bool:
    if refusal.code != example["code"]:
        return False
    details = {name: value for name, value in example["details"].items() if name != "field"}
    try:
        return refusal(**details).to_wire() == example
    except (KeyError, TypeError):  # another refusal of this code, which is told other things
        return False


@dataclass(kw_only=True)
class StandIn:
    """All services, answering by their examples; it keeps what was asked, and says what was asked wrongly.

    To the services' clients `call` is that of their wiring, to the gateway it is the whole RPC client.
    """

    caller: str
    methods: Methods
    golden: Golden
    answers: dict[str, Json] = field(default_factory=dict)
    """What is answered instead of the example."""
    refusals: dict[str, Json] = field(default_factory=dict)
    """What is refused instead of answered."""
    asked: list[str] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)
    ready: bool = True

    def call(
        self,
        service: str,
        method: str,
        payload: Mapping[str, Any],
        *,
        timeout_seconds: float,
        idempotency_key: str | None = None,
        is_read: bool = False,
    ) -> Any:
        """Answer as the service would, by the example."""
        del timeout_seconds, idempotency_key
        name = f"{service}/{method}"
        self.asked.append(name)
        if name not in self.methods:
            self.wrong.append(f"{self.caller} calls {service}.{method}, which has no door: the methods of {service} are in its service.py.")
            raise MalformedCall(reason=f"{service} has no method {method}")
        try:
            load(self.methods[name].request(), json.loads(json.dumps(payload)))
        except Refusal as refusal:
            self.wrong.append(f"{self.caller} calls {service}.{method} with {dict(payload)}, which its door refuses: {refusal.text}")
        if is_read == self.methods[name].is_command:
            kind = (
                "a command: it may not be sent twice, so not as a read" if is_read else "a query: call it as a read, it may be sent again"
            )
            self.wrong.append(f"{self.caller} calls {service}.{method}, which is {kind}.")
        if name in self.refusals:
            raise Refused.from_wire(self.refusals[name])
        return json.loads(json.dumps(self.answers.get(name, self.golden[name]["answer"])))

    def answer_variants(self, name: str) -> Iterator[Json]:
        """Answer a method's calls with each thing that it may answer in turn."""
        schema, example = self.methods[name].answer_schema, self.golden[name]
        for answer in [example["answer"]] if schema is None else variants(schema(), example["answer"], asked=example["request"]):
            self.answers[name] = answer
            yield answer
        del self.answers[name]
