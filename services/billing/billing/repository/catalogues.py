"""Questions about the catalogue."""

from collections.abc import Sequence

from sqlalchemy import select, text
from sqlalchemy.orm import Session

from billing.models import (
    Catalogue,
    PlanNumber,
)


def catalogue_version(session: Session) -> int:
    """Say which version is in force, the newest one; the migrations published the first."""
    return session.scalars(select(Catalogue.version).order_by(Catalogue.version.desc()).limit(1)).one()


def catalogues(session: Session) -> Sequence[Catalogue]:
    """List every version that was published, the newest first."""
    return session.scalars(select(Catalogue).order_by(Catalogue.version.desc())).all()


def plan_numbers(session: Session) -> Sequence[PlanNumber]:
    """List every selection that is or was on sale, by its number."""
    return session.scalars(select(PlanNumber).order_by(PlanNumber.number)).all()


def lock_catalogues(session: Session) -> None:
    """Wait until nobody else publishes one; who reads them goes on."""
    session.execute(text("LOCK TABLE catalogues IN SHARE ROW EXCLUSIVE MODE"))


def catalogue(session: Session, *, version: int) -> Catalogue:
    """Give a version of the catalogue that something was priced by."""
    return session.get_one(Catalogue, version)
