"""Templates that move between accounts by share links (R0.99)."""

import hashlib
from datetime import timedelta

import pytest

from chassis.errors import Refusal
from chassis.ids import new_id
from chassis.testing import MovingClock, ServiceDatabase
from chassis.unit_of_work import Units
from snapshots import domain, errors

from .factories import Workspaces

CONTENT = {"subject": "Bloom", "blocks": [{"image": "hero", "width": 600}]}


@pytest.fixture
def account_id(workspaces: Workspaces) -> str:
    """An account with a template."""
    account_id = workspaces.account()
    workspaces.put(account_id, content=CONTENT)
    return account_id


@pytest.fixture
def other(units: Units) -> Workspaces:
    """Another agency."""
    return Workspaces(units)


def refusal(of: Workspaces, account_id: str, token: str) -> Refusal:
    with pytest.raises(Refusal) as refused:
        of.import_(account_id, token)
    return refused.value


def test_a_link_ends_after_thirty_days_or_when_it_was_asked_to_within_a_year(clock: MovingClock) -> None:
    now = clock.now
    assert domain.share_link_ends(None, now=now) == now + timedelta(days=30)
    for wanted in (now + timedelta(microseconds=1), now + timedelta(days=365)):
        assert domain.share_link_ends(wanted, now=now) == wanted
    for wanted in (now, now - timedelta(days=1), now + timedelta(days=365, microseconds=1)):
        with pytest.raises(errors.ShareLinkExpiryOutOfRange):
            domain.share_link_ends(wanted, now=now)


def test_a_link_opens_until_the_moment_it_ends(clock: MovingClock) -> None:
    assert domain.share_link_opens(clock.now + timedelta(microseconds=1), now=clock.now)
    assert not domain.share_link_opens(clock.now, now=clock.now)


def test_a_template_has_room_for_a_hundred_links() -> None:
    domain.check_room_for_link(99)
    with pytest.raises(errors.TooManyShareLinks):
        domain.check_room_for_link(100)


def test_no_two_drafts_are_alike_and_a_draft_does_not_show_its_token() -> None:
    first, second = domain.draft_share_link(), domain.draft_share_link()
    assert first.token != second.token
    assert len(first.token) == 43
    assert first.token not in repr(first)


def test_whoever_has_the_link_gets_the_template_as_it_is_then(
    workspaces: Workspaces, other: Workspaces, database: ServiceDatabase, clock: MovingClock, account_id: str
) -> None:
    """R0.99."""
    target = other.account()
    _, token = workspaces.share(account_id)
    workspaces.put(account_id, name="Summer sale", content=CONTENT)
    clock.advance(seconds=1)
    imported = other.import_(target, token)
    workspaces.put(account_id, name="Autumn sale")
    found = other.asset(target)
    assert (imported.name, imported.version) == ("Summer sale", 1)
    assert (found.name, found.content, found.created_at) == ("Summer sale", CONTENT, clock.now)
    assert other.assets(target).total == 1
    facts = [(name, data) for name, data in database.emitted() if name != "workspace_prepared"]
    assert facts == [("template_imported", {"account_id": target, "key": "spring-sale", "source_key": "spring-sale"})]
    [told] = database.query("SELECT body::jsonb ->> 'agency_id' AS agency_id FROM outbox WHERE routing_key = 'template_imported'")
    assert told["agency_id"] == other.agency_id


def test_images_stay_where_they_are(workspaces: Workspaces, other: Workspaces, account_id: str) -> None:
    """R1.5."""
    workspaces.put(account_id, "image", "hero", content={"png": "…"})
    target = other.account()
    other.import_(target, workspaces.share(account_id)[1])
    assert other.asset(target).content == CONTENT
    assert [row.kind for row in other.assets(target).data] == ["template"]


def test_an_import_replaces_nothing_and_may_have_another_key(workspaces: Workspaces, account_id: str) -> None:
    _, token = workspaces.share(account_id)
    assert refusal(workspaces, account_id, token).code == "asset_key_taken"
    workspaces.import_(account_id, token, key="copy")
    with pytest.raises(errors.AssetKeyTaken, match="copy"):
        workspaces.import_(account_id, token, key="copy")
    with pytest.raises(errors.AssetKeyInvalid):
        workspaces.import_(account_id, token, key="a/b")
    assert [row.key for row in workspaces.assets(account_id).data] == ["copy", "spring-sale"]
    workspaces.put(account_id, "tag", "spring")
    workspaces.import_(account_id, token, key="spring")


def test_a_full_account_imports_nothing(workspaces: Workspaces, account_id: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(domain, "MOST_ASSETS", 1)
    with pytest.raises(errors.TooManyAssets):
        workspaces.import_(account_id, workspaces.share(account_id)[1], key="copy")


def test_expired_revoked_removed_and_unknown_links_are_refused_alike(
    workspaces: Workspaces, other: Workspaces, clock: MovingClock, account_id: str
) -> None:
    target, failed = other.account(), workspaces.account()
    workspaces.put(account_id, key="removed")
    workspaces.put(failed)
    share_link_id, revoked = workspaces.share(account_id)
    _, removed = workspaces.share(account_id, "removed")
    _, dropped = workspaces.share(failed)
    _, expired = workspaces.share(account_id, expires_at=clock.now + timedelta(minutes=1))
    _, later = workspaces.share(account_id, expires_at=clock.now + timedelta(minutes=2))
    workspaces.revoke(account_id, share_link_id)
    workspaces.remove(account_id, key="removed")
    workspaces.put(account_id, key="removed")
    workspaces.failed(failed)
    clock.advance(seconds=60)
    refusals = [refusal(other, target, token).to_wire() for token in (revoked, removed, dropped, expired, "guessed", later[:-1])]
    assert refusals == [errors.ShareLinkUnusable().to_wire()] * 6
    other.import_(target, later)


def test_a_link_ends_in_the_time_of_the_agency_that_made_it(
    workspaces: Workspaces, other: Workspaces, units: Units, clock: MovingClock, account_id: str
) -> None:
    token, target = workspaces.share(account_id)[1], other.account()
    with units.begin() as uow:
        uow.move_clock(agency_id=other.agency_id, now=clock.now + timedelta(days=400))
    other.import_(target, token)
    with units.begin() as uow:
        uow.move_clock(agency_id=workspaces.agency_id, now=clock.now + timedelta(days=30))
    assert refusal(other, other.account(), token).code == "share_link_unusable"


def test_links_are_listed_newest_first_and_nothing_keeps_their_tokens(
    workspaces: Workspaces, database: ServiceDatabase, clock: MovingClock, account_id: str
) -> None:
    made = []
    for _ in range(3):
        clock.advance(seconds=1)
        made.append(workspaces.share(account_id))
    first = workspaces.links(account_id, limit=2)
    second = workspaces.links(account_id, limit=2, cursor=first.next_cursor)
    assert [link.id for link in (*first.data, *second.data)] == sorted((link_id for link_id, _ in made), reverse=True)
    assert (first.total, second.total, second.next_cursor) == (3, 3, None)
    kept = {bytes(row["token_digest"]) for row in database.query("SELECT token_digest FROM share_links")}
    assert kept == {hashlib.sha256(token.encode()).digest() for _, token in made}
    assert not any(token in str(database.everything()) for _, token in made)


def test_expired_links_are_forgotten_when_the_next_is_made_and_open_ones_are_counted(
    workspaces: Workspaces, clock: MovingClock, account_id: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(domain, "MOST_SHARE_LINKS", 2)
    workspaces.share(account_id, expires_at=clock.now + timedelta(seconds=1))
    kept, _ = workspaces.share(account_id)
    with pytest.raises(errors.TooManyShareLinks):
        workspaces.share(account_id)
    clock.advance(seconds=1)
    newest, _ = workspaces.share(account_id)
    assert {link.id for link in workspaces.links(account_id).data} == {newest, kept}


def test_only_templates_are_shared_and_only_by_their_agency(workspaces: Workspaces, other: Workspaces, account_id: str) -> None:
    workspaces.put(account_id, "campaign", "news")
    share_link_id, _ = workspaces.share(account_id)
    for refused in (workspaces.share, workspaces.links):
        with pytest.raises(errors.AssetNotFound):
            refused(account_id, "news")
        with pytest.raises(errors.WorkspaceNotFound):
            getattr(other, refused.__name__)(account_id)
    with pytest.raises(errors.WorkspaceNotFound):
        other.revoke(account_id, share_link_id)
    with pytest.raises(errors.WorkspaceNotFound):
        workspaces.import_(new_id("acc"), workspaces.share(account_id)[1])


def test_a_link_is_revoked_once_and_of_its_own_template(workspaces: Workspaces, account_id: str) -> None:
    workspaces.put(account_id, key="winter")
    share_link_id, _ = workspaces.share(account_id)
    with pytest.raises(errors.ShareLinkNotFound):
        workspaces.revoke(account_id, share_link_id, "winter")
    workspaces.revoke(account_id, share_link_id)
    with pytest.raises(errors.ShareLinkNotFound):
        workspaces.revoke(account_id, share_link_id)
    with pytest.raises(errors.AssetNotFound):
        workspaces.revoke(account_id, share_link_id, "gone")


def test_a_workspace_goes_with_its_account_and_the_former_agencys_links_with_nobody(
    workspaces: Workspaces, other: Workspaces, clock: MovingClock, account_id: str
) -> None:
    _, token = workspaces.share(account_id)
    for _ in range(2):
        other.moved(account_id, moved_at=clock.now)
    with pytest.raises(errors.WorkspaceNotFound):
        workspaces.asset(account_id)
    assert other.asset(account_id).content == CONTENT
    assert refusal(workspaces, workspaces.account(), token).code == "share_link_unusable"
    _, own = other.share(account_id)
    workspaces.moved(account_id, moved_at=clock.now - timedelta(days=1))
    other.import_(account_id, own, key="copy")
    workspaces.moved(account_id, moved_at=clock.now + timedelta(days=1))
    assert workspaces.assets(account_id).total == 2
    other.moved(new_id("acc"), moved_at=clock.now)
