"""What there must be when all was answered: each intended effect, once."""

import time
from collections import Counter

import psycopg2

from bench.endurance.restarts import SERVICES
from bench.endurance.world import PREPAID, PREVIEWS, Account, Agency, NotSettled, World, asked, eventually, pages

SETTLE_SECONDS = 180
NOTHING_IS_UNDER_WAY_SECONDS = 3.0


def settle(databases: dict[str, str]) -> None:
    """Wait until every outbox is empty, and stays so; raises NotSettled."""
    deadline, quiet_since = time.monotonic() + SETTLE_SECONDS, time.monotonic()
    while time.monotonic() < quiet_since + NOTHING_IS_UNDER_WAY_SECONDS:
        left = {service: count for service in SERVICES if (count := _waiting(databases[service]))}
        if left:
            quiet_since = time.monotonic()
        if time.monotonic() > deadline:
            raise NotSettled(f"After {SETTLE_SECONDS} s there are still events in the outboxes: {left}.")
        time.sleep(0.5)


def _waiting(database_url: str) -> int:
    connection = psycopg2.connect(database_url)
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT count(*) FROM outbox")
            ((count,),) = cursor.fetchall()
            return int(count)
    finally:
        connection.close()


def compared(world: World) -> tuple[dict[str, int], list[str]]:
    """How many effects were intended and found, and each that differs, as a sentence."""
    wrong: list[str] = []
    counts: Counter[str] = Counter()
    for agency in world.agencies:
        found = {account["id"]: account for account in pages(world.port, agency, "/v1/accounts")}
        counts["accounts intended"] += len(agency.accounts)
        counts["accounts found"] += len(found)
        wrong += [f"{agency.id}: {account_id} is nobody's intention" for account_id in found.keys() - {each.id for each in agency.accounts}]
        for account in agency.accounts:
            shown = found.get(account.id)
            if shown is None:
                wrong.append(f"{account.name} is missing")
                continue
            is_there = (shown["name"], shown["status"], shown["plan"]["plan"])
            if is_there != (account.name, account.status, account.plan):
                wrong.append(f"{account.name} is {is_there}, not {(account.status, account.plan)}")
        wrong += _money(world, agency, counts)
        wrong += [each for account in agency.accounts if account.assets for each in _assets(world, agency, account, counts)]
    return dict(counts), wrong


def _money(world: World, agency: Agency, counts: Counter[str]) -> list[str]:
    """Each opened account and each upgrade has one invoice, all paid by prepaid; what is left is what was bought less that."""
    invoices = list(pages(world.port, agency, "/v1/invoices"))
    intended = Counter({account.id: 1 + (account.plan == "Pro") for account in agency.accounts})
    of_accounts = Counter(invoice["account_id"] for invoice in invoices if invoice["account_id"])
    counts["invoices intended"] += sum(intended.values())
    counts["invoices found"] += sum(of_accounts.values())
    wrong = [
        f"{account_id}: {of_accounts[account_id]} invoices, not {count}"
        for account_id, count in intended.items()
        if of_accounts[account_id] != count
    ]
    wrong += [f"{invoice['id']} is {invoice['status']}" for invoice in invoices if invoice["status"] != "paid"]
    spent = sum(invoice["paid_prepaid"]["amount"] for invoice in invoices)
    left = eventually(lambda: asked(world.port, agency.request("GET", "/v1/credits/prepaid")), what="answered: prepaid")["units"]
    if left != PREPAID - spent:
        wrong.append(f"{agency.id}: prepaid is {left}, not {PREPAID} − {spent}")
    allocated = sum(account.previews for account in agency.accounts)
    left = eventually(lambda: asked(world.port, agency.request("GET", "/v1/credits/inbox-preview")), what="answered: previews")["units"]
    counts["previews intended"] += allocated
    counts["previews found"] += PREVIEWS - left
    if left != PREVIEWS - allocated:
        wrong.append(f"{agency.id}: {left} previews, not {PREVIEWS} − {allocated}")
    return wrong


def _assets(world: World, agency: Agency, account: Account, counts: Counter[str]) -> list[str]:
    keys = sorted(asset["key"] for asset in pages(world.port, agency, f"/v1/accounts/{account.id}/assets"))
    counts["assets intended"] += account.assets
    counts["assets found"] += len(keys)
    return (
        []
        if keys == sorted(f"t{number}" for number in range(account.assets))
        else [f"{account.name}: the assets {keys}, not {account.assets}"]
    )
