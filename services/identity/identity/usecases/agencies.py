"""Agencies: taken in, shown, changed."""

from typing import Any

from sqlalchemy.orm import Session

from chassis.ids import new_id
from chassis.unit_of_work import UnitOfWork
from identity import errors, events, models, repository


def agency(session: Session, *, agency_id: str) -> models.Agency:
    """Give the agency; raises `AgencyNotFound`."""
    found = repository.agency(session, agency_id=agency_id)
    if found is None:
        raise errors.AgencyNotFound(agency_id=agency_id)
    return found


def locked_agency(uow: UnitOfWork, *, agency_id: str) -> models.Agency:
    """Give the agency, which nobody else changes until this unit of work ends; raises `AgencyNotFound`."""
    found = repository.agency_for_update(uow.session, agency_id=agency_id)
    if found is None:
        raise errors.AgencyNotFound(agency_id=agency_id)
    return found


def register_agency(
    uow: UnitOfWork,
    *,
    name: str,
    programme: str,
    currency: str,
    discount_basis_points: int,
    notification_email: str,
    language: str,
    entitlements: list[str],
    test_mode: bool,
) -> models.Agency:
    """Take a new agency in. Only the platform does: there is no route to this."""
    registered = models.Agency(
        id=new_id("agy"),
        name=name,
        programme=programme,
        currency=currency,
        discount_basis_points=discount_basis_points,
        notification_email=notification_email,
        language=language,
        entitlements=entitlements,
        test_mode=test_mode,
        created_at=uow.now,
    )
    uow.session.add(registered)
    uow.emit(events.AgencyRegistered(**_facts_of(registered)))
    return registered


def update_agency(
    uow: UnitOfWork, *, agency_id: str, name: str | None, notification_email: str | None, language: str | None
) -> models.Agency:
    """Change what an agency may change of itself; None leaves a value as it is. Raises `AgencyNotFound`."""
    found = locked_agency(uow, agency_id=agency_id)
    found.name = name or found.name
    found.notification_email = notification_email or found.notification_email
    found.language = language or found.language
    uow.emit(events.AgencyUpdated(**_facts_of(found)))
    return found


def _facts_of(agency: models.Agency) -> dict[str, Any]:
    return {
        "subject": agency.id,
        "agency_id": agency.id,
        "described_agency_id": agency.id,
        "agency_name": agency.name,
        "programme": agency.programme,
        "currency": agency.currency,
        "discount_basis_points": agency.discount_basis_points,
        "language": agency.language,
        "notification_email": agency.notification_email,
        "entitlements": agency.entitlements,
        "test_mode": agency.test_mode,
    }
