"""Accounts change hands: asked for by an agency, confirmed by the client, completed by the platform (R0.53 to R0.57)."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from accounts import domain, errors, models, usecases
from accounts.config import Config
from accounts.domain import TRANSFERS, Direction, TransferLinks, TransferState, TransferVerb, transfer_state_after
from chassis.config import ConfigurationError
from chassis.ids import new_id
from chassis.paging import encode_cursor
from chassis.testing import Bus, MovingClock, ServiceDatabase, ServiceProcess
from chassis.testing.bus import refusal_of
from chassis.unit_of_work import Units

from .factories import TERMS, activated, opened

LINKS = TransferLinks(secret=b"0123456789abcdef0123456789abcdef")
HOST, CLIENT, US = "acme.comptoir.example", "hello@acme.example", "us@newcomer.example"
NOW = datetime(2026, 1, 31, 10, tzinfo=UTC)

# --- the rules --------------------------------------------------------------------------------------------------------------------------


def test_a_link_is_known_by_its_token_alone() -> None:
    """R0.56."""
    token = LINKS.token_of("trf_1")
    assert LINKS.knows("trf_1", token)
    for transfer_id, given_token in (("trf_2", token), ("trf_1", token[:-1]), ("trf_1", ""), ("trf_1", "é")):
        assert not LINKS.knows(transfer_id, given_token)
    nobody = TransferLinks(secret=b"")
    assert not nobody.knows("trf_1", nobody.token_of("trf_1"))
    assert "0123" not in repr(LINKS)


@settings(deadline=None)
@given(st.sampled_from(TransferVerb), st.sampled_from(TransferState), st.timedeltas(timedelta(0), timedelta(days=14)))
def test_a_transfer_moves_as_its_table_says_and_within_its_time(verb: TransferVerb, state: TransferState, after: timedelta) -> None:
    """R0.56."""
    expires_at, now = NOW + domain.CONFIRM_WITHIN, NOW + after
    allowed = TRANSFERS[verb].get(state)
    late = now >= expires_at and verb in {TransferVerb.CONFIRM, TransferVerb.DECLINE}
    if allowed is not None and not late:
        assert transfer_state_after(verb, state=state, expires_at=expires_at, now=now) == allowed
        return
    with pytest.raises(errors.Refusal) as caught:
        transfer_state_after(verb, state=state, expires_at=expires_at, now=now)
    expected = "transfer_expired" if allowed is not None else "transfer_link_used"
    assert caught.value.code == ("transfer_not_confirmed" if verb is TransferVerb.COMPLETE else expected)


@pytest.mark.parametrize(
    ("host", "name"),
    [
        (HOST, "acme"),
        ("ACME.comptoir.example:443", "acme"),
        ("acme.other.example", None),
        ("a.acme.comptoir.example", None),
        ("acme", None),
    ],
)
def test_the_host_of_an_account_says_its_name(host: str, name: str | None) -> None:
    """R0.54."""
    assert TERMS.name_of(host) == name


def test_a_secret_for_links_is_long_enough_or_none() -> None:
    with pytest.raises(ConfigurationError, match="TRANSFER_LINK_SECRET"):
        Config.from_environment({"DATABASE_URL": "postgresql://", "TRANSFER_LINK_SECRET": "short"})
    assert Config.from_environment({"DATABASE_URL": "postgresql://", "TRANSFER_LINK_SECRET": "s" * 32}).transfer_link_secret == "s" * 32


# --- the verbs --------------------------------------------------------------------------------------------------------------------------


def request(units: Units, agency_id: str, direction: Direction = Direction.IN, **changes: Any) -> models.Transfer:
    asked = {"account_host": HOST, "client_email": CLIENT, "agency_email": US, "links": LINKS, **changes}
    with units.begin() as uow:
        return usecases.request_transfer(uow, agency_id=agency_id, direction=direction, terms=TERMS, **asked)


def answer(units: Units, transfer_id: str, *, token: str | None = None, agrees: bool = True) -> models.Transfer:
    usecase = usecases.confirm_transfer if agrees else usecases.decline_transfer
    with units.begin() as uow:
        return usecase(uow, transfer_id=transfer_id, token=LINKS.token_of(transfer_id) if token is None else token, links=LINKS)


def complete(units: Units, transfer_id: str, to_agency_id: str | None = None) -> models.Transfer:
    with units.begin() as uow:
        return usecases.complete_transfer(uow, transfer_id=transfer_id, to_agency_id=to_agency_id)


def note(units: Units, agency_id: str, email: str, clock: MovingClock) -> None:
    with units.begin() as uow:
        usecases.note_agency(uow, agency_id=agency_id, notification_email=email, told_at=clock.now, told_by=new_id("evt"))


@pytest.fixture
def account(units: Units, agency_id: str) -> models.Account:
    with units.begin() as uow:
        return activated(uow, agency_id, name="acme", billing_profile_id=new_id("bp"))


@pytest.fixture
def newcomer() -> str:
    return new_id("agy")


def test_an_account_comes_to_the_agency_that_its_client_confirms(
    units: Units, database: ServiceDatabase, clock: MovingClock, account: models.Account, newcomer: str
) -> None:
    """R0.53, R0.54, R0.55, R0.56."""
    asked = request(units, newcomer, client_email="Hello@ACME.example")
    assert (asked.state, asked.expires_at, asked.client_email) == ("requested", clock.now + timedelta(days=7), CLIENT)
    told = {
        "transfer_id": asked.id,
        "direction": "in",
        "account_id": account.id,
        "name": "acme",
        "account_host": HOST,
        "agency_email": US,
    }
    assert database.emitted()[-1] == (
        "transfer_requested",
        {**told, "client_email": CLIENT, "language": "fr", "login_url": account.login_url, "expires_at": "2026-04-07T09:30:00Z"},
    )
    with pytest.raises(errors.TransferNotConfirmed):
        complete(units, asked.id)
    assert answer(units, asked.id).state == "confirmed"
    later = clock.advance(days=8)  # the platform may take longer than the client
    with pytest.raises(errors.DestinationMismatch):
        complete(units, asked.id, new_id("agy"))
    done = complete(units, asked.id)
    assert (done.state, done.ended_at) == ("completed", later)
    assert database.emitted()[-1] == (
        "transfer_completed",
        {**told, "to_agency_id": newcomer, "completed_at": "2026-04-08T09:30:00Z"},
    )
    with units.rows() as connection:
        moved = usecases.account(connection, agency_id=newcomer, account_id=account.id)
    assert (moved.notification_email, moved.billing_profile_id, moved.version) == (US, None, account.version + 2)
    assert LINKS.token_of(asked.id) not in database.everything()


def test_the_client_sees_what_it_is_asked_by_the_link_as_long_as_it_can_answer(
    units: Units, clock: MovingClock, account: models.Account, newcomer: str
) -> None:
    """R0.56."""

    def seen(token: str) -> models.Transfer:
        with units.begin() as uow:
            return usecases.transfer_to_confirm(uow, transfer_id=asked.id, token=token, links=LINKS)

    asked = request(units, newcomer)
    token = LINKS.token_of(asked.id)
    for _ in range(2):
        assert (seen(token).account_id, seen(token).direction, seen(token).agency_email) == (account.id, "in", US)
    with pytest.raises(errors.TransferNotFound):
        seen("another")
    clock.advance(days=7)
    with pytest.raises(errors.TransferExpired):
        seen(token)
    with units.begin() as uow:
        usecases.expire_transfers(uow, limit=1)
    with pytest.raises(errors.TransferLinkUsed):
        seen(token)


def test_an_account_leaves_without_its_branding_to_where_the_platform_says(
    units: Units, database: ServiceDatabase, clock: MovingClock, agency_id: str, account: models.Account
) -> None:
    """R0.56, R0.57."""
    look = {"primary_colour": None, "text_colour": None, "footer_text": None, "logo": None}

    def brand(name: str | None) -> None:
        with units.begin() as uow:
            usecases.set_branding(uow, agency_id=agency_id, account_id=account.id, wanted={"brand_name": name, **look})

    brand("Acme")
    with pytest.raises(errors.BrandingStillSet):
        request(units, agency_id, Direction.OUT)
    brand(None)
    with pytest.raises(errors.AgencyEmailMissing):
        request(units, agency_id, Direction.OUT, agency_email=None)
    note(units, agency_id, "team@agency.example", clock)
    asked = request(units, agency_id, Direction.OUT, agency_email=None)
    assert asked.agency_email == "team@agency.example"
    answer(units, asked.id)
    with pytest.raises(errors.DestinationMismatch):
        complete(units, asked.id)
    platform = new_id("agy")
    with pytest.raises(errors.NotificationEmailMissing):
        complete(units, asked.id, platform)
    note(units, platform, "clients@comptoir.example", clock)
    brand("Acme")
    with pytest.raises(errors.BrandingStillSet):
        complete(units, asked.id, platform)
    brand(None)
    complete(units, asked.id, platform)
    assert database.emitted()[-1][1]["to_agency_id"] == platform
    with units.rows() as connection:
        assert usecases.account(connection, agency_id=platform, account_id=account.id).notification_email == "clients@comptoir.example"
    with pytest.raises(errors.AccountNotFound), units.rows() as connection:
        usecases.account(connection, agency_id=agency_id, account_id=account.id)


@pytest.mark.parametrize(
    ("own", "direction", "changes", "code"),
    [
        (False, Direction.IN, {"client_email": "other@acme.example"}, "account_to_transfer_not_found"),
        (False, Direction.IN, {"account_host": "none.comptoir.example"}, "account_to_transfer_not_found"),
        (False, Direction.IN, {"account_host": "acme.other.example"}, "account_to_transfer_not_found"),
        (False, Direction.OUT, {}, "account_to_transfer_not_found"),
        (False, Direction.IN, {"agency_email": None}, "agency_email_missing"),
        (False, Direction.IN, {"agency_email": "us"}, "email_invalid"),
        (False, Direction.IN, {"links": TransferLinks(secret=b"")}, "transfers_unavailable"),
        (True, Direction.IN, {}, "account_already_yours"),
        (True, Direction.OUT, {"client_email": "other@acme.example"}, "client_email_differs"),
    ],
)
def test_what_cannot_be_asked_for_is_refused(
    units: Units, account: models.Account, newcomer: str, own: bool, direction: Direction, changes: dict[str, Any], code: str
) -> None:
    """R0.54, R0.55, R0.57."""
    asking = account.agency_id if own else newcomer
    with pytest.raises(errors.Refusal) as caught:
        request(units, asking, direction, **changes)
    assert caught.value.code == code
    with units.reading() as session:
        assert usecases.transfers(session, agency_id=asking, limit=1, cursor=None).total == 0


def test_an_account_that_is_being_opened_is_not_transferred(units: Units, agency_id: str) -> None:
    """R0.53."""
    with units.begin() as uow:
        opened(uow, agency_id, name="acme")
    with pytest.raises(errors.NotNow) as caught:
        request(units, agency_id, Direction.OUT)
    assert caught.value.details["action"] == "transfer_out"


def test_of_ten_agencies_that_ask_at_once_one_does(database: ServiceDatabase, clock: MovingClock, account: models.Account) -> None:
    """R0.56."""
    units = database.units(clock, pool_size=10)

    def attempt(_: int) -> bool:
        try:
            request(units, new_id("agy"))
        except errors.TransferUnderWay:
            return False
        return True

    with ThreadPoolExecutor(10) as threads:
        assert sum(threads.map(attempt, range(10))) == 1


@pytest.mark.parametrize("agrees", [True, False])
def test_a_link_is_used_once(units: Units, account: models.Account, newcomer: str, agrees: bool) -> None:
    """R0.56."""
    asked = request(units, newcomer)
    for wrong in (LINKS.token_of(new_id("trf")), ""):
        with pytest.raises(errors.TransferNotFound):
            answer(units, asked.id, token=wrong)
    unknown = new_id("trf")
    with pytest.raises(errors.TransferNotFound):
        answer(units, unknown)
    assert answer(units, asked.id, agrees=agrees).state == ("confirmed" if agrees else "declined")
    for again in (True, False):
        with pytest.raises(errors.TransferLinkUsed) as caught:
            answer(units, asked.id, agrees=again)
        assert caught.value.kind == "gone"
    if not agrees:
        assert request(units, newcomer).id != asked.id


def test_what_nobody_confirms_in_seven_days_expires(
    units: Units, database: ServiceDatabase, clock: MovingClock, account: models.Account, newcomer: str
) -> None:
    """R0.56."""
    asked = request(units, newcomer)

    def expire() -> int:
        with units.begin() as uow:
            return usecases.expire_transfers(uow, limit=10)

    clock.advance(days=6)
    assert expire() == 0
    clock.advance(days=1)
    with pytest.raises(errors.TransferExpired) as caught:
        answer(units, asked.id)
    assert caught.value.kind == "gone"
    assert (expire(), expire()) == (1, 0)
    with units.reading() as session:
        assert usecases.transfer(session, agency_id=newcomer, transfer_id=asked.id).state == "expired"
    with pytest.raises(errors.TransferLinkUsed):
        answer(units, asked.id)
    request(units, newcomer)


def test_an_agency_sees_the_transfers_it_asked_for_newest_first(
    units: Units, clock: MovingClock, agency_id: str, account: models.Account, newcomer: str
) -> None:
    """R0.2, R0.53."""
    asked = []
    for _ in range(3):
        asked.append(request(units, newcomer).id)
        answer(units, asked[-1], agrees=False)
        clock.advance(seconds=1)
    with units.reading() as session:
        first = usecases.transfers(session, agency_id=newcomer, limit=2, cursor=None)
        rest = usecases.transfers(session, agency_id=newcomer, limit=2, cursor=first.next_cursor)
        assert [each.id for each in [*first.data, *rest.data]] == asked[::-1]
        assert (first.total, rest.next_cursor) == (3, None)
        assert usecases.transfers(session, agency_id=agency_id, limit=2, cursor=None).data == []
        for whose, transfer_id in ((agency_id, asked[0]), (newcomer, new_id("trf"))):
            with pytest.raises(errors.TransferNotFound):
                usecases.transfer(session, agency_id=whose, transfer_id=transfer_id)
        with pytest.raises(errors.InvalidCursor):
            usecases.transfers(session, agency_id=newcomer, limit=2, cursor=encode_cursor("yesterday", "trf_1"))
    with pytest.raises(errors.TransferNotFound):
        complete(units, new_id("trf"))


# --- the doors --------------------------------------------------------------------------------------------------------------------------


def test_a_transfer_is_asked_for_confirmed_and_completed_by_calls(
    run_service: Callable[..., ServiceProcess], bus: Bus, database: ServiceDatabase, account: models.Account, newcomer: str
) -> None:
    """R0.53 to R0.56."""
    run_service(
        "accounts",
        database,
        HOSTED_URL_TEMPLATE="https://{name}.comptoir.example/login",
        TRANSFER_LINK_SECRET=LINKS.secret.decode(),
    )
    wanted = {"agency_id": newcomer, "direction": "in", "account_host": HOST, "client_email": CLIENT, "agency_email": US}
    asked = bus.call("accounts", "request_transfer", wanted, idempotency_key="k1")
    assert bus.call("accounts", "request_transfer", wanted, idempotency_key="k1") == asked
    assert bus.call("accounts", "transfer", {"agency_id": newcomer, "transfer_id": asked["id"]}) == asked
    assert bus.call("accounts", "transfers", {"agency_id": newcomer})["data"] == [asked]
    link = {"transfer_id": asked["id"], "token": LINKS.token_of(asked["id"])}
    assert bus.call("accounts", "confirm_transfer", link, idempotency_key="k2")["state"] == "confirmed"
    assert refusal_of(lambda: bus.call("accounts", "decline_transfer", link)).code == "transfer_link_used"
    assert bus.call("accounts", "complete_transfer", {"transfer_id": asked["id"]})["state"] == "completed"
    assert bus.call("accounts", "account", {"agency_id": newcomer, "account_id": account.id})["notification_email"] == US
    assert link["token"] not in database.everything()
