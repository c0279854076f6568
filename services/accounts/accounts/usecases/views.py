"""Saved views: an owner's own, and nobody else's."""

from typing import Any

from sqlalchemy.orm import Session

from accounts import domain, errors, models, repository
from chassis.ids import new_id
from chassis.paging import Page, decode_cursor, encode_cursor
from chassis.unit_of_work import UnitOfWork


def views(session: Session, *, agency_id: str, owner: str, limit: int, cursor: str | None) -> Page[models.View]:
    """List the owner's views by name, one page of them."""
    after = None if cursor is None else str(decode_cursor(cursor, length=1)[0])
    found = repository.views_page(session, agency_id=agency_id, owner=owner, after=after, limit=limit + 1)
    page = found[:limit]
    next_cursor = encode_cursor(page[-1].name) if len(found) > limit else None
    return Page(data=page, next_cursor=next_cursor, total=repository.count_views(session, agency_id=agency_id, owner=owner))


def view(session: Session, *, agency_id: str, owner: str, view_id: str) -> models.View:
    """Show one view of the owner."""
    found = repository.view_of(session, agency_id=agency_id, owner=owner, view_id=view_id)
    if found is None:
        raise errors.ViewNotFound(view_id=view_id)
    return found


def create_view(
    uow: UnitOfWork, *, agency_id: str, owner: str, name: str, filters: dict[str, Any], sort: str, columns: list[str]
) -> models.View:
    """Save a list as the owner likes to see it."""
    domain.check_view(name=name, filters=filters, sort=sort, columns=columns)
    repository.queue_for_views(uow.session, agency_id=agency_id, owner=owner)
    domain.check_room(repository.count_views(uow.session, agency_id=agency_id, owner=owner))
    created = repository.insert_view(
        uow.session,
        id=new_id("viw"),
        agency_id=agency_id,
        owner=owner,
        name=name,
        filters=filters,
        sort=sort,
        columns=columns,
        created_at=uow.now,
        updated_at=uow.now,
    )
    if created is None:
        raise errors.ViewNameTaken(name=name)
    return created


def change_view(
    uow: UnitOfWork,
    *,
    agency_id: str,
    owner: str,
    view_id: str,
    name: str | None = None,
    filters: dict[str, Any] | None = None,
    sort: str | None = None,
    columns: list[str] | None = None,
) -> models.View:
    """Change what is given of a view (not None): its name, its filters as a whole, its sort, its columns."""
    repository.queue_for_views(uow.session, agency_id=agency_id, owner=owner)
    changed = repository.view_for_update(uow.session, agency_id=agency_id, owner=owner, view_id=view_id)
    if changed is None:
        raise errors.ViewNotFound(view_id=view_id)
    if name is not None and name != changed.name:
        if repository.view_is_called(uow.session, agency_id=agency_id, owner=owner, name=name):
            raise errors.ViewNameTaken(name=name)
        changed.name = name
    changed.filters = changed.filters if filters is None else filters
    changed.sort = sort or changed.sort
    changed.columns = changed.columns if columns is None else columns
    domain.check_view(name=changed.name, filters=changed.filters, sort=changed.sort, columns=changed.columns)
    changed.updated_at = uow.now
    return changed


def remove_view(uow: UnitOfWork, *, agency_id: str, owner: str, view_id: str) -> None:
    """Forget a view."""
    removed = repository.view_for_update(uow.session, agency_id=agency_id, owner=owner, view_id=view_id)
    if removed is None:
        raise errors.ViewNotFound(view_id=view_id)
    uow.session.delete(removed)
