"""What the routes of account users ask, of identity and through accounts, and what they make of the answer."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from chassis.errors import Refused
from gateway.schemas.account_users import AccountUser, CreatedAccountUser, LoginLink, PasswordReset
from gateway.schemas.examples import ID_END, example_of

from .conftest import AGENCY_ID, Front, assert_problem
from .test_routes import ACCOUNT_ID, INNER, USER_ID, page

MakeFront = Callable[..., Front]
PATH = f"/v1/accounts/{ACCOUNT_ID}"
USER = f"{PATH}/users/{USER_ID}"
ASKED = {"agency_id": AGENCY_ID, "account_id": ACCOUNT_ID}
LEFT_OUT = {"email": None, "name": None}
MARIE = {"username": "marie", "email": "marie@acme.example", "role": "editor"}


def refused(_: dict[str, Any]) -> Any:
    raise Refused(kind="conflict", code="not_in_this_status", message="Not now.")


def test_users_of_an_account_are_read_from_identity(front: MakeFront) -> None:
    """R3.4."""
    client = front(identity__account_users=lambda _: page(example_of(AccountUser) | INNER))
    got = client.get(f"{PATH}/users?limit=2")
    assert (got.status_code, json.loads(got.data)) == (200, page(example_of(AccountUser)))
    assert client.services.asked() == [("identity.account_users", {**ASKED, "limit": 2})]


def test_a_user_of_an_account_is_shown_with_its_etag(front: MakeFront) -> None:
    client = front(identity__account_user=lambda _: example_of(AccountUser) | INNER)
    got = client.get(USER)
    assert (got.status_code, json.loads(got.data), got.headers["ETag"]) == (200, example_of(AccountUser), '"7"')
    assert client.services.asked() == [("identity.account_user", {**ASKED, "user_id": USER_ID})]


def test_a_user_is_made_through_accounts_and_found_at_its_address(front: MakeFront) -> None:
    """R3.5."""
    client = front(accounts__create_account_user=lambda _: example_of(CreatedAccountUser) | INNER)
    answer = client.post(f"{PATH}/users", MARIE, Idempotency_Key="k1")
    assert (answer.status_code, json.loads(answer.data)) == (201, example_of(CreatedAccountUser))
    assert answer.headers["Location"] == USER
    assert client.services.asked() == [("accounts.create_account_user", {**ASKED, **MARIE, "name": None})]
    assert "k1" in client.services.call.keys


def test_a_user_is_changed_and_removed_through_accounts(front: MakeFront) -> None:
    """R3.5."""
    client = front(
        accounts__update_account_user=lambda _: example_of(AccountUser) | INNER,
        accounts__remove_account_user=lambda _: example_of(AccountUser) | INNER,
    )
    changed = client.send("PATCH", USER, data=b'{"role":"admin"}', Content_Type="application/json", If_Match='"6"')
    assert (changed.status_code, json.loads(changed.data), changed.headers["ETag"]) == (200, example_of(AccountUser), '"7"')
    gone = client.send("DELETE", USER)
    assert (gone.status_code, gone.data) == (204, b"")
    assert client.services.asked() == [
        (
            "accounts.update_account_user",
            {**ASKED, "user_id": USER_ID, "expected_version": 6, "email": None, "name": None, "role": "admin"},
        ),
        ("accounts.remove_account_user", {**ASKED, "user_id": USER_ID}),
    ]


@pytest.mark.parametrize("role", ["owner", "", None, 1])
def test_a_role_that_there_is_not_is_refused_by_name(front: MakeFront, role: object) -> None:
    assert_problem(front().post(f"{PATH}/users", {**MARIE, "role": role}), 422, "invalid_request", "role")


def test_the_login_button_gives_a_link_that_is_kept_nowhere(front: MakeFront) -> None:
    """R0.15, R0.97."""
    client = front(accounts__create_login_link=lambda _: example_of(LoginLink))
    answer = client.post(f"{PATH}/login-links", Idempotency_Key="k1")
    assert (answer.status_code, json.loads(answer.data)) == (201, example_of(LoginLink))
    assert "Location" not in answer.headers
    assert answer.headers["Cache-Control"] == "no-store"
    assert client.services.asked() == [("accounts.create_login_link", ASKED)]
    assert "token" not in json.dumps(client.lines())


def test_a_login_link_is_refused_with_the_reason_of_the_lifecycle(front: MakeFront) -> None:
    """R0.98."""
    assert_problem(front(accounts__create_login_link=refused).post(f"{PATH}/login-links"), 409, "not_in_this_status")


@pytest.mark.parametrize(("body", "username"), [(None, None), ({"username": "marie"}, "marie")])
def test_the_agency_starts_a_password_reset(front: MakeFront, body: dict[str, Any] | None, username: str | None) -> None:
    """R0.78."""
    client = front(accounts__start_password_reset=lambda _: example_of(PasswordReset))
    answer = client.post(f"{PATH}/password-resets", body)
    assert (answer.status_code, json.loads(answer.data)) == (202, example_of(PasswordReset))
    assert client.services.asked() == [("accounts.start_password_reset", {**ASKED, "username": username})]


def test_too_many_password_resets_say_when_there_may_be_another(front: MakeFront) -> None:
    def refuse(_: dict[str, Any]) -> Any:
        raise Refused(kind="too_many", code="too_many_password_resets", message="Later.", details={"most": 5, "retry_after_seconds": 1200})

    answer = front(accounts__start_password_reset=refuse).post(f"{PATH}/password-resets")
    assert assert_problem(answer, 429, "too_many_password_resets")["retry_after_seconds"] == 1200


def test_what_reads_accounts_opens_none(front: MakeFront) -> None:
    client = front(scopes=("accounts:read",))
    for path in ("users", "login-links", "password-resets"):
        assert_problem(client.post(f"{PATH}/{path}", MARIE), 403, "scope_missing")
    for method in ("PATCH", "DELETE"):
        assert_problem(client.send(method, f"{PATH}/users/usr{ID_END}"), 403, "scope_missing")
    assert client.services.asked() == []
