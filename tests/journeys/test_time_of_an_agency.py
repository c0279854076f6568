"""The time of an agency in test mode: it stops it, moves it, and what falls due falls due, for nobody else."""

from datetime import datetime, timedelta
from functools import partial
from typing import Any

import requests

from chassis.testing import eventually

from .conftest import SERVICES, Agency, Platform

PLUS = {"pricing_version": "V3", "product": "EM", "plan": "Plus", "contacts": 1000, "frequency": "monthly"}


def posted(agency: Agency, path: str, body: dict[str, Any], *, answers: int = requests.codes.created) -> dict[str, Any]:
    answer = agency.post(path, body)
    assert answer.status_code == answers, answer.text
    shown: dict[str, Any] = answer.json()
    return shown


def state_of(agency: Agency, quote: dict[str, Any]) -> str:
    return str(agency.get(f"/v1/quotes/{quote['id']}").json()["state"])


def later(moment: str, **delta: float) -> str:
    return (datetime.fromisoformat(moment) + timedelta(**delta)).isoformat()


def test_a_quote_expires_when_the_clock_of_its_agency_is_advanced_and_no_other_quote_does(platform: Platform) -> None:
    agency, other = platform.agency(), platform.agency()
    seen = platform.bus.collect(*SERVICES)
    clock = posted(agency, "/v1/test-clocks", {})
    assert agency.get("/v1/test-clocks").json() == {"data": [clock], "next_cursor": None, "total": 1}
    refused = agency.post("/v1/test-clocks")
    assert (refused.status_code, refused.json()["code"]) == (requests.codes.conflict, "test_clock_exists")

    def knows(service: str) -> bool:
        clocks = platform.databases[service].query("SELECT now FROM agency_clocks WHERE agency_id = %s", agency.id)
        return [row["now"] for row in clocks] == [datetime.fromisoformat(moved["now"])]

    def stands_still() -> bool:
        return bool(posted(agency, "/v1/quotes", PLUS)["created_at"] == clock["now"])

    eventually(stands_still, what="billing goes by the agency's clock")
    quote, beside = posted(agency, "/v1/quotes", PLUS), posted(other, "/v1/quotes", PLUS)
    advance = f"/v1/test-clocks/{clock['id']}/advance"
    moved = posted(agency, advance, {"to": later(clock["now"], minutes=29)}, answers=requests.codes.ok)
    assert datetime.fromisoformat(moved["now"]) - datetime.fromisoformat(clock["now"]) == timedelta(minutes=29)
    assert state_of(agency, quote) == "open"
    moved = posted(agency, advance, {"to": later(clock["now"], minutes=31)}, answers=requests.codes.ok)
    eventually(lambda: state_of(agency, quote) == "expired", what="the quote expired")
    assert state_of(other, beside) == "open"

    refused = agency.post(advance, {"to": clock["now"]})
    assert (refused.status_code, refused.json()["code"]) == (requests.codes.unprocessable_entity, "clock_moves_forward_only")
    assert other.get(f"/v1/test-clocks/{clock['id']}").status_code == requests.codes.not_found
    assert other.get("/v1/test-clocks").json()["data"] == []
    assert agency.get(f"/v1/test-clocks/{clock['id']}").json() == moved

    moves = ["identity.test_clock_advanced"] * 3
    seen.wait_for(*moves)
    assert [name for name in agency.names_of(seen) if name != "billing.quote_created"] == moves
    for service in ("identity", "accounts", "billing", "credits", "snapshots"):
        eventually(partial(knows, service), what=f"{service} knows the time")


def test_the_time_of_an_agency_that_is_not_in_test_mode_is_real(platform: Platform) -> None:
    refused = platform.agency(test_mode=False).post("/v1/test-clocks")
    assert (refused.status_code, refused.json()["code"]) == (requests.codes.forbidden, "not_in_test_mode")
