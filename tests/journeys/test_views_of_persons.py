"""A person saves how the accounts are to be seen, and finds it again under each key of theirs, for as long as they belong to the agency."""

import requests

from chassis.testing import eventually

from .conftest import Agency, Platform, unique_name

READ = ["accounts:read"]


def seen(platform: Platform, key: str) -> list[str] | int:
    """The names of the views that the key sees; the status where it sees none."""
    answer = requests.get(f"{platform.url}/v1/views", headers={"Authorization": f"Bearer {key}"}, timeout=15)
    return [view["name"] for view in answer.json()["data"]] if answer.ok else answer.status_code


def a_user(agency: Agency) -> str:
    """Invite somebody; give the id."""
    invited = agency.post("/v1/users", {"email": f"{unique_name()}@agency.example", "name": "Ana", "role": "support"})
    assert invited.status_code == requests.codes.created, invited.text
    return str(invited.json()["id"])


def a_key(agency: Agency, user_id: str | None) -> dict[str, str]:
    """Make a key; give it with its secret."""
    made = agency.post("/v1/api-keys", {"name": "a key", "scopes": READ, "user_id": user_id})
    assert (made.status_code, made.json()["user_id"]) == (requests.codes.created, user_id), made.text
    key: dict[str, str] = made.json()
    return key


def save(platform: Platform, key: str, name: str) -> None:
    """Save a view of archived accounts, in two columns."""
    view = {"name": name, "filters": {"status": "archived"}, "columns": ["name", "expires_at"]}
    saved = requests.post(f"{platform.url}/v1/views", json=view, headers={"Authorization": f"Bearer {key}"}, timeout=15)
    assert (saved.status_code, saved.json()["columns"]) == (requests.codes.created, ["name", "expires_at"]), saved.text


def test_views_are_a_persons_with_every_key_of_theirs_and_a_programs_with_every_successor(platform: Platform) -> None:
    """R0.9, R0.11."""
    agency, stranger = platform.agency(), platform.agency(name="Stranger")
    ana, bo = a_user(agency), a_user(agency)
    desk, phone, others, program = (a_key(agency, user_id) for user_id in (ana, ana, bo, None))
    save(platform, desk["secret"], "To renew")
    save(platform, program["secret"], "For the report")
    assert [seen(platform, key["secret"]) for key in (desk, phone, others, program)] == [["To renew"], ["To renew"], [], ["For the report"]]
    assert seen(platform, agency.key) == seen(platform, stranger.key) == []

    rotated = [agency.post(f"/v1/api-keys/{key['id']}/rotation", {"overlap_seconds": 0}).json() for key in (desk, program)]
    assert [seen(platform, key["secret"]) for key in (*rotated, phone)] == [["To renew"], ["For the report"], ["To renew"]]

    foreign = stranger.post("/v1/api-keys", {"name": "a key", "scopes": READ, "user_id": ana})
    assert (foreign.status_code, foreign.json()["code"]) == (requests.codes.unprocessable_entity, "portal_user_unknown")
    assert [error["field"] for error in foreign.json()["errors"]] == ["user_id"]

    assert agency.send("DELETE", f"/v1/users/{ana}").status_code == requests.codes.no_content
    ended = (rotated[0], phone)
    eventually(lambda: [seen(platform, key["secret"]) for key in ended] == [requests.codes.unauthorized] * 2, within_seconds=15)
    assert [seen(platform, key["secret"]) for key in (others, rotated[1])] == [[], ["For the report"]]
