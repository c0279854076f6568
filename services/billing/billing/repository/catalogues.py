"""Questions about the catalogue."""

from sqlalchemy import select
from sqlalchemy.orm import Session

from billing.models import (
    Catalogue,
)


def catalogue_in_force(session: Session) -> Catalogue:
    """Give the newest catalogue; the migrations published it."""
    return session.scalars(select(Catalogue).order_by(Catalogue.version.desc()).limit(1)).one()


def catalogue(session: Session, *, version: int) -> Catalogue:
    """Give a version of the catalogue that something was priced by."""
    return session.get_one(Catalogue, version)
