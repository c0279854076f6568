"""The payment methods of agencies."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy.orm import Session

from billing import errors, events, models, repository
from billing.clients import PaymentMethod
from billing.domain.card import expires_at, first_reminder, next_reminder
from billing.usecases.agencies import known_agency
from chassis.errors import VersionMismatch
from chassis.ids import new_id
from chassis.paging import Page
from chassis.unit_of_work import UnitOfWork

ACCOUNTS_NAMED = 20
"""How many accounts the refusal to remove a profile in use names; it says how many there are."""


def add_billing_profile(
    uow: UnitOfWork,
    *,
    agency_id: str,
    described: PaymentMethod,
    name: str | None,
    invoice_address: dict[str, Any] | None,
    is_default: bool | None,
) -> models.BillingProfile:
    """Keep a payment method of the agency (R0.64); the first is the default, a later one where that is asked for.

    The agency's row is locked, so that two added at once do not both become the default. Raises `AgencyNotKnownYet`.
    """
    known_agency(repository.agency_for_update(uow.session, agency_id=agency_id), agency_id=agency_id)
    default = repository.default_billing_profile(uow.session, agency_id=agency_id)
    becomes_default = default is None or bool(is_default)
    if default is not None and becomes_default:
        _no_longer_default(uow, default)
    profile = models.BillingProfile(
        id=new_id("bp"),
        agency_id=agency_id,
        name=name or f"{described.brand} {described.last_four}",
        is_default=becomes_default,
        invoice_address=invoice_address,
        created_at=uow.now,
        version=1,
    )
    _take_card(uow, profile, described)
    uow.session.add(profile)
    uow.emit(
        events.BillingProfileAdded(
            subject=profile.id,
            agency_id=agency_id,
            billing_profile_id=profile.id,
            brand=profile.brand,
            last_four=profile.last_four,
            is_default=profile.is_default,
        )
    )
    return profile


def update_billing_profile(
    uow: UnitOfWork,
    *,
    agency_id: str,
    billing_profile_id: str,
    expected_version: int | None,
    described: PaymentMethod | None,
    wanted: Mapping[str, Any],
) -> models.BillingProfile:
    """Change what is `wanted` of `name`, `invoice_address` and `is_default`, and the card where one is `described` (R0.64).

    Whatever pays by the profile pays by the new card from then on. Raises `AgencyNotKnownYet`, `BillingProfileNotFound`,
    `VersionMismatch` and `DefaultProfileNeeded`.
    """
    known_agency(repository.agency_for_update(uow.session, agency_id=agency_id), agency_id=agency_id)
    profile = _locked(uow, agency_id=agency_id, billing_profile_id=billing_profile_id)
    if expected_version not in (None, profile.version):
        raise VersionMismatch
    changes = [name for name in ("name", "invoice_address", "is_default") if name in wanted and wanted[name] != getattr(profile, name)]
    if "is_default" in changes:
        _make_default(uow, profile, is_default=wanted["is_default"])
    for name in changes:
        setattr(profile, name, wanted[name])
    if described is not None:
        if described.token != profile.token:
            repository.keep_card_to_forget(uow.session, token=profile.token, now=uow.platform_now)
        _take_card(uow, profile, described)
        changes.append("card")
    if changes:
        _tell_updated(uow, profile, changes)
    return profile


def remove_billing_profile(uow: UnitOfWork, *, agency_id: str, billing_profile_id: str) -> None:
    """Take the profile out of use (R0.64); its row stays, for invoices name it. The newest of the others becomes the default after it.

    Raises `AgencyNotKnownYet`, `BillingProfileNotFound`, and `BillingProfileInUse` while accounts pay by it, by name or because it is the
    only one, or an invoice is to be collected by it.
    """
    known_agency(repository.agency_for_update(uow.session, agency_id=agency_id), agency_id=agency_id)
    profile = _locked(uow, agency_id=agency_id, billing_profile_id=billing_profile_id)
    successor = (
        repository.newest_other_profile(uow.session, agency_id=agency_id, billing_profile_id=profile.id) if profile.is_default else None
    )
    is_last_resort = profile.is_default and successor is None
    account_ids = repository.accounts_paying_by(uow.session, profile=profile, or_by_default=is_last_resort)
    invoices = repository.count_invoices_open_on(uow.session, billing_profile_id=profile.id)
    if account_ids or invoices:
        shown = list(account_ids[:ACCOUNTS_NAMED])
        raise errors.BillingProfileInUse(account_ids=shown, accounts=len(account_ids), invoices=invoices, named=", ".join(shown) or "none")
    repository.leave_profile(uow.session, billing_profile_id=profile.id)
    _no_longer_default(uow, profile)
    profile.removed_at, profile.reminder_at = uow.now, None
    repository.keep_card_to_forget(uow.session, token=profile.token, now=uow.platform_now)
    if successor is not None:
        successor.is_default = True
        _tell_updated(uow, successor, ["is_default"])
    uow.emit(
        events.BillingProfileRemoved(
            subject=profile.id, agency_id=agency_id, billing_profile_id=profile.id, brand=profile.brand, last_four=profile.last_four
        )
    )


def note_card(uow: UnitOfWork, *, described: PaymentMethod) -> bool:
    """Keep what the provider told of a card that it keeps for us: its bank sent its owner a new one. Tell whether anything changed."""
    changed = [each for each in repository.profiles_of_token(uow.session, token=described.token) if _card_of(each) != described]
    for profile in changed:
        _take_card(uow, profile, described)
        _tell_updated(uow, profile, ["card"])
    return bool(changed)


def remind_of_expiring_cards(uow: UnitOfWork, *, limit: int) -> int:
    """Tell of at most `limit` cards that they expire, those in whose agency's time it is due; tell of how many."""
    due = repository.profiles_to_remind_of(uow.session, platform_now=uow.platform_now, limit=limit)
    for profile, reminder_at in due:
        expires = expires_at(expiry_month=profile.expiry_month, expiry_year=profile.expiry_year)
        profile.reminder_at = next_reminder(expires, after=reminder_at)
        uow.emit(
            events.CardExpiring(
                subject=profile.id,
                agency_id=profile.agency_id,
                billing_profile_id=profile.id,
                profile_name=profile.name,
                brand=profile.brand,
                last_four=profile.last_four,
                expiry_month=profile.expiry_month,
                expiry_year=profile.expiry_year,
                days=(expires - reminder_at).days,
                is_default=profile.is_default,
            )
        )
    return len(due)


def billing_profile(session: Session, *, agency_id: str, billing_profile_id: str) -> models.BillingProfile:
    """Give the agency's billing profile; raises `BillingProfileNotFound`."""
    found = repository.billing_profile(session, agency_id=agency_id, billing_profile_id=billing_profile_id)
    if found is None:
        raise errors.BillingProfileNotFound(billing_profile_id=billing_profile_id)
    return found


def billing_profiles(session: Session, *, agency_id: str, limit: int, cursor: str | None) -> Page[models.BillingProfile]:
    """List the agency's billing profiles, newest first; raises `InvalidCursor`."""
    return repository.billing_profiles_page(session, agency_id=agency_id, limit=limit, cursor=cursor)


def paying_profile(session: Session, *, agency_id: str, billing_profile_id: str | None) -> models.BillingProfile:
    """Give the profile chosen, else the default; raises `BillingProfileNotFound`, `BillingProfileRequired`."""
    if billing_profile_id is not None:
        return billing_profile(session, agency_id=agency_id, billing_profile_id=billing_profile_id)
    default = repository.default_billing_profile(session, agency_id=agency_id)
    if default is None:
        raise errors.BillingProfileRequired
    return default


def profile_told_of(uow: UnitOfWork, *, agency_id: str, billing_profile_id: str | None) -> models.BillingProfile:
    """Give the profile that a fact says pays, held until this is done, so that nobody removes it meanwhile.

    Where it was removed before the fact came, it is the default. Raises `BillingProfileNotFound`, `BillingProfileRequired`.
    """
    if billing_profile_id is not None and repository.was_removed(uow.session, agency_id=agency_id, billing_profile_id=billing_profile_id):
        billing_profile_id = None
    profile = paying_profile(uow.session, agency_id=agency_id, billing_profile_id=billing_profile_id)
    repository.hold_profile(uow.session, billing_profile_id=profile.id)
    return profile


def _locked(uow: UnitOfWork, *, agency_id: str, billing_profile_id: str) -> models.BillingProfile:
    profile = repository.billing_profile_for_update(uow.session, agency_id=agency_id, billing_profile_id=billing_profile_id)
    if profile is None:
        raise errors.BillingProfileNotFound(billing_profile_id=billing_profile_id)
    return profile


def _card_of(profile: models.BillingProfile) -> PaymentMethod:
    return PaymentMethod(
        token=profile.token,
        brand=profile.brand,
        last_four=profile.last_four,
        expiry_month=profile.expiry_month,
        expiry_year=profile.expiry_year,
    )


def _take_card(uow: UnitOfWork, profile: models.BillingProfile, card: PaymentMethod) -> None:
    """Put the card on the profile, with the moment when its agency is first told that it expires."""
    profile.token, profile.brand, profile.last_four = card.token, card.brand, card.last_four
    profile.expiry_month, profile.expiry_year = card.expiry_month, card.expiry_year
    now = uow.now_of(profile.agency_id)
    profile.reminder_at = first_reminder(expires_at(expiry_month=card.expiry_month, expiry_year=card.expiry_year), now=now)


def _make_default(uow: UnitOfWork, profile: models.BillingProfile, *, is_default: bool) -> None:
    """Have the profile take the place of the default; the default itself cannot give it up. Raises `DefaultProfileNeeded`."""
    if not is_default:
        raise errors.DefaultProfileNeeded
    default = repository.default_billing_profile(uow.session, agency_id=profile.agency_id)
    if default is not None:
        _no_longer_default(uow, default)


def _no_longer_default(uow: UnitOfWork, profile: models.BillingProfile) -> None:
    """Take the default away, in the database too: there is one at most at any moment."""
    profile.is_default = False
    profile.version += 1
    uow.session.flush()


def _tell_updated(uow: UnitOfWork, profile: models.BillingProfile, changes: list[str]) -> None:
    profile.version += 1
    uow.emit(
        events.BillingProfileUpdated(
            subject=profile.id,
            agency_id=profile.agency_id,
            billing_profile_id=profile.id,
            brand=profile.brand,
            last_four=profile.last_four,
            expiry_month=profile.expiry_month,
            expiry_year=profile.expiry_year,
            is_default=profile.is_default,
            changes=changes,
        )
    )
