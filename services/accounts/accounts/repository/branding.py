"""Questions about how accounts look."""

from sqlalchemy import select
from sqlalchemy.orm import Session

from accounts.models import Account, Branding


def branding_of(session: Session, account_id: str) -> Branding | None:
    """Find how an account looks; None where it was never branded."""
    return session.scalars(select(Branding).where(Branding.account_id == account_id)).one_or_none()


def is_account_of(session: Session, *, agency_id: str, account_id: str) -> bool:
    """Tell whether the agency has this account."""
    return session.scalar(select(Account.id).where(Account.id == account_id, Account.agency_id == agency_id)) is not None


def account_id_of_name(session: Session, name: str) -> str | None:
    """Find the account of this name, whoever's it is."""
    return session.scalar(select(Account.id).where(Account.name == name, Account.status != "failed"))
