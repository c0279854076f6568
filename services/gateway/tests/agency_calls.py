"""A platform with one account, and how the agency API is called in tests."""

import json
from typing import Any

from gateway.agency_api import PATHS

from .conftest import AGENCY_ID, KEY, Front
from .test_routes import ACCOUNT_ID, RPC_ACCOUNT, RPC_AGENCY, SELECTION, MakeFront

ACCOUNT = {
    **RPC_ACCOUNT,
    "name": "acme",
    "host": "acme.comptoir.example",
    "status": "active",
    "kind": "paid",
    "selection": {**SELECTION, "limits": {}, "add_ons": []},
    "client_name": "Marie Curie Sklodowska",
    "custom_domain": None,
    "notification_email": "ops@atelier.example",
    "renews_at": "2026-02-28T10:00:00Z",
    "expires_at": None,
    "failure": None,
}
FREE = {"pricing_version": "V1", "product": "EM", "plan": "Sandbox", "contacts": None, "frequency": None}
OLD = {**SELECTION, "contacts": 500}


def plan(number: int, selection: dict[str, Any], amount: int | None, **changes: Any) -> dict[str, Any]:
    known = {"on_sale": True, "kind": "paid", "contacts": selection["contacts"], "monthly_sends": None}
    price = None if amount is None else {"amount": amount, "currency": "EUR"}
    return {"id": number, "selection": selection, "price": price, **known, **changes}


PLANS = [
    plan(2, FREE, 0, kind="sandbox", contacts=100, monthly_sends=100),
    plan(7, SELECTION, 4900),
    plan(8, {**SELECTION, "frequency": "annual"}, 47040),
    plan(9, OLD, None, on_sale=False, kind=None),
]
ADD = {"account": "acme", "name": "Acme SARL", "email": "owner@acme.example", "plan": "7", "timezone": "Europe/Paris"}
CREDENTIALS = {"login_url": "https://acme.comptoir.example/login", "username": "admin", "password": "7k2mw"}


def account_page(*accounts: dict[str, Any]) -> Any:
    return lambda _: {"data": list(accounts), "next_cursor": None, "total": len(accounts)}


LOOK = {
    "brand_name": "Acme",
    "primary_colour": "#1f4e79",
    "text_colour": None,
    "footer_text": None,
    "logo": None,
    "account_id": ACCOUNT_ID,
    "updated_at": None,
}


def platform_of(front: MakeFront, **changes: Any) -> Front:
    """A platform with one account, acme."""
    methods: dict[str, Any] = {
        "identity__agency": lambda _: RPC_AGENCY,
        "billing__plans": lambda _: {"data": PLANS},
        "accounts__accounts": account_page(ACCOUNT),
        "accounts__name_availability": lambda _: {"name": "acme", "available": True, "code": None, "reason": None},
        "accounts__open_account": lambda _: {**ACCOUNT, "status": "creating"},
        "accounts__issue_credentials": lambda _: CREDENTIALS,
        "accounts__change_plan": lambda _: {"account": ACCOUNT, "change": {}},
        "accounts__edit_account": lambda _: ACCOUNT,
        "accounts__disable_account": lambda _: ACCOUNT,
        "accounts__enable_account": lambda _: ACCOUNT,
        "accounts__cancel_account": lambda _: {**ACCOUNT, "expires_at": "2026-02-28T10:00:00Z"},
        "accounts__create_login_link": lambda _: {
            "url": "https://acme.comptoir.example/sso?token=t%2B1",
            "expires_at": "2026-01-31T10:01:00Z",
        },
        "accounts__branding": lambda _: LOOK,
        "accounts__set_branding": lambda asked: {**LOOK, **asked},
        "credits__allocate_credits": lambda _: {"account_units": 30, "agency_units": 70},
    }
    return front(**{**methods, **changes})


def get(client: Front, action: str, **parameters: str) -> dict[str, Any]:
    query = {"api_key": KEY, "api_action": action, "api_output": "json", **parameters}
    answer: dict[str, Any] = json.loads(client._client.get(PATHS[0], query_string=query).data)
    return answer


def post(client: Front, action: str, form: dict[str, str], **headers: str) -> dict[str, Any]:
    query = {"api_key": KEY, "api_action": action, "api_output": "json"}
    answer: dict[str, Any] = json.loads(client._client.post(PATHS[0], query_string=query, data=form, headers=headers).data)
    return answer


def told(client: Front, method: str) -> list[dict[str, Any]]:
    """What this method was asked, each time; for the agency, always."""
    asked = [payload for name, payload in client.services.asked() if name == method]
    assert all(payload["agency_id"] == AGENCY_ID for payload in asked)
    return [{name: value for name, value in payload.items() if name != "agency_id"} for payload in asked]


def keys_of(client: Front, method: str) -> list[str | None]:
    return [key for (name, _), key in zip(client.services.call.calls, client.services.call.keys, strict=True) if name == method]
