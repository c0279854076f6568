"""What an agency wants to hear of its own pot: when it is low, and what is to be bought then."""

from typing import Any

from sqlalchemy.orm import Session

from chassis.unit_of_work import UnitOfWork
from credits import domain, models, repository
from credits.domain import Kind
from credits.usecases.movements import Cause, lock_books, open_pots, unit_meant, watch


def settings(session: Session, *, agency_id: str, kind: Kind) -> dict[str, Any]:
    """Give what the agency set for its pot of this kind; nothing is set as long as it never did."""
    kept = repository.settings_of(session, agency_id=agency_id, kind=kind.value)
    return _shown(kind, kept)


def change_settings(
    uow: UnitOfWork, *, agency_id: str, kind: Kind, currency: str | None, threshold: int | None, top_up: dict[str, Any] | None
) -> dict[str, Any]:
    """Set at which balance the agency hears that its own pot is low (None: never), and what is bought then (None: nothing).

    A pot that is low by the new threshold is told of at once. `units` of a top-up are minor units of the currency for prepaid.
    Raises `CurrencyNeeded` where none is given and prepaid is not held in exactly one.
    """
    unit = unit_meant(uow.session, agency_id=agency_id, kind=kind, currency=currency)
    cause = Cause(agency_id=agency_id, kind=kind, unit=unit)
    open_pots(uow, [None], cause=cause)
    books = lock_books(uow, {None}, cause=cause)
    kept = repository.settings_of(uow.session, agency_id=agency_id, kind=kind.value)
    if kept is None:
        kept = models.Settings(agency_id=agency_id, kind=kind.value, is_low=False)
        uow.session.add(kept)
    was_low = kept.is_low and kept.unit == unit and kept.threshold is not None
    kept.unit, kept.threshold, kept.is_low, kept.updated_at = unit, threshold, was_low and threshold is not None, uow.now
    kept.top_up_units = None if top_up is None else top_up["units"]
    uow.session.flush()
    if threshold is not None:
        left = sum(lot.units_left for lot in books.available(None))
        watch(uow, agency_id=agency_id, kind=kind, units=left, threshold=threshold, was_low=kept.is_low)
    return _shown(kind, kept)


def _shown(kind: Kind, kept: models.Settings | None) -> dict[str, Any]:
    if kept is None:
        return {"kind": kind, "currency": None, "threshold": None, "top_up": None, "is_low": False}
    return {
        "kind": kind,
        "currency": domain.currency_of(kind=kind, unit=kept.unit),
        "threshold": kept.threshold,
        "top_up": None if kept.top_up_units is None else {"units": kept.top_up_units},
        "is_low": kept.is_low,
    }
