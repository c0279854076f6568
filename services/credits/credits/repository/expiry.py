"""What expires, and when."""

from collections.abc import Collection, Sequence
from datetime import datetime

from sqlalchemy import delete, select, text
from sqlalchemy.orm import Session

from chassis.clocks import is_due
from credits.models import ExpiringLot, Holding, LedgerAccount


def expect_expiry(session: Session, *, lot_ids: Collection[str], agency_id: str, kind: str, unit: str) -> None:
    """Have those of these lots that expire taken off the books when their time has come."""
    expected = {"lot_ids": list(lot_ids), "agency_id": agency_id, "kind": kind, "unit": unit}
    session.connection().execute(EXPECT_EXPIRY, expected)


def expired_lots(session: Session, *, platform_now: datetime, limit: int) -> Sequence[str]:
    """Give the ids of lots whose time has come, in the time of their agency."""
    due = is_due(ExpiringLot.expires_at.expression, agency_id=ExpiringLot.agency_id.expression, platform_now=platform_now)
    return session.scalars(select(ExpiringLot.lot_id).where(due).order_by(ExpiringLot.expires_at, ExpiringLot.lot_id).limit(limit)).all()


def expiring_lot_for_update(session: Session, lot_id: str) -> ExpiringLot | None:
    """Find a lot that has yet to be taken off the books, locked; None where somebody has done so."""
    return session.get(ExpiringLot, lot_id, with_for_update=True)


def pots_with(session: Session, lot_id: str) -> Sequence[str | None]:
    """Give the pots (None: the agency's own) that have something available of a lot, in one order."""
    where = (Holding.lot_id == lot_id, Holding.units > 0, LedgerAccount.purpose == "available")
    held = select(LedgerAccount.account_id).join(Holding, Holding.ledger_account_id == LedgerAccount.id).where(*where)
    return session.scalars(held.order_by(LedgerAccount.account_id)).all()


def forget_expiry(session: Session, lot_id: str) -> None:
    """Take a lot from the list: nothing of it is available any more."""
    session.execute(delete(ExpiringLot).where(ExpiringLot.lot_id == lot_id))


EXPECT_EXPIRY = text("""
    INSERT INTO expiring_lots (lot_id, agency_id, kind, unit, expires_at)
    SELECT id, :agency_id, :kind, :unit, expires_at FROM lots WHERE id = ANY(CAST(:lot_ids AS varchar[])) AND expires_at IS NOT NULL
    ON CONFLICT DO NOTHING
""")
