"""The persons of an agency: invited, listed, changed, removed. Each change waits for the agency's others: an owner must stay."""

from sqlalchemy.orm import Session

from chassis.errors import VersionMismatch
from chassis.fields import format_instant
from chassis.idempotency import Answer
from chassis.ids import new_id
from chassis.paging import Page
from chassis.unit_of_work import UnitOfWork
from identity import domain, errors, events, models, repository
from identity.usecases.agencies import locked_agency
from identity.usecases.api_keys import revoke_keys_of_user


def portal_user(session: Session, *, agency_id: str, portal_user_id: str) -> models.PortalUser:
    """Give the agency's user; raises `PortalUserNotFound`."""
    found = repository.portal_user(session, agency_id=agency_id, portal_user_id=portal_user_id)
    if found is None:
        raise errors.PortalUserNotFound(portal_user_id=portal_user_id)
    return found


def portal_users(session: Session, *, agency_id: str, limit: int, cursor: str | None) -> Page[models.PortalUser]:
    """List the agency's users, newest first; raises `InvalidCursor`."""
    return repository.portal_users(session, agency_id=agency_id, limit=limit, cursor=cursor)


def draft_invitation(*, pepper: bytes) -> domain.DraftInvitation:
    """Draw an invitation, kept nowhere yet."""
    return domain.draft_invitation(pepper=pepper)


def invite_portal_user(
    uow: UnitOfWork, *, agency_id: str, email: str, name: str, role: str, language: str | None, draft: domain.DraftInvitation
) -> models.PortalUser:
    """Keep the drafted invitation, all but its token; who is invited already gets this one in its place, and this name and role.

    `language` None: the agency's. Raises `AgencyNotFound`, `PortalUserExists` where the person accepted before, and `LastOwner`.
    """
    agency = locked_agency(uow, agency_id=agency_id)
    user = repository.portal_user_of_email(uow.session, agency_id=agency_id, email_folded=domain.folded(email))
    if user is None:
        user = models.PortalUser(
            id=new_id("usr"), agency_id=agency_id, email=email, email_folded=domain.folded(email), role=role, created_at=uow.platform_now
        )
        uow.session.add(user)
    elif user.status != domain.PortalUserStatus.INVITED:
        raise errors.PortalUserExists(email=user.email, portal_user_id=user.id)
    _take_role(uow, user, role)
    user.status = domain.PortalUserStatus.INVITED
    user.name = name
    user.language = language or agency.language
    user.invitation_id = draft.id
    user.invitation_digest = draft.keyed_digest
    user.invitation_ends_at = domain.invitation_ends(invited_at=uow.platform_now)
    user.updated_at = uow.platform_now
    uow.emit(
        events.PortalUserInvited(
            subject=user.id,
            agency_id=agency_id,
            portal_user_id=user.id,
            email=user.email,
            person_name=user.name,
            role=user.role,
            language=user.language,
            expires_at=user.invitation_ends_at,
        )
    )
    return user


def reveal_token(answer: Answer, *, draft: domain.DraftInvitation) -> Answer:
    """Add the token to the answer that kept this draft; to the answer of a repetition, which kept another one, add null."""
    return Answer({**answer, "invitation_token": draft.token if answer["invitation_id"] == draft.id else None})


def keyed_digest_of(digest: str, *, pepper: bytes) -> bytes:
    """Give what is kept of the token whose SHA-256 in hexadecimal is `digest`."""
    return domain.keyed_digest(pepper=pepper, digest=digest)


def refuse_unknown_invitation(session: Session, *, keyed_digest: bytes) -> None:
    """Raise `InvitationNotFound` before a password is hashed for nothing."""
    if repository.invitation(session, keyed_digest=keyed_digest) is None:
        raise errors.InvitationNotFound


def accept_invitation(uow: UnitOfWork, *, keyed_digest: bytes, password_hash: str) -> models.PortalUser:
    """Make the person invited by this token an active user with this password, of which only `password_hash` is kept.

    Raises `InvitationExpired`, and `InvitationNotFound` for everybody but the first of any number of callers.
    """
    user = repository.invitation_for_update(uow.session, keyed_digest=keyed_digest)
    if user is None or user.invitation_ends_at is None:
        raise errors.InvitationNotFound
    if domain.is_over(ends_at=user.invitation_ends_at, now=uow.platform_now):
        raise errors.InvitationExpired(expired_at=format_instant(user.invitation_ends_at))
    user.status = domain.PortalUserStatus.ACTIVE
    user.password_hash = password_hash
    user.invitation_id = user.invitation_digest = user.invitation_ends_at = None
    user.activated_at = user.updated_at = uow.platform_now
    return user


def update_portal_user(
    uow: UnitOfWork, *, agency_id: str, portal_user_id: str, name: str | None, role: str | None, expected_version: int | None
) -> models.PortalUser:
    """Give the user another name or role; None leaves a value as it is. `expected_version` None: whichever there is.

    Raises `PortalUserNotFound`, `VersionMismatch`, and `LastOwner` where nobody would own the agency.
    """
    user = _locked_user(uow, agency_id=agency_id, portal_user_id=portal_user_id)
    if expected_version not in (None, user.version):
        raise VersionMismatch
    changed = (name or user.name, role or user.role)
    if changed != (user.name, user.role):
        _take_role(uow, user, changed[1])
        user.name = changed[0]
        user.updated_at = uow.platform_now
    return user


def remove_portal_user(uow: UnitOfWork, *, agency_id: str, portal_user_id: str) -> None:
    """Forget the user, or take the invitation back; the user's keys are revoked.

    Raises `PortalUserNotFound`, `LastOwner` where nobody would own the agency, and `LastAdminKeyOfUser` where no key could make keys.
    """
    user = _locked_user(uow, agency_id=agency_id, portal_user_id=portal_user_id)
    _refuse_last_owner(uow, user)
    revoke_keys_of_user(uow, agency_id=agency_id, user_id=user.id)
    uow.session.delete(user)
    uow.emit(events.PortalUserRemoved(subject=user.id, agency_id=agency_id, portal_user_id=user.id))


def _locked_user(uow: UnitOfWork, *, agency_id: str, portal_user_id: str) -> models.PortalUser:
    """Lock the agency first, so that two owners cannot leave at once, then the user, who may accept an invitation right now."""
    repository.agency_for_update(uow.session, agency_id=agency_id)
    user = repository.portal_user_for_update(uow.session, agency_id=agency_id, portal_user_id=portal_user_id)
    if user is None:
        raise errors.PortalUserNotFound(portal_user_id=portal_user_id)
    return user


def _take_role(uow: UnitOfWork, user: models.PortalUser, role: str) -> None:
    if role != user.role:
        _refuse_last_owner(uow, user)
        user.role = role


def _refuse_last_owner(uow: UnitOfWork, user: models.PortalUser) -> None:
    owner = domain.PortalRole.OWNER
    if user.role != owner:
        return
    others = repository.statuses_of_others(uow.session, agency_id=user.agency_id, portal_user_id=user.id, role=owner)
    if not domain.may_stop_owning(user.status, other_owners=others):
        raise errors.LastOwner(portal_user_id=user.id)
