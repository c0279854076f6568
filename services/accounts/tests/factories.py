"""Values for tests, each valid as it is; name what the test is about and leave the rest."""

import dataclasses
import struct
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

from accounts import domain, models, usecases
from accounts.domain import Application, Kind, Opening, Part, Quote, Selection, Terms
from chassis.events import Event
from chassis.ids import new_id
from chassis.unit_of_work import UnitOfWork

TRIAL = Selection(pricing_version="V1", product="EM", plan="Trial")
SANDBOX = Selection(pricing_version="V1", product="EM", plan="Sandbox")
PLUS = Selection(pricing_version="V3", product="EM", plan="Plus", contacts=1000, frequency="monthly")
SELECTIONS = {Kind.PAID: PLUS, Kind.TRIAL: TRIAL, Kind.SANDBOX: SANDBOX}

TERMS = Terms(login_url_template="https://{name}.comptoir.example/login", opening_time=timedelta(seconds=60))
IN_2099 = datetime(2099, 1, 1, tzinfo=UTC)


def plus(**changes: Any) -> Selection:
    """V3 / EM / Plus / 1000 contacts / monthly."""
    return dataclasses.replace(PLUS, **changes)


def application(**changes: Any) -> Application:
    complete = Application(
        name=f"acme-{new_id('n')[-12:].lower()}",
        client_name="Acme",
        client_email="hello@acme.example",
        notification_email="ops@agency.example",
        country="FR",
        language="fr",
        time_zone="Europe/Paris",
        billing_profile_id=None,
        custom_domain=None,
        snapshot_id=None,
    )
    return dataclasses.replace(complete, **changes)


def open_quote(selection: Selection = PLUS, **changes: Any) -> Quote:
    """An open quote for a new account."""
    fresh = Quote(id=new_id("quo"), purpose="account_opening", account_id=None, selection=selection, state="open", expires_at=IN_2099)
    return dataclasses.replace(fresh, **changes)


def change_quote(account_id: str, selection: Selection, **changes: Any) -> Quote:
    """An open quote for a plan change."""
    return open_quote(selection, **{"purpose": "plan_change", "account_id": account_id, **changes})


def opened(uow: UnitOfWork, agency_id: str, *, quote: Quote | None = None, kind: Kind = Kind.PAID, **changes: Any) -> models.Account:
    """An account that is being opened."""
    opening = Opening(application=application(**changes), quote=quote or open_quote(SELECTIONS[kind]), region="eu")
    return usecases.open_account(uow, agency_id=agency_id, opening=opening, terms=TERMS)


def activated(uow: UnitOfWork, agency_id: str, **changes: Any) -> models.Account:
    """An account that is active."""
    account = opened(uow, agency_id, **changes)
    for part in Part:
        usecases.record_part(uow, account_id=account.id, part=part)
    assert account.status == domain.Status.ACTIVE
    return account


def failed(uow: UnitOfWork, agency_id: str, **changes: Any) -> models.Account:
    """An account whose card was declined."""
    account = opened(uow, agency_id, **changes)
    usecases.record_refused_payment(uow, account_id=account.id, purpose="account_opening", code="card_declined", reason="Declined.")
    assert account.status == domain.Status.FAILED
    return account


def event(source: str, name: str, data: dict[str, Any], *, handler: str) -> Event:
    """An event as a handler gets it."""
    return Event(
        id=new_id("evt"),
        source=source,
        name=name,
        subject=str(data.get("account_id")),
        time=datetime.now(UTC),
        data=data,
        agency_id=None,
        correlation_id=None,
        causation_id=None,
        envelope={},
        handler=handler,
    )


# --- as others say it on the bus --------------------------------------------------------------------------------------------------------


def open_request(agency_id: str, **changes: Any) -> dict[str, Any]:
    """What the gateway sends to open an account."""
    return {
        **dataclasses.asdict(application()),
        "agency_id": agency_id,
        "quote_id": None,
        "selection": dataclasses.asdict(PLUS),
        **changes,
    }


def quote_answer(quote_id: str | None = None, **changes: Any) -> dict[str, Any]:
    """Billing's answer to `quote` and `create_quote`."""
    return {
        "id": quote_id or new_id("quo"),
        "purpose": "account_opening",
        "account_id": None,
        "selection": dataclasses.asdict(PLUS),
        "region": "eu",
        "offer": {"due_today": {"amount": 4900, "currency": "EUR"}, "taxes_included": False},
        "state": "open",
        "created_at": "2026-01-01T00:00:00Z",
        "expires_at": "2099-01-01T00:00:00Z",
        **changes,
    }


# --- images -----------------------------------------------------------------------------------------------------------------------------


def png(width: int, height: int) -> bytes:
    """The beginning of a PNG."""
    return b"\x89PNG\r\n\x1a\n\x00\x00\x00\x0dIHDR" + struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)


def jpeg(width: int, height: int) -> bytes:
    """The beginning of a JPEG, its size behind another segment."""
    return b"\xff\xd8\xff\xe0" + struct.pack(">H", 4) + b"ab\xff\xc0" + struct.pack(">HBHHB", 11, 8, height, width, 1) + b"\x01\x11\x00"


def gif(width: int, height: int) -> bytes:
    """The beginning of a GIF."""
    return b"GIF89a" + struct.pack("<HHBBB", width, height, 0, 0, 0)


def webp(kind: str) -> Callable[[int, int], bytes]:
    """What writes the beginning of a WebP of one kind: `VP8 ` (lossy), `VP8L` (lossless), `VP8X` (extended)."""

    def write(width: int, height: int) -> bytes:
        rest = {
            "VP8 ": b"\x00\x00\x00\x9d\x01\x2a" + struct.pack("<HH", width, height),
            "VP8L": b"\x2f" + struct.pack("<I", (width - 1) | (height - 1) << 14),
            "VP8X": b"\x00\x00\x00\x00" + (width - 1).to_bytes(3, "little") + (height - 1).to_bytes(3, "little"),
        }[kind]
        return b"RIFF" + struct.pack("<I", 12 + len(rest)) + b"WEBP" + kind.encode() + struct.pack("<I", len(rest)) + rest

    return write
