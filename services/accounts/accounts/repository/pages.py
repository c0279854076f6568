"""Questions of the pages of an account."""

from sqlalchemy import Row, select
from sqlalchemy.orm import Session

from accounts.models import Account, Branding

LOOK = select(
    Branding.brand_name,
    Branding.primary_colour,
    Branding.text_colour,
    Branding.footer_text,
    Branding.logo_content_type.is_not(None).label("has_logo"),
)


def account_of_name(session: Session, name: str) -> Account | None:
    """Find the account of this name, whoever's it is."""
    return session.scalars(select(Account).where(Account.name == name, Account.status != "failed")).one_or_none()


def look_of(session: Session, account_id: str) -> Row[str | None, str | None, str | None, str | None, bool] | None:
    """Find how an account looks, without the bytes of its logo; None where it was never branded."""
    return session.execute(LOOK.where(Branding.account_id == account_id)).one_or_none()
