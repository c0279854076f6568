"""A template goes from one account into another by a share link, to whoever has the link, until it is taken back."""

from typing import Any

import requests

from chassis.ids import new_id

from .conftest import SERVICES, Agency, Platform

TRIAL = {"pricing_version": "V1", "product": "EM", "plan": "Trial"}
CONTENT = {"subject": "Everything in bloom", "blocks": [{"image": "hero", "width": 600}]}
OPENED = [
    "accounts.account_activated",
    "accounts.account_requested",
    "billing.quote_created",
    "notifications.notice_sent",
    "snapshots.workspace_prepared",
]


def trial_of(agency: Agency) -> str:
    """Open an account; give its address."""
    quote = agency.post("/v1/quotes", TRIAL).json()
    body = {
        "name": new_id("n").replace("_", "-").lower(),
        "client_name": "Boulangerie Martin",
        "client_email": "owner@client.example",
        "country": "FR",
        "language": "fr",
        "time_zone": "Europe/Paris",
        "quote_id": quote["id"],
    }
    account = agency.post("/v1/accounts", body).json()
    agency.until_status(account["id"], "active")
    return f"/v1/accounts/{account['id']}"


def outcome(answer: requests.Response) -> tuple[int, str]:
    problem: dict[str, Any] = answer.json()
    return answer.status_code, problem["code"]


def test_a_template_is_shared_imported_by_another_agency_as_it_is_and_not_any_more_once_the_link_is_revoked(platform: Platform) -> None:
    """R0.99, R1.5."""
    maker, other = platform.agency(), platform.agency(name="Another")
    seen = platform.bus.collect(*SERVICES)
    source, target = trial_of(maker), trial_of(other)

    template = f"{source}/assets/template/spring-sale"
    put = maker.send("PUT", template, {"name": "Spring sale", "content": {"subject": "Soon"}})
    assert (put.status_code, put.headers["ETag"]) == (requests.codes.ok, '"1"')
    assert maker.send("PUT", f"{source}/assets/image/hero", {"name": "Hero", "content": {"url": "https://…"}}).ok
    shared = maker.post(f"{template}/share-links")
    assert shared.status_code == requests.codes.created, shared.text
    link = shared.json()
    assert maker.send("PUT", template, {"name": "Spring sale", "content": CONTENT}, **{"If-Match": '"1"'}).headers["ETag"] == '"2"'
    stale = maker.send("PUT", template, {"name": "Late", "content": {}}, **{"If-Match": '"1"'})
    assert outcome(stale) == (requests.codes.precondition_failed, "version_mismatch")

    key = new_id("idk")
    imported, again = (other.post(f"{target}/template-imports", {"token": link["token"]}, key=key) for _ in range(2))
    assert imported.status_code == requests.codes.created, imported.text
    assert (again.status_code, again.json()) == (imported.status_code, imported.json())
    assert other.get(imported.headers["Location"]).json()["content"] == CONTENT
    assert [asset["kind"] for asset in other.get(f"{target}/assets").json()["data"]] == ["template"]
    taken = other.post(f"{target}/template-imports", {"token": link["token"]})
    assert outcome(taken) == (requests.codes.conflict, "asset_key_taken")

    listed = maker.get(f"{template}/share-links").json()
    assert listed["data"] == [{name: value for name, value in link.items() if name != "token"}]
    assert other.get(f"{template}/share-links").status_code == requests.codes.not_found
    assert maker.send("DELETE", shared.headers["Location"]).status_code == requests.codes.no_content
    refusals = [other.post(f"{target}/template-imports", {"token": token, "key": "second"}) for token in (link["token"], "guessed")]
    assert [outcome(refusal) for refusal in refusals] == [(requests.codes.not_found, "share_link_unusable")] * 2
    assert refusals[0].json() == {**refusals[1].json(), "request_id": refusals[0].json()["request_id"]}
    assert maker.send("DELETE", template).status_code == requests.codes.no_content
    assert other.get(f"{target}/assets/template/spring-sale").json()["content"] == CONTENT, "what was imported stays"

    seen.wait_for(*OPENED, *OPENED, "snapshots.template_imported")
    assert maker.names_of(seen) == OPENED
    assert other.names_of(seen) == sorted([*OPENED, "snapshots.template_imported"])
    [told] = [event["data"] for event in seen.events() if event["type"] == "comptoir.snapshots.template_imported.v1"]
    assert told == {"account_id": target.rpartition("/")[2], "key": "spring-sale", "source_key": "spring-sale"}
    everything = [database.everything() for database in platform.databases.values()]
    everything += [process.text() for process in platform.processes.values()]
    assert not any(link["token"] in text for text in everything)
