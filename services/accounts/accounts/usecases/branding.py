"""How an account looks: shown and changed."""

from typing import Any

from sqlalchemy.orm import Session

from accounts import domain, errors, events, models, repository
from accounts.domain import Verb
from accounts.usecases.due import account_now
from accounts.usecases.history import note_change
from chassis.unit_of_work import UnitOfWork


def branding(session: Session, *, agency_id: str, account_id: str) -> dict[str, object]:
    """Show how an account of the agency looks; one that was never branded has nothing of its own."""
    if not repository.is_account_of(session, agency_id=agency_id, account_id=account_id):
        raise errors.AccountNotFound(account_id=account_id)
    return _shown(account_id, repository.branding_of(session, account_id))


def branding_of_name(session: Session, *, name: str) -> dict[str, object]:
    """Show how the account of this name looks, to whoever comes to its pages."""
    account_id = repository.account_id_of_name(session, name)
    if account_id is None:
        raise errors.NoAccountOfName(name=name)
    return _shown(account_id, repository.branding_of(session, account_id))


def set_branding(uow: UnitOfWork, *, agency_id: str, account_id: str, wanted: dict[str, Any]) -> dict[str, object]:
    """Make the account look as wanted, whole: what is None is reset (R0.18, R0.86, R0.113)."""
    new = domain.branding_of(**wanted)
    account, state = account_now(uow, agency_id=agency_id, account_id=account_id)
    domain.allow(state, Verb.BRAND, uow.now)
    row = repository.branding_of(uow.session, account_id)
    old = domain.UNBRANDED if row is None else _branding(row)
    changed = domain.changed_members(old, new)
    if not changed:
        return _shown(account_id, row)
    if row is None:
        row = models.Branding(account_id=account_id)
        uow.session.add(row)
    logo = new.logo
    row.brand_name, row.footer_text = new.brand_name, new.footer_text
    row.primary_colour, row.text_colour = new.primary_colour, new.text_colour
    row.logo = None if logo is None else logo.content
    row.logo_content_type = None if logo is None else logo.image.content_type
    row.logo_width, row.logo_height = (None, None) if logo is None else (logo.image.width, logo.image.height)
    row.updated_at = uow.now
    note_change(uow, account, Verb.BRAND, before=_noted(old, changed), after=_noted(new, changed))
    uow.emit(
        events.BrandingChanged(
            subject=account_id,
            agency_id=agency_id,
            account_id=account_id,
            account_name=account.name,
            changed=changed,
            brand_name=new.brand_name,
            primary_colour=new.primary_colour,
            text_colour=new.text_colour,
            footer_text=new.footer_text,
            has_logo=logo is not None,
        )
    )
    return _shown(account_id, row)


def _noted(branding: domain.Branding, changed: list[str]) -> dict[str, Any]:
    """Give what the history keeps of a branding: of a logo not the bytes, but what they were."""
    values = {name: getattr(branding, name) for name in changed}
    logo = branding.logo
    if "logo" in values and logo is not None:
        values["logo"] = f"{logo.image.content_type}, {logo.image.width} × {logo.image.height}, {len(logo.content)} bytes"
    return values


def _branding(row: models.Branding) -> domain.Branding:
    logo = None
    if row.logo is not None:
        logo = domain.Logo(content=row.logo, image=domain.image_of(row.logo))
    return domain.Branding(
        brand_name=row.brand_name, primary_colour=row.primary_colour, text_colour=row.text_colour, footer_text=row.footer_text, logo=logo
    )


def _shown(account_id: str, row: models.Branding | None) -> dict[str, Any]:
    if row is None:
        return {"account_id": account_id, **vars(domain.UNBRANDED), "updated_at": None}
    members = {name: getattr(row, name) for name in ("brand_name", "primary_colour", "text_colour", "footer_text", "updated_at")}
    logo = None if row.logo is None else {"content_type": row.logo_content_type, "data": domain.encoded(row.logo)}
    return {"account_id": account_id, **members, "logo": logo}
