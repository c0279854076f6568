"""An agency looks after itself: it gives keys to its programs and takes them back, and decides who of its people may do what."""

import time

import requests

from chassis.ids import new_id
from chassis.testing import eventually

from .conftest import Platform

WORKERS_KNOW_AFTER = 20
"""Requests, side by side with others: enough for each worker process to have had the key."""


def test_a_key_that_is_revoked_opens_nothing_any_more_long_before_it_would_be_forgotten_by_its_age(platform: Platform) -> None:
    agency = platform.agency()
    key = agency.post("/v1/api-keys", {"name": "the shop", "scopes": ["accounts:read"]}).json()
    shop = {"Authorization": f"Bearer {key['secret']}"}

    def statuses() -> set[int]:
        return {requests.get(f"{platform.url}/v1/accounts", headers=shop, timeout=15).status_code for _ in range(WORKERS_KNOW_AFTER)}

    assert statuses() == {200}
    assert requests.get(f"{platform.url}/v1/api-keys", headers=shop, timeout=15).json()["code"] == "scope_missing"
    successor = agency.post(f"/v1/api-keys/{key['id']}/rotation").json()
    assert statuses() == {200}, "the old one opens during the overlap"
    assert successor["scopes"] == ["accounts:read"]

    revoked = requests.delete(f"{platform.url}/v1/api-keys/{key['id']}", headers={"Authorization": f"Bearer {agency.key}"}, timeout=15)
    revoked_at = time.monotonic()
    assert (revoked.status_code, revoked.content) == (requests.codes.no_content, b"")
    eventually(lambda: statuses() == {401}, within_seconds=15)
    assert time.monotonic() - revoked_at < 15
    shown = agency.get(f"/v1/api-keys/{key['id']}").json()
    assert shown["revoked_at"] is not None
    assert shown["last_used_at"] is not None


def test_a_person_is_invited_changed_by_one_who_saw_the_latest_and_removed(platform: Platform) -> None:
    agency = platform.agency()
    authorization = {"Authorization": f"Bearer {agency.key}"}
    seen = platform.bus.collect("identity")
    invited = agency.post("/v1/users", {"email": "Ana@Agency.example", "name": "Ana", "role": "billing"})
    assert invited.status_code == requests.codes.created, invited.text
    path = platform.url + invited.headers["Location"]
    etag = requests.get(path, headers=authorization, timeout=15).headers["ETag"]
    headers = {**authorization, "If-Match": etag, "Idempotency-Key": new_id("idk")}
    first, repeated = (requests.patch(path, headers=headers, json={"role": "support"}, timeout=15) for _ in range(2))
    assert first.status_code == requests.codes.ok, first.text
    assert (repeated.json(), repeated.headers["ETag"]) == (first.json(), first.headers["ETag"])
    stale = requests.patch(path, headers={**authorization, "If-Match": etag}, json={"role": "admin"}, timeout=15)
    assert (stale.status_code, stale.json()["code"]) == (requests.codes.precondition_failed, "version_mismatch")
    assert requests.delete(path, headers=authorization, timeout=15).status_code == requests.codes.no_content
    assert agency.get("/v1/users").json() == {"data": [], "next_cursor": None, "total": 0}
    events = seen.wait_for("identity.portal_user_invited", "identity.portal_user_removed")
    assert invited.json()["invitation_token"] not in str(events)
