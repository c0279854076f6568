"""What pots hold, for whoever only looks."""

from typing import Any

from sqlalchemy import text
from sqlalchemy.orm import Session

from credits.repository.movements import Rows


def available_lots(session: Session, *, agency_id: str, account_id: str | None, kind: str, unit: str | None) -> Rows:
    """Give what can be spent in the agency's own pot and in those of its accounts, of which `account_id` may name one.

    A row per lot: account_id, unit; lot_id, units, purchased_at, expires_at.
    """
    wanted: dict[str, Any] = {"agency_id": agency_id, "account_id": account_id, "kind": kind, "unit": unit}
    return session.connection().execute(AVAILABLE_LOTS, wanted).all()


AVAILABLE_LOTS = text("""
    SELECT pots.account_id, pots.unit, held.lot_id, held.units, lots.purchased_at, lots.expires_at
    FROM ledger_accounts AS pots
    JOIN holdings AS held ON held.ledger_account_id = pots.id AND held.units > 0
    JOIN lots ON lots.id = held.lot_id
    WHERE pots.agency_id = :agency_id AND pots.kind = :kind AND pots.purpose = 'available'
        AND (CAST(:unit AS varchar) IS NULL OR pots.unit = :unit)
        AND (CAST(:account_id AS varchar) IS NULL OR pots.account_id IS NULL OR pots.account_id = :account_id)
""")
