"""Accounts: looked for, opened, shown, changed, disabled, cancelled."""

from typing import Any

from chassis import context as contexts
from chassis.errors import Refusal
from gateway.agency_api import plans
from gateway.agency_api.asking import REPEATS_SECONDS, Asked, Said
from gateway.agency_api.words import OVER, country_of, language_of, status_of
from gateway.clients import Json, services
from gateway.errors import AccountOfNameUnknown, NotOffered

PAGE_SIZE = 20
WALKED_AT_ONCE = 200
MOST_PAGES = 500
"""The list of one plan is walked from its beginning: so far, and not further."""
MOST_SKIPPED = 2**31 - 1
"""No agency has so many accounts."""
FAILED = "failed"
MOST_FAILED = 20
"""Openings of one call that may fail within the time of its repeats."""
UTC = "UTC"
NOT_COUNTED = "0"
"""Nothing counts an account's contacts and mails yet."""


def account_of(asked: Asked) -> Json:
    """Find the agency's account by its bare name or by its host; of several that failed under one name the last.

    Raises `AccountOfNameUnknown`.
    """
    given = asked["account"].lower()
    name, dot, _ = given.partition(".")
    found = services().accounts.ask("accounts", agency_id=asked.caller.agency_id, filters={"name": name})["data"]
    if dot:
        found = [account for account in found if _bare(account["host"]) == _bare(given)]
    if not found:
        raise AccountOfNameUnknown(account=asked["account"])
    living = [account for account in found if account["status"] != FAILED]
    account: Json = (living or found)[0]
    return account


def show_plans(asked: Asked) -> Said:
    """Show what can be bought; of an account that is named, what its plan can be changed to, which are the plans that are paid (R1.14)."""
    if asked.get("account") is None:
        return plans.shown(asked, lambda plan: bool(plan["on_sale"]))
    account = account_of(asked)
    could = services().accounts.ask("actions", agency_id=asked.caller.agency_id, account_id=account["id"])["data"]
    change = next(action for action in could if action["action"] == "change_plan")
    if not change["allowed"]:
        raise NotOffered(reason=change["reason"])
    return plans.shown(asked, lambda plan: plan["on_sale"] and plan["kind"] == plans.PAID)


def check_name(asked: Asked) -> Said:
    """Say whether an account could have this name."""
    name = asked["account"]
    answer = services().accounts.ask("name_availability", name=name)
    if not answer["available"]:
        raise NotOffered(reason=answer["reason"])
    return Said(message=f"The name {name} is free.", members={})


def add(asked: Asked) -> Said:
    """Open an account, and give its first password at once, while it is still being prepared."""
    opening = {
        "name": asked["account"],
        "quote_id": None,
        "selection": plans.numbered(asked.caller.agency_id).wanted(asked),
        "client_name": asked["name"],
        "client_email": asked["email"],
        "notification_email": asked.get("notification"),
        **_place(asked),
        "billing_profile_id": asked.get("billing_profile"),
        "custom_domain": asked.get("cname"),
        "snapshot_id": asked.get("snapshot"),
    }
    account, credentials = _opened(asked, opening)
    members = {"account": account["host"], "username": credentials["username"], "password": credentials["password"]}
    return Said(message="The account is being created: ask account_status until it is active.", members=members)


def _opened(asked: Asked, opening: Json) -> tuple[Json, Json]:
    """Open the account, or find the one that this call opened before, and have a password for it; what has failed since is opened anew."""
    agency_id = asked.caller.agency_id
    failed: list[str] = []
    while True:
        with contexts.changed(repeats_seconds=REPEATS_SECONDS):
            account = services().accounts.tell("open_account", idempotency_key=asked.repeat_key(*failed), agency_id=agency_id, **opening)
        try:
            return account, services().accounts.tell(
                "issue_credentials", idempotency_key=None, agency_id=agency_id, account_id=account["id"]
            )
        except Refusal as refusal:
            if refusal.details.get("status") != FAILED or len(failed) == MOST_FAILED:
                raise
            failed.append(account["id"])


def edit(asked: Asked) -> Said:
    """Change the plan and the settings that are given."""
    account = account_of(asked)
    about = {"agency_id": asked.caller.agency_id, "account_id": account["id"]}
    names = {"cname": "custom_domain", "notification": "notification_email"}
    settings = {inner: asked[public] for public, inner in names.items() if asked.get(public)}
    changed = _change_plan(asked, account)
    if settings:
        try:
            services().accounts.tell("edit_account", idempotency_key=None, expected_version=None, **about, **settings)
        except Refusal as refusal:
            if changed:
                raise NotOffered(reason=f"The plan was changed, the rest was not: {refusal.text}") from None
            raise
    return Said(message="The account is as you want it.", members={})


def _change_plan(asked: Asked, account: Json) -> bool:
    """Change the plan where another one is asked for; tell whether it was."""
    if asked.get("plan") is None and not asked.flag("free"):
        return False
    selection = plans.numbered(asked.caller.agency_id).wanted(asked)
    if plans.identity_of(selection) == plans.identity_of(account["selection"]):
        return False
    services().accounts.tell(
        "change_plan",
        idempotency_key=None,
        agency_id=asked.caller.agency_id,
        account_id=account["id"],
        quote_id=None,
        selection=selection,
        effective=None,
    )
    return True


def list_(asked: Asked) -> Said:
    """List the accounts, twenty a page."""
    page = asked.number("page") or 1
    catalogue = plans.numbered(asked.caller.agency_id)
    wanted = asked.number("planfilter")
    if wanted is None:
        found = _page(asked, page)
    elif page > MOST_PAGES:
        raise asked.invalid("page", f"the list of one plan is shown up to page {MOST_PAGES}: narrow it by search")
    else:
        selection = catalogue.selection_of(wanted, asked=asked, name="planfilter")
        found = _walked(asked, selection, upto=page * PAGE_SIZE)[(page - 1) * PAGE_SIZE :]
    rows = [_row(account, catalogue) for account in found]
    return Said(members={"accounts": rows, "count": str(len(rows))})


def _searched(asked: Asked) -> dict[str, Any]:
    return {"agency_id": asked.caller.agency_id, **({"q": asked["search"]} if asked.get("search") else {})}


def _page(asked: Asked, page: int) -> list[Json]:
    """One page of all accounts."""
    before = (page - 1) * PAGE_SIZE
    if before > MOST_SKIPPED:
        return []
    accounts: list[Json] = services().accounts.ask("accounts", limit=PAGE_SIZE, skip=before, **_searched(asked))["data"]
    return accounts


def _walked(asked: Asked, selection: Json, *, upto: int) -> list[Json]:
    """The first `upto` accounts of a selection: the services know accounts by the plan's name alone."""
    narrowed = {**_searched(asked), "plan": selection["plan"]}
    found: list[Json] = []
    cursor = None
    while len(found) < upto:
        page = services().accounts.ask("accounts", limit=WALKED_AT_ONCE, cursor=cursor, **narrowed)
        found += [account for account in page["data"] if plans.identity_of(account["selection"]) == plans.identity_of(selection)]
        cursor = page["next_cursor"]
        if cursor is None:
            break
    return found[:upto]


def _row(account: Json, catalogue: plans.Numbered) -> Json:
    status = account["status"]
    return {
        "account": account["host"],
        "cname": account["custom_domain"] or "",
        "planid": catalogue.number_of(account["selection"]),
        "client_name": account["client_name"],
        "notification": account["notification_email"],
        "subscribers": NOT_COUNTED,
        "emails_sent": NOT_COUNTED,
        "expire": _day(account["expires_at"] or account["renews_at"]),
        "expired": "1" if status in OVER else "0",
        "reseller_status": "1" if status == "disabled" else "0",
        "cancelled": "true" if status_of(status) == "cancelled" else "false",
        "foreverfree": "1" if account["kind"] == "sandbox" else "0",
    }


def view(asked: Asked) -> Said:
    """Show one account. Keys belong to agencies here, so the call has to say which."""
    if asked.get("account") is None:
        raise NotOffered(reason="This key is the agency's and no account's: say which account you mean by the parameter account.")
    account = account_of(asked)
    first, _, last = account["client_name"].partition(" ")
    plan = plans.numbered(asked.caller.agency_id).plan_of(account["selection"])
    members = {
        "account": account["host"],
        "email": account["client_email"],
        "fname": first,
        "lname": last,
        "cname": account["custom_domain"] or "",
        "subscriber_limit": str(plan["contacts"]),
        "status": {"creating": "maint", "disabled": "suspend"}.get(account["status"], "nobody"),
        **({"trial": "1"} if account["kind"] == "trial" else {}),
        "credits": str(plan["monthly_sends"] or 0),
    }
    return Said(members=members)


def status(asked: Asked) -> Said:
    """Say how the account stands."""
    account = account_of(asked)
    failure = account["failure"]
    why = f"was not opened, and nothing stays charged: {failure['reason']}" if failure else f"is {account['status']}."
    return Said(message=f"The account {why}", members={"status": status_of(account["status"])})


def set_status(asked: Asked) -> Said:
    """Disable the account, or lift that; what is so already stays so."""
    if asked["status"] not in {"0", "1"}:
        raise asked.invalid("status", "it is 0 (active) or 1 (inactive)")
    account = account_of(asked)
    about = {"agency_id": asked.caller.agency_id, "account_id": account["id"]}
    if asked["status"] == "1":
        services().accounts.tell("disable_account", idempotency_key=None, message=asked.get("message"), **about)
        return Said(message="The account is disabled; it is billed as before.", members={})
    if account["status"] != "active":
        services().accounts.tell("enable_account", idempotency_key=None, **about)
    return Said(message="The account is active.", members={})


def cancel(asked: Asked) -> Said:
    """Cancel the account: usable to the end of what is paid. Its data is kept, whatever `retaindata` says: agencies delete none (R0.58)."""
    account = account_of(asked)
    about = {"agency_id": asked.caller.agency_id, "account_id": account["id"]}
    cancelled = services().accounts.tell("cancel_account", idempotency_key=None, reason=asked.get("reason"), **about)
    until = _day(cancelled["expires_at"])
    return Said(message=f"The account is cancelled{f', and usable until {until}' if until else ''}. Its data is kept.", members={})


def _place(asked: Asked) -> Json:
    """Where the client is, and how it is spoken to: what is left out follows from the rest, and from the agency."""
    time_zone, country, language = asked.get("timezone"), asked.get("country"), asked.get("language")
    country = country or (country_of(time_zone) if time_zone else None)
    if country is None:
        raise NotOffered(reason="Say where the client is: country, as FR, or a timezone of one country, as Europe/Paris.")
    if language is None:
        language = services().identity.ask("agency", agency_id=asked.caller.agency_id)["language"]
    return {"country": country.upper(), "language": language_of(language), "time_zone": time_zone or UTC}


def _bare(host: str) -> str:
    return host.partition(":")[0]


def _day(moment: str | None) -> str:
    """The day of a moment; nothing where there is none."""
    return "" if moment is None else moment[:10]
