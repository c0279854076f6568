"""Templates that move between accounts by share links (R0.99)."""

from http import HTTPStatus
from typing import Any
from urllib.parse import quote

from flask import Response

from chassis.fields import format_instant
from gateway.auth import Caller, Scope
from gateway.clients import Json, services
from gateway.routes import Routes, created, idempotency_key, removed
from gateway.routes.accounts import ACCOUNT
from gateway.routes.assets import ASSETS, show_listed
from gateway.schemas import PageRequest, page_of, shown, shown_page
from gateway.schemas.assets import CreatedShareLink, ImportRequest, ListedAsset, ShareLink, ShareLinkRequest

routes = Routes("templates", "Templates of campaigns move between accounts by share links, of other agencies too.")
show_created = shown(CreatedShareLink)
show_page = shown_page(shown(ShareLink))

SHARE_LINKS = f"{ASSETS}/template/<key:key>/share-links"


@routes.get(SHARE_LINKS, scope=Scope.SNAPSHOTS_READ, query=PageRequest, answer=page_of(ShareLink), refuses=(HTTPStatus.NOT_FOUND,))
def list_share_links(caller: Caller, query: Json, *, account_id: str, key: str) -> Json:
    """List the share links of the template, newest first, without their tokens. Expired ones go when the next is made."""
    return show_page(services().snapshots.ask("share_links", agency_id=caller.agency_id, account_id=account_id, key=key, **query))


@routes.post(
    SHARE_LINKS,
    scope=Scope.SNAPSHOTS_WRITE,
    body=ShareLinkRequest,
    answer=CreatedShareLink,
    status=HTTPStatus.CREATED,
    refuses=(HTTPStatus.NOT_FOUND, HTTPStatus.CONFLICT),
)
def create_share_link(caller: Caller, body: Json, *, account_id: str, key: str) -> Any:
    """Make a link by which whoever has its token can import the template, as it is at that moment, until it expires or is revoked."""
    link = services().snapshots.tell(
        "create_share_link",
        idempotency_key=idempotency_key(),
        agency_id=caller.agency_id,
        account_id=account_id,
        key=key,
        expires_at=body["expires_at"] and format_instant(body["expires_at"]),
    )
    return created(show_created(link), _address(account_id, key) + f"/share-links/{link['id']}")


@routes.delete(f'{SHARE_LINKS}/<id("shl"):share_link_id>', scope=Scope.SNAPSHOTS_WRITE, refuses=(HTTPStatus.NOT_FOUND,))
def revoke_share_link(caller: Caller, *, account_id: str, key: str, share_link_id: str) -> Response:
    """Let nobody import with this link any more; what was imported stays."""
    services().snapshots.tell(
        "revoke_share_link",
        idempotency_key=idempotency_key(),
        agency_id=caller.agency_id,
        account_id=account_id,
        key=key,
        share_link_id=share_link_id,
    )
    return removed()


@routes.post(
    f"{ACCOUNT}/template-imports",
    scope=Scope.SNAPSHOTS_WRITE,
    body=ImportRequest,
    answer=ListedAsset,
    status=HTTPStatus.CREATED,
    refuses=(HTTPStatus.NOT_FOUND, HTTPStatus.CONFLICT),
)
def import_template(caller: Caller, body: Json, *, account_id: str) -> Any:
    """Copy the template behind a share link into the account, as it is now. Images are not copied: what refers to them stays as it is."""
    template = services().snapshots.tell(
        "import_template", idempotency_key=idempotency_key(), agency_id=caller.agency_id, account_id=account_id, **body
    )
    return created(show_listed(template), _address(account_id, template["key"]))


def _address(account_id: str, key: str) -> str:
    return f"/v1/accounts/{account_id}/assets/template/{quote(key, safe='')}"
