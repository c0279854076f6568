"""API keys: drawn, recognised, listed, rotated, revoked."""

from datetime import timedelta

from sqlalchemy.orm import Session

from chassis.paging import Page
from chassis.unit_of_work import Answer, UnitOfWork
from identity import domain, errors, events, models, repository
from identity.usecases.agencies import agency, locked_agency


def api_key(session: Session, *, agency_id: str, key_id: str) -> models.ApiKey:
    """Give the agency's key, also one that opens nothing any more; raises `ApiKeyNotFound`."""
    found = repository.api_key(session, agency_id=agency_id, key_id=key_id)
    if found is None:
        raise errors.ApiKeyNotFound(key_id=key_id)
    return found


def api_keys(session: Session, *, agency_id: str, limit: int, cursor: str | None) -> Page[models.ApiKey]:
    """List the agency's keys, those that open nothing any more too, newest first; raises `InvalidCursor`."""
    return repository.api_keys(session, agency_id=agency_id, limit=limit, cursor=cursor)


def key_by_digest(session: Session, *, digest: str, pepper: bytes) -> repository.UsableKey:
    """Give the key whose SHA-256 in hexadecimal is `digest`; raises `InvalidApiKey` where it is unknown, revoked or over."""
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


def create_api_key(
    uow: UnitOfWork, *, agency_id: str, name: str, scopes: list[str], draft: domain.DraftKey, by_key_id: str | None = None
) -> models.ApiKey:
    """Keep the drafted key, all but its secret, so that the stored answer of this command cannot hold the secret either.

    `by_key_id`: the key that asks; None: the platform does. Raises `AgencyNotFound`, `InvalidApiKey` where the one that asks was revoked
    meanwhile, and `ScopeExceedsOwn`.
    """
    locked_agency(uow, agency_id=agency_id)
    _refuse_to_give_more(uow, agency_id=agency_id, by_key_id=by_key_id, scopes=scopes)
    return _kept(uow, agency_id=agency_id, name=name, scopes=sorted(set(scopes)), draft=draft)


def rotate_api_key(
    uow: UnitOfWork, *, agency_id: str, key_id: str, overlap_seconds: int, draft: domain.DraftKey, by_key_id: str | None = None
) -> models.ApiKey:
    """Keep the drafted key as the successor of `key_id`, of the same name and scopes; the old one opens for `overlap_seconds` more.

    Without an overlap the old one is revoked. Raises what `create_api_key` raises, `ApiKeyNotFound`, and `ApiKeyEnded`.
    """
    locked_agency(uow, agency_id=agency_id)
    old = _locked_key(uow, agency_id=agency_id, key_id=key_id)
    if old.revoked_at is not None or old.expires_at is not None:
        raise errors.ApiKeyEnded(key_id=key_id)
    _refuse_to_give_more(uow, agency_id=agency_id, by_key_id=by_key_id, scopes=old.scopes)
    successor = _kept(uow, agency_id=agency_id, name=old.name, scopes=old.scopes, draft=draft)
    if overlap_seconds:
        old.expires_at = uow.platform_now + timedelta(seconds=overlap_seconds)
    else:
        _revoke(uow, old)
    return successor


def reveal_secret(answer: Answer, *, draft: domain.DraftKey) -> Answer:
    """Add the secret to the answer that created the key; to the answer of a repetition, which kept another draft, add null."""
    return Answer({**answer, "secret": draft.secret if answer["id"] == draft.id else None})


def revoke_api_key(uow: UnitOfWork, *, agency_id: str, key_id: str) -> models.ApiKey:
    """Make the key open nothing from now on; one that was revoked stays so.

    Raises `ApiKeyNotFound`, and `LastAdminKey` where no key with the scope admin would stay: one that was rotated does not.
    """
    repository.agency_for_update(uow.session, agency_id=agency_id)  # two admin keys are not revoked at once
    key = _locked_key(uow, agency_id=agency_id, key_id=key_id)
    if key.revoked_at is None:
        admin = domain.Scope.ADMIN
        if admin in key.scopes and not repository.has_another_key(uow.session, agency_id=agency_id, key_id=key_id, scope=admin):
            raise errors.LastAdminKey(key_id=key_id)
        _revoke(uow, key)
    return key


def _locked_key(uow: UnitOfWork, *, agency_id: str, key_id: str) -> models.ApiKey:
    key = repository.api_key_for_update(uow.session, agency_id=agency_id, key_id=key_id)
    if key is None:
        raise errors.ApiKeyNotFound(key_id=key_id)
    return key


def _refuse_to_give_more(uow: UnitOfWork, *, agency_id: str, by_key_id: str | None, scopes: list[str]) -> None:
    if by_key_id is None:
        return
    own = repository.api_key(uow.session, agency_id=agency_id, key_id=by_key_id)
    if own is None or not domain.opens(revoked_at=own.revoked_at, expires_at=own.expires_at, now=uow.platform_now):
        raise errors.InvalidApiKey
    beyond = domain.scopes_beyond(own.scopes, wanted=scopes)
    if beyond:
        raise errors.ScopeExceedsOwn(scopes=", ".join(beyond))


def _kept(uow: UnitOfWork, *, agency_id: str, name: str, scopes: list[str], draft: domain.DraftKey) -> models.ApiKey:
    key = models.ApiKey(
        id=draft.id,
        agency_id=agency_id,
        name=name,
        scopes=scopes,
        prefix=draft.prefix,
        keyed_digest=draft.keyed_digest,
        created_at=uow.platform_now,
    )
    uow.session.add(key)
    uow.emit(events.ApiKeyCreated(subject=key.id, agency_id=agency_id, key_id=key.id, key_name=name, scopes=scopes))
    return key


def _revoke(uow: UnitOfWork, key: models.ApiKey) -> None:
    key.revoked_at = uow.platform_now
    uow.emit(events.ApiKeyRevoked(subject=key.id, agency_id=key.agency_id, key_id=key.id))
