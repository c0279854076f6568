"""API keys: drawn, recognised, revoked."""

from sqlalchemy.orm import Session

from chassis.unit_of_work import Answer, UnitOfWork
from identity import domain, errors, events, models, repository
from identity.usecases.agencies import agency


def key_by_digest(session: Session, *, digest: str, pepper: bytes) -> repository.UsableKey:
    """Give the key whose SHA-256 in hexadecimal is `digest`; raises `InvalidApiKey` where it is unknown or revoked."""
    found = repository.usable_key(session, keyed_digest=domain.keyed_digest(pepper=pepper, digest=digest))
    if found is None:
        raise errors.InvalidApiKey
    return found


def note_key_use(uow: UnitOfWork, *, key_id: str) -> None:
    """Keep that the key is in use, to the hour. Programs use keys in the platform's time, whatever the time of their agency is."""
    repository.note_key_use(uow.session, key_id=key_id, used_at=uow.platform_now)


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
        created_at=uow.platform_now,
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
        key.revoked_at = uow.platform_now
        uow.emit(events.ApiKeyRevoked(subject=key.id, agency_id=agency_id, key_id=key.id))
    return key
