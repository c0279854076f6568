"""The verbs of workspaces, of what is in them, and of share links. What follows from an event may come more than once, and before it."""

from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from chassis.events import Fact
from chassis.idempotency import Answer
from chassis.paging import Page, decode_cursor, encode_cursor
from chassis.unit_of_work import UnitOfWork
from snapshots import domain, errors, events, models, repository
from snapshots.domain import AssetKind, WorkspaceState


def prepare_workspace(uow: UnitOfWork, *, agency_id: str, account_id: str, snapshot_id: str | None) -> None:
    """Follow from a requested account: it gets an empty workspace, or is told why it cannot have the copy it asked for.

    Nothing happens where it has been answered before, nor where the account failed before this came.
    """
    try:
        domain.check_source(snapshot_id)
    except errors.SnapshotNotFound as refusal:
        state, prepared_at = WorkspaceState.FAILED, None
        fact: Fact = events.WorkspaceCopyFailed(
            subject=account_id, agency_id=agency_id, account_id=account_id, code=refusal.code, reason=refusal.text
        )
    else:
        state, prepared_at = WorkspaceState.READY, uow.now
        fact = events.WorkspacePrepared(subject=account_id, agency_id=agency_id, account_id=account_id, snapshot_id=None, assets=0)
    if repository.insert_workspace(
        uow.session, account_id=account_id, agency_id=agency_id, state=state.value, snapshot_id=snapshot_id, prepared_at=prepared_at
    ):
        uow.emit(fact)


def drop_workspace(uow: UnitOfWork, *, agency_id: str, account_id: str) -> None:
    """Follow from a failed account: its workspace is gone, and will not be prepared if it was not yet."""
    repository.drop_workspace(uow.session, account_id=account_id, agency_id=agency_id)


def move_workspace(uow: UnitOfWork, *, account_id: str, agency_id: str, moved_at: datetime) -> None:
    """Follow from a completed transfer: the workspace is the new agency's, and the links that the former one gave away open nothing.

    A later transfer that was heard of first stays. Only an active account is transferred, so it has its workspace.
    """
    if repository.move_workspace(uow.session, account_id=account_id, agency_id=agency_id, moved_at=moved_at):
        repository.remove_share_links_of(uow.session, account_id)


def workspace(session: Session, *, agency_id: str, account_id: str) -> dict[str, Any]:
    """Tell the state of an account's workspace and how many assets of each kind it has. Raises `WorkspaceNotFound`."""
    found = repository.workspace_of(session, agency_id=agency_id, account_id=account_id)
    if found is None:
        raise errors.WorkspaceNotFound(account_id=account_id)
    return {
        "account_id": found.account_id,
        "state": found.state,
        "snapshot_id": found.snapshot_id,
        "assets": domain.assets_by_kind(repository.count_assets_of(session, account_id)),
        "prepared_at": found.prepared_at,
    }


def assets(session: Session, *, agency_id: str, account_id: str, kind: str | None, limit: int, cursor: str | None) -> Page[Any]:
    """List what is in the account's workspace by kind and key, without the contents. Raises `WorkspaceNotFound`, `InvalidCursor`."""
    _ready_workspace(session, agency_id=agency_id, account_id=account_id)
    after = None
    if cursor is not None:
        after_kind, after_key = decode_cursor(cursor, length=2)
        after = (str(after_kind), str(after_key))
    found = repository.assets_page(session, account_id=account_id, kind=kind, after=after, limit=limit + 1)
    page = found[:limit]
    counts = repository.count_assets_of(session, account_id)
    return Page(
        data=page,
        next_cursor=encode_cursor(page[-1].kind, page[-1].key) if len(found) > limit else None,
        total=sum(counts.values()) if kind is None else counts.get(kind, 0),
    )


def asset(session: Session, *, agency_id: str, account_id: str, kind: str, key: str) -> models.Asset:
    """Give an asset of the account with its content. Raises `WorkspaceNotFound`, `AssetNotFound`."""
    _ready_workspace(session, agency_id=agency_id, account_id=account_id)
    return _asset(session, account_id=account_id, kind=kind, key=key)


def put_asset(
    uow: UnitOfWork,
    *,
    agency_id: str,
    account_id: str,
    kind: str,
    key: str,
    name: str,
    content: dict[str, Any],
    expected_version: int | None,
) -> models.Asset:
    """Make the asset what is given, whole: create it, or replace it. `expected_version` None: whichever there is.

    Raises `WorkspaceNotFound`, `AssetKeyInvalid`, the refusals of `check_content`, `VersionMismatch` and `TooManyAssets`.
    """
    domain.check_key(key)
    domain.check_content(content)
    _ready_workspace_for_update(uow, agency_id=agency_id, account_id=account_id)
    found = repository.asset_of(uow.session, account_id=account_id, kind=kind, key=key)
    domain.check_version(None if found is None else found.version, expected_version=expected_version)
    if found is None:
        return _created(uow, account_id=account_id, kind=kind, key=key, name=name, content=content)
    found.name = name
    found.content = content
    found.version += 1
    found.updated_at = uow.now
    return found


def remove_asset(uow: UnitOfWork, *, agency_id: str, account_id: str, kind: str, key: str) -> None:
    """Take an asset out of the account, and its share links with it. Raises `WorkspaceNotFound`, `AssetNotFound`."""
    _ready_workspace_for_update(uow, agency_id=agency_id, account_id=account_id)
    uow.session.delete(_asset(uow.session, account_id=account_id, kind=kind, key=key))


def share_links(session: Session, *, agency_id: str, account_id: str, key: str, limit: int, cursor: str | None) -> Page[models.ShareLink]:
    """List the share links of a template, newest first, never their tokens.

    Raises `WorkspaceNotFound`, `AssetNotFound`, `InvalidCursor`.
    """
    asset(session, agency_id=agency_id, account_id=account_id, kind=AssetKind.TEMPLATE, key=key)
    after = None if cursor is None else str(decode_cursor(cursor, length=1)[0])
    found = repository.share_links_page(session, account_id=account_id, key=key, after=after, limit=limit + 1)
    return Page(
        data=found[:limit],
        next_cursor=encode_cursor(found[limit - 1].id) if len(found) > limit else None,
        total=repository.count_share_links(session, account_id=account_id, key=key),
    )


def create_share_link(
    uow: UnitOfWork, *, agency_id: str, account_id: str, key: str, expires_at: datetime | None, draft: domain.DraftShareLink
) -> models.ShareLink:
    """Keep the drafted link to the template, all but its token, so that the stored answer of this command cannot hold it either.

    Those that have expired are forgotten. Raises `WorkspaceNotFound`, `AssetNotFound`, `ShareLinkExpiryOutOfRange`, `TooManyShareLinks`.
    """
    _ready_workspace_for_update(uow, agency_id=agency_id, account_id=account_id)
    template = _asset(uow.session, account_id=account_id, kind=AssetKind.TEMPLATE, key=key)
    ends_at = domain.share_link_ends(expires_at, now=uow.now)
    repository.remove_expired_share_links(uow.session, account_id=account_id, key=key, now=uow.now)
    domain.check_room_for_link(repository.count_share_links(uow.session, account_id=account_id, key=key))
    link = models.ShareLink(
        id=draft.id,
        account_id=account_id,
        kind=template.kind,
        key=key,
        token_digest=draft.token_digest,
        created_at=uow.now,
        expires_at=ends_at,
    )
    uow.session.add(link)
    return link


def draft_share_link() -> domain.DraftShareLink:
    """Draw a share link, kept nowhere yet."""
    return domain.draft_share_link()


def reveal_token(answer: Answer, *, draft: domain.DraftShareLink) -> Answer:
    """Add the token to the answer that created the link; to the answer of a repetition, which kept another draft, add null."""
    return Answer({**answer, "token": draft.token if answer["id"] == draft.id else None})


def revoke_share_link(uow: UnitOfWork, *, agency_id: str, account_id: str, key: str, share_link_id: str) -> None:
    """Let nobody import with this link any more; what was imported stays.

    Raises `WorkspaceNotFound`, `AssetNotFound`, `ShareLinkNotFound`.
    """
    _ready_workspace_for_update(uow, agency_id=agency_id, account_id=account_id)
    _asset(uow.session, account_id=account_id, kind=AssetKind.TEMPLATE, key=key)
    if not repository.remove_share_link(uow.session, account_id=account_id, key=key, share_link_id=share_link_id):
        raise errors.ShareLinkNotFound(share_link_id=share_link_id)


def import_template(uow: UnitOfWork, *, agency_id: str, account_id: str, token: str, key: str | None) -> models.Asset:
    """Copy the template behind the token into the account, as it is now, under its own key or this one (R0.99).

    Its references to images stay as they are, the images are not copied (R1.5). Whoever has the token may, of whichever agency, and learns
    no more of whose it is. Raises `WorkspaceNotFound`, `ShareLinkUnusable`, `AssetKeyInvalid`, `AssetKeyTaken`, `TooManyAssets`.
    """
    _ready_workspace_for_update(uow, agency_id=agency_id, account_id=account_id)
    template = repository.template_shared_by(uow.session, domain.digest_of(token))
    if template is None or not domain.share_link_opens(template.expires_at, now=uow.now_of(template.agency_id)):
        raise errors.ShareLinkUnusable
    key = template.key if key is None else key
    domain.check_key(key)
    if repository.asset_of(uow.session, account_id=account_id, kind=AssetKind.TEMPLATE, key=key) is not None:
        raise errors.AssetKeyTaken(key=key)
    imported = _created(uow, account_id=account_id, kind=AssetKind.TEMPLATE, key=key, name=template.name, content=template.content)
    uow.emit(events.TemplateImported(subject=account_id, agency_id=agency_id, account_id=account_id, key=key, source_key=template.key))
    return imported


def _created(uow: UnitOfWork, *, account_id: str, kind: str, key: str, name: str, content: dict[str, Any]) -> models.Asset:
    domain.check_room(sum(repository.count_assets_of(uow.session, account_id).values()))
    created = models.Asset(
        account_id=account_id, kind=kind, key=key, name=name, content=content, version=1, created_at=uow.now, updated_at=uow.now
    )
    uow.session.add(created)
    return created


def _asset(session: Session, *, account_id: str, kind: str, key: str) -> models.Asset:
    found = repository.asset_of(session, account_id=account_id, kind=kind, key=key)
    if found is None:
        raise errors.AssetNotFound(asset_kind=kind, key=key)
    return found


def _ready_workspace(session: Session, *, agency_id: str, account_id: str) -> None:
    if repository.ready_workspace_of(session, agency_id=agency_id, account_id=account_id) is None:
        raise errors.WorkspaceNotFound(account_id=account_id)


def _ready_workspace_for_update(uow: UnitOfWork, *, agency_id: str, account_id: str) -> None:
    if repository.ready_workspace_for_update(uow.session, agency_id=agency_id, account_id=account_id) is None:
        raise errors.WorkspaceNotFound(account_id=account_id)
