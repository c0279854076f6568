"""API keys: drawn, recognised, listed, rotated, revoked."""

from collections.abc import Sequence
from datetime import timedelta

from sqlalchemy.orm import Session

from chassis.idempotency import Answer
from chassis.paging import Page
from chassis.unit_of_work import UnitOfWork
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
    """Give the key where `digest` is the SHA-256 in hexadecimal of itself, or of its md5 in hexadecimal.

    Raises `InvalidApiKey` where it is unknown, revoked or over.
    """
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
    uow: UnitOfWork,
    *,
    agency_id: str,
    name: str,
    scopes: list[str],
    draft: domain.DraftKey,
    user_id: str | None = None,
    by_key_id: str | None = None,
) -> models.ApiKey:
    """Keep the drafted key, all but its secret, so that the stored answer of this command cannot hold the secret either.

    `user_id`: the person whose key it is, invited or active; None: a program's. `by_key_id`: the key that asks; None: the platform does.
    Raises `AgencyNotFound`, `PortalUserUnknown`, `InvalidApiKey` where the one that asks was revoked meanwhile, and `ScopeExceedsOwn`.
    """
    locked_agency(uow, agency_id=agency_id)
    _refuse_to_give_more(uow, agency_id=agency_id, by_key_id=by_key_id, scopes=scopes)
    if user_id is not None and repository.portal_user(uow.session, agency_id=agency_id, portal_user_id=user_id) is None:
        raise errors.PortalUserUnknown(user_id=user_id)
    key = models.ApiKey(name=name, scopes=sorted(set(scopes)), user_id=user_id, line_id=draft.id)
    return _kept(uow, key, agency_id=agency_id, draft=draft)


def rotate_api_key(
    uow: UnitOfWork, *, agency_id: str, key_id: str, overlap_seconds: int, draft: domain.DraftKey, by_key_id: str | None = None
) -> models.ApiKey:
    """Keep the drafted key as the successor of `key_id`: of the same name, scopes and person, and of the same line.

    The old one opens for `overlap_seconds` more; without an overlap it is revoked. Raises `AgencyNotFound`, `InvalidApiKey` and
    `ScopeExceedsOwn` as `create_api_key` does, `ApiKeyNotFound`, and `ApiKeyEnded`.
    """
    locked_agency(uow, agency_id=agency_id)
    old = _locked_key(uow, agency_id=agency_id, key_id=key_id)
    if old.revoked_at is not None or old.expires_at is not None:
        raise errors.ApiKeyEnded(key_id=key_id)
    _refuse_to_give_more(uow, agency_id=agency_id, by_key_id=by_key_id, scopes=old.scopes)
    successor = models.ApiKey(name=old.name, scopes=old.scopes, user_id=old.user_id, line_id=old.line_id or old.id)
    _kept(uow, successor, agency_id=agency_id, draft=draft)
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
        if _are_last_admin_keys(uow, [key], agency_id=agency_id):
            raise errors.LastAdminKey(key_id=key_id)
        _revoke(uow, key)
    return key


def revoke_keys_of_user(uow: UnitOfWork, *, agency_id: str, user_id: str) -> None:
    """Make all keys of a person open nothing from now on; whoever calls holds the agency's row.

    Raises `LastAdminKeyOfUser` where no key with the scope admin would stay.
    """
    keys = repository.open_keys_of_user_for_update(uow.session, agency_id=agency_id, user_id=user_id, now=uow.platform_now)
    if _are_last_admin_keys(uow, keys, agency_id=agency_id):
        raise errors.LastAdminKeyOfUser(portal_user_id=user_id)
    for key in keys:
        _revoke(uow, key)


def _are_last_admin_keys(uow: UnitOfWork, keys: Sequence[models.ApiKey], *, agency_id: str) -> bool:
    admin = domain.Scope.ADMIN
    if not any(admin in key.scopes for key in keys):
        return False
    return not repository.has_another_key(uow.session, agency_id=agency_id, beside=[key.id for key in keys], scope=admin)


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


def _kept(uow: UnitOfWork, key: models.ApiKey, *, agency_id: str, draft: domain.DraftKey) -> models.ApiKey:
    key.id, key.prefix, key.keyed_digest, key.keyed_md5_digest = draft.id, draft.prefix, draft.keyed_digest, draft.keyed_md5_digest
    key.agency_id, key.created_at = agency_id, uow.platform_now
    uow.session.add(key)
    uow.emit(events.ApiKeyCreated(subject=key.id, agency_id=agency_id, key_id=key.id, key_name=key.name, scopes=key.scopes))
    return key


def _revoke(uow: UnitOfWork, key: models.ApiKey) -> None:
    key.revoked_at = uow.platform_now
    uow.emit(events.ApiKeyRevoked(subject=key.id, agency_id=key.agency_id, key_id=key.id))
