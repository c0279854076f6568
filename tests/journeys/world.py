"""Two agencies with one of everything each, and a caller who may be either, or nobody."""

from collections.abc import Callable, Mapping
from typing import Any

import pytest

from chassis.ids import new_id
from chassis.testing import eventually

from .conftest import Agency, Platform, unique_name
from .operations import DOCUMENT, Json, Operation, id_prefix, operations, value_at, with_value
from .wire import REFUSAL, Answer, Wire

Maker = Callable[[Agency, Mapping[str, str]], str]
"""Makes a thing of the agency and gives its id; the ids before it in the address are given: a user of *this* account."""

PLUS = {"pricing_version": "V3", "product": "EM", "plan": "Plus", "contacts": 1000, "frequency": "monthly"}
HERE = "tests/journeys/world.py"


def _account(agency: Agency, _before: Mapping[str, str]) -> str:
    account_id = _created(agency, "/v1/accounts", open_account_body())
    agency.until_status(account_id, "active")
    return account_id


def _quote(agency: Agency, _before: Mapping[str, str]) -> str:
    return _created(agency, "/v1/quotes", PLUS)


def _billing_profile(agency: Agency, _before: Mapping[str, str]) -> str:
    return _created(agency, "/v1/billing-profiles", {"payment_method": "pm_card_mastercard"})


def _invoice(agency: Agency, _before: Mapping[str, str]) -> str:
    return _created(agency, "/v1/credits/prepaid/purchases", {"amount": {"amount": 1000, "currency": "EUR"}})


def _credit_note(agency: Agency, before: Mapping[str, str]) -> str:
    path = f"/v1/accounts/{_account(agency, before)}/plan-changes"
    down = {"plan": {**PLUS, "plan": "Starter"}, "effective": "now"}
    eventually(lambda: agency.post(path, down).ok, what="a downgrade at once")
    found = eventually(lambda: agency.get("/v1/credit-notes").json()["data"], what="its credit note")
    return str(found[0]["id"])


def _month(agency: Agency, _before: Mapping[str, str]) -> str:
    return str(agency.get("/v1/statements").json()["data"][0]["month"])


def _test_clock(agency: Agency, _before: Mapping[str, str]) -> str:
    clocks = agency.get("/v1/test-clocks").json()["data"]  # an agency has one, for ever
    return str(clocks[0]["id"]) if clocks else _created(agency, "/v1/test-clocks", {})


def _key(agency: Agency, _before: Mapping[str, str]) -> str:
    spare = {"name": "spare", "scopes": ["accounts:read"]}  # revoking the agency's own would end all its tests
    return _created(agency, "/v1/api-keys", spare)


def _user(agency: Agency, _before: Mapping[str, str]) -> str:
    return _created(agency, "/v1/users", {"email": f"{unique_name()}@agency.example", "name": "Ana", "role": "viewer"})


def _account_user(agency: Agency, before: Mapping[str, str]) -> str:
    username = unique_name()
    user = {"username": username, "email": f"{username}@client.example", "role": "viewer"}
    return _created(agency, f"/v1/accounts/{before['account_id']}/users", user)


def _view(agency: Agency, _before: Mapping[str, str]) -> str:
    return _created(agency, "/v1/views", {"name": unique_name()})


def _transfer(agency: Agency, before: Mapping[str, str]) -> str:
    host = agency.account(_account(agency, before))["host"]
    return _created(agency, "/v1/transfers", {"direction": "out", "account_host": host, "client_email": "owner@client.example"})


def _key_of_asset(agency: Agency, before: Mapping[str, str]) -> str:
    key = unique_name()
    content = {"name": "Spring sale", "content": {"subject": "Everything in bloom"}}
    answer = agency.send("PUT", f"/v1/accounts/{before['account_id']}/assets/{before.get('kind', 'template')}/{key}", content)
    assert answer.ok, answer.text
    return key


def _share_link(agency: Agency, before: Mapping[str, str]) -> str:
    return _created(agency, _share_links(before["account_id"], before["key"]), {})


def _share_links(account_id: str, key: str) -> str:
    return f"/v1/accounts/{account_id}/assets/template/{key}/share-links"


MAKERS: dict[str, Maker] = {
    "account_id": _account,
    "quote_id": _quote,
    "billing_profile_id": _billing_profile,
    "invoice_id": _invoice,
    "credit_note_id": _credit_note,
    "month": _month,
    "clock_id": _test_clock,
    "key_id": _key,
    "user_id": _user,
    "get_account_user.user_id": _account_user,
    "update_account_user.user_id": _account_user,
    "remove_account_user.user_id": _account_user,
    "view_id": _view,
    "transfer_id": _transfer,
    "key": _key_of_asset,
    "share_link_id": _share_link,
}
"""By the name of the parameter or field; `<operationId>.<name>` where one operation needs a thing in a state of its own."""

NOBODYS = {"month"}
"""What stands in addresses and is nobody's: every agency has its own answer there."""

NOT_MADE_YET = {"snapshot_id": "no route takes a snapshot yet"}
"""Ids that a body may hold of things that nothing makes so far, and why."""


def _of_an_account(agency: Agency) -> Json:
    return {"direction": "out", "account_host": agency.account(_account(agency, {}))["host"], "client_email": "owner@client.example"}


def _shared(agency: Agency) -> Json:
    account_id = _account(agency, {})
    answer = agency.post(_share_links(account_id, _key_of_asset(agency, {"account_id": account_id})))
    assert answer.ok, answer.text
    return {"token": answer.json()["token"], "key": unique_name()}


FRESH: dict[str, Callable[[Agency], Json]] = {
    "open_account": lambda _agency: {"name": unique_name()},
    "request_transfer": _of_an_account,
    "import_template": _shared,
}
"""Members that the example of an operation may not have twice, or that are of this world."""


def open_account_body() -> Json:
    """What opens a paid account."""
    return {
        "name": unique_name(),
        "client_name": "Boulangerie Martin",
        "client_email": "owner@client.example",
        "country": "FR",
        "language": "fr",
        "time_zone": "Europe/Paris",
        "plan": PLUS,
    }


def fresh(operation: Operation, owner: Agency) -> Json:
    """Members of the operation's body that are new each time."""
    make = FRESH.get(str(operation))
    return {} if make is None else make(owner)


def unmade(operation: Operation) -> list[str]:
    """Name each id that the operation takes and that nobody here knows how to make."""
    path = [(name, schema) for name, schema in operation.parameters_in("path").items() if "enum" not in schema]
    elsewhere = [(name, schema) for name, schema in operation.parameters_in("query").items() if id_prefix(schema)]
    elsewhere += [(str(path[-1]), schema) for path, schema in operation.fields() if id_prefix(schema)]
    return [
        f"{operation.method} {operation.path} ({operation}) takes {name}, and the tests of bad will do not know how to make one:"
        f' add `"{name}": …` to MAKERS in {HERE}, a function that makes it for an agency and gives its id.'
        for name, _ in [*path, *(each for each in elsewhere if each[0] not in NOT_MADE_YET)]
        if maker_name(operation, name) is None
    ]


def maker_name(operation: Operation, name: str) -> str | None:
    """Under which name MAKERS has what makes the operation's `name`."""
    return next((each for each in (f"{operation}.{name}", name) if each in MAKERS), None)


class World:
    """An owner and a stranger, both agencies of good standing; each thing of theirs is made when it is first asked for."""

    def __init__(self, platform: Platform) -> None:
        self.platform = platform
        self.wire = Wire(platform.url)
        self.owner = platform.agency()
        self.stranger = platform.agency(name="Stranger")
        self._made: dict[tuple[str, ...], str] = {}
        self._keys: dict[str, str] = {}

    def ids(self, operation: Operation, agency: Agency) -> dict[str, str]:
        """What stands in the operation's address, of this agency; a choice is its first one."""
        values: dict[str, str] = {}
        for name, schema in operation.parameters_in("path").items():
            values[name] = schema["enum"][0] if "enum" in schema else self.id_of(operation, name, agency, values)
        return values

    def id_of(self, operation: Operation, name: str, agency: Agency, before: Mapping[str, str]) -> str:
        """The agency's thing of this name: the same each time, but a fresh one where it is to be deleted."""
        known_as = maker_name(operation, name)
        if known_as is None:
            pytest.fail("\n".join(unmade(operation)), pytrace=False)
        if operation.method == "DELETE" or known_as in NOBODYS:
            return MAKERS[known_as](agency, before)
        key = (agency.id, known_as, *before.values())
        if key not in self._made:
            self._made[key] = MAKERS[known_as](agency, before)
        return self._made[key]

    def made_of(self, agency: Agency) -> set[str]:
        """The agency's own id and those of everything made for it so far."""
        return {agency.id, *(made for (agency_id, *_), made in self._made.items() if agency_id == agency.id)}

    def body(self, operation: Operation, agency: Agency) -> Json | None:
        """The document's example with ids of this agency in it; None where there is no body."""
        if not operation.has_body:
            return None
        body = {**operation.example(), **fresh(operation, self.owner)}
        for path, schema in operation.fields():
            if id_prefix(schema) and value_at(body, path) is not None and str(path[-1]) not in NOT_MADE_YET:
                body = with_value(body, path, self.id_of(operation, str(path[-1]), agency, {}))
        return body

    def key_without(self, scope: str) -> str:
        """A key of the owner that may do everything but this."""
        if scope not in self._keys:
            others = sorted({each.scope for each in operations(DOCUMENT)} - {scope, "admin"})
            asked = {"agency_id": self.owner.id, "name": f"all but {scope}", "scopes": others}
            answer = self.platform.bus.call("identity", "create_api_key", asked, idempotency_key=new_id("idk"))
            self._keys[scope] = answer["secret"]
        return self._keys[scope]

    def send(self, operation: Operation, address: Mapping[str, str], *, authorization: str | None, **options: Any) -> Answer:
        """Take the operation at this address; without `query` and `body`, with the least it needs and with its example.

        Whatever it refuses, it refuses with a code that the document says.
        """
        if "body" not in options:
            options["body"] = self.body(operation, self.owner)
        options.setdefault("query", operation.required_query())
        answer = self.wire.send(operation.method, operation.path.format(**address), authorization=authorization, **options)
        if answer.status >= REFUSAL and answer.faults() is None:
            undeclared = operation.undeclared(answer.status, answer.json()["code"])
            assert undeclared is None, f"{undeclared}: {answer.text[:300]}"
        return answer


def bearer(agency: Agency) -> str:
    """The Authorization header of the agency."""
    return f"Bearer {agency.key}"


def _created(agency: Agency, path: str, body: Json) -> str:
    answer = agency.post(path, body)
    assert answer.ok, answer.text
    return str(answer.json()["id"])
