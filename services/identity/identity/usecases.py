"""The verbs of identity."""

from typing import Any

from sqlalchemy.orm import Session

from chassis.ids import new_id
from chassis.unit_of_work import Answer, UnitOfWork
from identity import domain, errors, events, models, repository


def agency(session: Session, *, agency_id: str) -> models.Agency:
    """Give the agency; raises `AgencyNotFound`."""
    found = repository.agency(session, agency_id=agency_id)
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
    found = repository.agency_for_update(uow.session, agency_id=agency_id)
    if found is None:
        raise errors.AgencyNotFound(agency_id=agency_id)
    found.name = name or found.name
    found.notification_email = notification_email or found.notification_email
    found.language = language or found.language
    uow.emit(events.AgencyUpdated(**_facts_of(found)))
    return found


def key_by_digest(session: Session, *, digest: str, pepper: bytes) -> repository.UsableKey:
    """Give the key whose SHA-256 in hexadecimal is `digest`; raises `InvalidApiKey` where it is unknown or revoked."""
    found = repository.usable_key(session, keyed_digest=domain.keyed_digest(pepper=pepper, digest=digest))
    if found is None:
        raise errors.InvalidApiKey
    return found


def note_key_use(uow: UnitOfWork, *, key_id: str) -> None:
    """Keep that the key is in use, to the hour."""
    repository.note_key_use(uow.session, key_id=key_id, used_at=uow.now)


def draft_api_key(session: Session, *, agency_id: str, pepper: bytes) -> domain.DraftKey:
    """Draw a key for the agency, kept nowhere yet; raises `AgencyNotFound`."""
    return domain.draft_key(test_mode=agency(session, agency_id=agency_id).test_mode, pepper=pepper)


def create_api_key(uow: UnitOfWork, *, agency_id: str, name: str, scopes: list[str], draft: domain.DraftKey) -> models.ApiKey:
    """Keep the drafted key, all but its secret, so that the stored answer of this command cannot hold the secret either."""
    key = models.ApiKey(
        id=draft.id,
        agency_id=agency_id,
        name=name,
        scopes=sorted(set(scopes)),
        prefix=draft.prefix,
        keyed_digest=draft.keyed_digest,
        created_at=uow.now,
    )
    uow.session.add(key)
    uow.emit(events.ApiKeyCreated(subject=key.id, agency_id=agency_id, key_id=key.id, key_name=name, scopes=key.scopes))
    return key


def reveal_secret(answer: Answer, *, draft: domain.DraftKey) -> Answer:
    """Add the secret to the answer that created the key; to the answer of a repetition, which kept another draft, add null."""
    return Answer({**answer, "secret": draft.secret if answer["id"] == draft.id else None})


def revoke_api_key(uow: UnitOfWork, *, agency_id: str, key_id: str) -> models.ApiKey:
    """Make the key open nothing from now on; one that was revoked stays so. Raises `ApiKeyNotFound`."""
    key = repository.api_key_for_update(uow.session, agency_id=agency_id, key_id=key_id)
    if key is None:
        raise errors.ApiKeyNotFound(key_id=key_id)
    if key.revoked_at is None:
        key.revoked_at = uow.now
        uow.emit(events.ApiKeyRevoked(subject=key.id, agency_id=agency_id, key_id=key.id))
    return key


def prepare_admin_user(uow: UnitOfWork, *, agency_id: str, account_id: str) -> models.AccountUser:
    """Make the first user of the account, without a password; where there is one, give that (R0.79).

    Raises `AccountFailed` where the account's failure is known already, `AccountUserNotFound` where the account is another agency's.
    """
    account = repository.account_for_update(uow.session, account_id=account_id, now=uow.now)
    if account.failed_at is not None:
        raise errors.AccountFailed(account_id=account_id)
    user = repository.account_user(uow.session, account_id=account_id, username=domain.ADMIN_USERNAME)
    if user is None:
        user = models.AccountUser(
            id=new_id("usr"),
            agency_id=agency_id,
            account_id=account_id,
            username=domain.ADMIN_USERNAME,
            role=domain.Role.ADMIN,
            created_at=uow.now,
        )
        uow.session.add(user)
    return _owned(user, agency_id=agency_id, account_id=account_id)


def drop_failed_account(uow: UnitOfWork, *, account_id: str) -> None:
    """Forget the users of an account that failed, and remember the failure: preparing may be asked for later than this is heard."""
    account = repository.account_for_update(uow.session, account_id=account_id, now=uow.now)
    account.failed_at = uow.now
    repository.delete_account_users(uow.session, account_id=account_id)


def refuse_unclaimable(session: Session, *, agency_id: str, account_id: str) -> None:
    """Raise what `claim_credentials` would, before a password is hashed for nothing."""
    user = repository.account_user(session, account_id=account_id, username=domain.ADMIN_USERNAME)
    _claimable(user, agency_id=agency_id, account_id=account_id)


def new_password() -> str:
    """Draw a password, kept nowhere yet."""
    return domain.readable_password()


def claim_credentials(uow: UnitOfWork, *, agency_id: str, account_id: str, password: str, password_hash: str) -> domain.Credentials:
    """Give the account's first user its password, once (R0.50-R0.52); only `password_hash` is kept.

    Raises `AccountUserNotFound`, and `CredentialsAlreadyClaimed` for everybody but the first of any number of callers.
    """
    user = repository.account_user_for_update(uow.session, account_id=account_id, username=domain.ADMIN_USERNAME)
    claimed = _claimable(user, agency_id=agency_id, account_id=account_id)
    claimed.password_hash = password_hash
    claimed.credentials_claimed_at = uow.now
    return domain.Credentials(username=claimed.username, password=password)


def _owned(user: models.AccountUser | None, *, agency_id: str, account_id: str) -> models.AccountUser:
    if user is None or user.agency_id != agency_id:
        raise errors.AccountUserNotFound(account_id=account_id, username=domain.ADMIN_USERNAME)
    return user


def _claimable(user: models.AccountUser | None, *, agency_id: str, account_id: str) -> models.AccountUser:
    owned = _owned(user, agency_id=agency_id, account_id=account_id)
    if owned.credentials_claimed_at is not None:
        raise errors.CredentialsAlreadyClaimed(account_id=account_id)
    return owned


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
