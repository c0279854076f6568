"""Plans by their numbers."""

from sqlalchemy.orm import Session

from billing import repository
from billing.domain.catalogue import Frequency, Selection
from billing.domain.plans import NumberedPlan, numbered_plans
from billing.usecases.agencies import known_agency
from billing.usecases.on_sale import catalogue


def plans(session: Session, *, agency_id: str) -> list[NumberedPlan]:
    """Give every plan that has a number, at its list price in the agency's currency. Raises `AgencyNotKnownYet`."""
    agency = known_agency(repository.agency(session, agency_id=agency_id), agency_id=agency_id)
    numbers = {
        row.number: Selection(
            pricing_version=row.pricing_version,
            product=row.product,
            plan=row.plan,
            contacts=row.contacts,
            frequency=None if row.frequency is None else Frequency(row.frequency),
        )
        for row in repository.plan_numbers(session)
    }
    return numbered_plans(catalogue(session), numbers, currency=agency.currency)
