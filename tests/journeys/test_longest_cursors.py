"""A cursor that a list gave is taken by it, however long the value is that it goes on from, and however it is written."""

from collections.abc import Callable

import pytest
import requests

from chassis.ids import new_id

from .conftest import Agency, Platform
from .world import open_account_body

KEY, VIEW, CLIENT = 200, 100, 200
"""Characters that the key of an asset, the name of a view and that of a client may have."""
WIDE = "\U0001f33b"
"""Four bytes, and two escapes of six characters each."""
DOCUMENTED = 6000


def names(length: int) -> list[str]:
    """Two that are as long as can be, and differ."""
    return [f"{number}{WIDE * (length - 1)}" for number in range(2)]


def assets(agency: Agency) -> str:
    """A list of templates by their keys."""
    account_id = agency.post("/v1/accounts", open_account_body()).json()["id"]
    agency.until_status(account_id, "active")
    for name in names(KEY):
        agency.send("PUT", f"/v1/accounts/{account_id}/assets/template/{name}", {"name": "Spring sale", "content": {}}).raise_for_status()
    return f"/v1/accounts/{account_id}/assets?kind=template&limit=1"


def views(agency: Agency) -> str:
    """A list of views by their names."""
    for name in names(VIEW):
        agency.post("/v1/views", {"name": name}).raise_for_status()
    return "/v1/views?limit=1"


@pytest.mark.parametrize("make", [assets, views], ids=["assets", "views"])
def test_a_list_goes_on_behind_the_longest_name(platform: Platform, make: Callable[[Agency], str]) -> None:
    agency = platform.agency()
    path = make(agency)
    first = agency.get(path).json()
    second = agency.get(f"{path}&cursor={first['next_cursor']}")
    assert second.status_code == requests.codes.ok, second.text
    assert len(second.json()["data"]) == 1
    assert second.json()["data"] != first["data"]


def test_accounts_go_on_behind_the_longest_name_of_a_client(platform: Platform) -> None:
    agency = platform.agency()
    for name in names(CLIENT):
        agency.post("/v1/accounts", {**open_account_body(), "client_name": name}).raise_for_status()
    path = "/v1/accounts?limit=1&sort=client_name"
    seen: list[str] = []
    cursor: str | None = ""
    while cursor is not None:
        answer = agency.get(f"{path}{cursor and '&cursor='}{cursor}")
        assert answer.status_code == requests.codes.ok, answer.text
        seen += [account["client_name"] for account in answer.json()["data"]]
        cursor = answer.json()["next_cursor"]
    assert seen == names(CLIENT)


def test_a_cursor_as_long_as_documented_reaches_the_list(platform: Platform) -> None:
    answer = platform.agency().get(f"/v1/accounts?q={new_id('n')}&cursor={'A' * DOCUMENTED}")
    assert (answer.status_code, answer.json()["code"]) == (422, "invalid_cursor")
