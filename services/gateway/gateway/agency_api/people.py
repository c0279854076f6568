"""Who calls, and how an agency gets into an account."""

from urllib.parse import parse_qs, urlsplit

from flask import request

from gateway.agency_api.accounts import account_of
from gateway.agency_api.asking import Asked, Said
from gateway.clients import services
from gateway.errors import NotOffered

GROUP = "3"
"""The one group there is: programs ask for it to see whether their key is right."""
ADMIN = "admin"


def me(asked: Asked) -> Said:
    """Say whose the key is."""
    agency = services().identity.ask("agency", agency_id=asked.caller.agency_id)
    members = {
        "username": agency["name"],
        "email": agency["notification_email"],
        "apiurl": request.host_url.rstrip("/"),
        "apikey": asked.masked_key,
    }
    return Said(members=members)


def group(asked: Asked) -> Said:
    """Show the group of those who may call."""
    if asked["id"] != GROUP:
        raise asked.invalid("id", f"the only group is {GROUP}")
    return Said(members={"id": GROUP, "title": "Admin"})


def sign_on(asked: Asked) -> Said:
    """Give the token of a link that signs the agency in as the account's admin, once, within a minute (R0.97)."""
    user = asked.get("sso_user") or ADMIN
    if user != ADMIN:
        raise asked.invalid("sso_user", f"a link signs in as {ADMIN}; everybody else has a password")
    asked.number("sso_duration")
    account = account_of(asked)
    link = services().accounts.tell("create_login_link", idempotency_key=None, agency_id=asked.caller.agency_id, account_id=account["id"])
    (token,) = parse_qs(urlsplit(link["url"]).query)["token"]
    message = f"Open {account['host']}/admin/main.php?_ssot=<token> once, until {link['expires_at']}."
    return Said(message=message, members={"token": token})


def conversations(_asked: Asked) -> Said:
    """Refuse: there are none."""
    raise NotOffered(reason="Conversations are not offered here: nothing was changed, and nothing is charged.")


def scoring(_asked: Asked) -> Said:
    """Refuse: it is no switch."""
    raise NotOffered(reason="Scoring is not switched here: whether an account has it is a matter of its plan. Nothing was changed.")
