"""The catalogue, read once by each process: a version that was published never changes."""

from weakref import WeakKeyDictionary

from sqlalchemy import Engine
from sqlalchemy.orm import Session

from billing import repository
from billing.domain.catalogue import Catalogue

_read: WeakKeyDictionary[Engine, dict[int, Catalogue]] = WeakKeyDictionary()


def catalogue(session: Session) -> Catalogue:
    """Give everything on sale now."""
    return catalogue_of(session, version=repository.catalogue_version(session))


def catalogue_of(session: Session, *, version: int) -> Catalogue:
    """Give a version of the catalogue that something was priced by."""
    known = _read.setdefault(session.connection().engine, {})
    if version not in known:
        known[version] = Catalogue.read(repository.catalogue(session, version=version).content)
    return known[version]
