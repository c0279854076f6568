"""The workspaces of accounts: what is in them, by kind and key."""

from http import HTTPStatus

from flask import Response

from gateway.auth import Caller, Scope
from gateway.clients import Json, services
from gateway.routes import Routes, expected_version, idempotency_key, removed, single
from gateway.routes.accounts import ACCOUNT
from gateway.schemas import page_of, shown, shown_page
from gateway.schemas.assets import KINDS, Asset, AssetRequest, AssetsRequest, ListedAsset

routes = Routes("assets", "What is in an account: campaigns, templates, contacts and the like, by kind and key.")
show = shown(Asset)
show_listed = shown(ListedAsset)
show_page = shown_page(show_listed)

ASSETS = f"{ACCOUNT}/assets"
ASSET = f"{ASSETS}/<any({','.join(KINDS)}):kind>/<key:key>"


@routes.get(ASSETS, scope=Scope.SNAPSHOTS_READ, query=AssetsRequest, answer=page_of(ListedAsset), refuses=(HTTPStatus.NOT_FOUND,))
def list_assets(caller: Caller, query: Json, *, account_id: str) -> Json:
    """List what is in the account, by kind and key, without the contents."""
    return show_page(services().snapshots.ask("assets", agency_id=caller.agency_id, account_id=account_id, **query))


@routes.get(ASSET, scope=Scope.SNAPSHOTS_READ, answer=Asset, refuses=(HTTPStatus.NOT_FOUND,), has_etag=True)
def get_asset(caller: Caller, *, account_id: str, kind: str, key: str) -> Response:
    """Show an asset with its content."""
    asset = services().snapshots.ask("asset", agency_id=caller.agency_id, account_id=account_id, kind=kind, key=key)
    return single(show(asset), version=asset["version"])


@routes.put(
    ASSET,
    scope=Scope.SNAPSHOTS_WRITE,
    body=AssetRequest,
    answer=ListedAsset,
    refuses=(HTTPStatus.NOT_FOUND, HTTPStatus.CONFLICT),
    has_etag=True,
)
def put_asset(caller: Caller, body: Json, *, account_id: str, kind: str, key: str) -> Response:
    """Create the asset or replace it, whole. The answer leaves its content out."""
    asset = services().snapshots.tell(
        "put_asset",
        idempotency_key=idempotency_key(),
        agency_id=caller.agency_id,
        account_id=account_id,
        kind=kind,
        key=key,
        expected_version=expected_version(),
        **body,
    )
    return single(show_listed(asset), version=asset["version"])


@routes.delete(ASSET, scope=Scope.SNAPSHOTS_WRITE, refuses=(HTTPStatus.NOT_FOUND,))
def remove_asset(caller: Caller, *, account_id: str, kind: str, key: str) -> Response:
    """Take an asset out of the account; the share links of a template go with it."""
    services().snapshots.tell(
        "remove_asset", idempotency_key=idempotency_key(), agency_id=caller.agency_id, account_id=account_id, kind=kind, key=key
    )
    return removed()
