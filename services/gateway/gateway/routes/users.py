"""Portal users: the persons of the agency."""

from http import HTTPStatus
from typing import Any

from flask import Response

from gateway.auth import Caller, Scope
from gateway.clients import Json, services
from gateway.routes import Routes, created, expected_version, idempotency_key, removed, single
from gateway.schemas import PageRequest, page_of, shown, shown_page
from gateway.schemas.users import InvitedUser, User, UserChange, UserRequest

routes = Routes("users", "The persons of the agency and their roles.")
show = shown(User)
show_page = shown_page(show)
show_invited = shown(InvitedUser)

USER = '/v1/users/<id("usr"):user_id>'


@routes.get("/v1/users", scope=Scope.ADMIN, query=PageRequest, answer=page_of(User))
def list_users(caller: Caller, query: Json) -> Json:
    """List the agency's users, newest first."""
    return show_page(services().identity.ask("portal_users", agency_id=caller.agency_id, **query))


@routes.post(
    "/v1/users",
    scope=Scope.ADMIN,
    body=UserRequest,
    answer=InvitedUser,
    status=HTTPStatus.CREATED,
    refuses=(HTTPStatus.NOT_FOUND, HTTPStatus.CONFLICT),
)
def invite_user(caller: Caller, body: Json) -> Any:
    """Invite a person, or once more one who has not accepted yet: the token given before is worth nothing then.

    The token is yours to hand over; it accepts the invitation once, within seven days.
    """
    user = services().identity.tell("invite_portal_user", idempotency_key=idempotency_key(), agency_id=caller.agency_id, **body)
    return created(show_invited(user), f"/v1/users/{user['id']}")


@routes.get(USER, scope=Scope.ADMIN, answer=User, refuses=(HTTPStatus.NOT_FOUND,), has_etag=True)
def get_user(caller: Caller, *, user_id: str) -> Response:
    """Show a user."""
    user = services().identity.ask("portal_user", agency_id=caller.agency_id, portal_user_id=user_id)
    return single(show(user), version=user["version"])


@routes.patch(USER, scope=Scope.ADMIN, body=UserChange, answer=User, refuses=(HTTPStatus.NOT_FOUND, HTTPStatus.CONFLICT), has_etag=True)
def update_user(caller: Caller, body: Json, *, user_id: str) -> Response:
    """Give a user another name or role. The last owner keeps that role."""
    user = services().identity.tell(
        "update_portal_user",
        idempotency_key=idempotency_key(),
        agency_id=caller.agency_id,
        portal_user_id=user_id,
        expected_version=expected_version(),
        **body,
    )
    return single(show(user), version=user["version"])


@routes.delete(USER, scope=Scope.ADMIN, refuses=(HTTPStatus.NOT_FOUND, HTTPStatus.CONFLICT))
def remove_user(caller: Caller, *, user_id: str) -> Response:
    """Remove a user, or take an invitation back; the user's keys end.

    The last owner stays, and whoever has the last key with the scope admin.
    """
    key = idempotency_key()
    services().identity.tell("remove_portal_user", idempotency_key=key, agency_id=caller.agency_id, portal_user_id=user_id)
    return removed()
