"""Questions of the pages of an account."""

from sqlalchemy import Row, select
from sqlalchemy.orm import Session

from accounts.models import Account, Branding, DomainCheck

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


def account_of_verified_domain(session: Session, custom_domain: str) -> Account | None:
    """Find the account whose custom domain this is, if the last check of it found it pointing there."""
    checked = (DomainCheck.account_id == Account.id) & (DomainCheck.custom_domain == Account.custom_domain)
    question = select(Account).join(DomainCheck, checked)
    question = question.where(Account.custom_domain == custom_domain, DomainCheck.state == "verified", Account.status != "failed")
    return session.scalars(question).one_or_none()


def look_of(session: Session, account_id: str) -> Row[str | None, str | None, str | None, str | None, bool] | None:
    """Find how an account looks, without the bytes of its logo; None where it was never branded."""
    return session.execute(LOOK.where(Branding.account_id == account_id)).one_or_none()
