"""The front door at 1 to 64 clients: reads, a page, a quote, an account opened, calls of the agency API, beside stock and limit."""

import itertools
import json
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import asdict
from functools import partial
from typing import Any
from urllib.parse import urlencode

import psycopg2
import requests

from bench.costs import spent, spent_since
from bench.fronts import CALL_SECONDS, PEPPER, PLAN, Agency, Curve, gateway, reads, registered, seed
from bench.load import Request, Result, http
from bench.platform import ROOT, Bench
from chassis.errors import Refusal
from chassis.ids import new_id
from chassis.rpc_client import RpcClient

CLIENTS = (1, 2, 4, 8, 16, 32, 64)
SECONDS = 3.0
ROUNDS = 2
"""Of stock, limit and the read, whose ratios have targets."""
COSTS_AT = 8
"""At this number of clients the processor time of every process is taken, too."""
READ_CLIENTS, READ_SECONDS = (1, 4, 8, 16), 5.0

SERVICES = ("identity", "accounts", "billing", "credits", "snapshots")
"""Whom an opening needs."""
PREPAID_MINOR = 100_000_000
EDITED = 30
PATIENCE_SECONDS = 120
ENVIRONMENT = {
    "API_KEY_PEPPER": PEPPER,
    "PROVISIONING_SECONDS": str(PATIENCE_SECONDS),
    "TOPOLOGY_FILE": str(ROOT / "deploy" / "topology.json"),  # what notifications would hear waits for it
}
POLL_SECONDS = 0.1
FORM = {"Content-Type": "application/x-www-form-urlencoded"}

_numbers = itertools.count(1)


def measure_reads(bench: Bench) -> dict[str, Any]:
    """The read alone, with nothing started but what it needs."""
    urls = _started(bench, ("identity", "accounts"))
    with _calls(bench) as calls:
        agency = registered(calls, "Bench")
        seed(urls["accounts"], agency)
        curves = reads(bench, accounts_url=urls["accounts"], agency=agency, port=gateway(bench), rounds=ROUNDS)
        return {"what": "authenticated GET /v1/accounts/{id}", **_measured(curves, clients=READ_CLIENTS, seconds=READ_SECONDS)}


def measure(bench: Bench, *, clients: tuple[int, ...] = CLIENTS, seconds: float = SECONDS) -> dict[str, Any]:
    """Everything; the accounts that were opened are active at the end, each of them."""
    urls = _started(bench, SERVICES, commands=("serve", "relay"))
    port = gateway(bench)
    with _calls(bench) as calls:
        reader, opener = registered(calls, "Bench"), registered(calls, "Opener")
        seed(urls["accounts"], reader)
        _pay_by_card(calls, reader)
        _pay_by_card(calls, opener)
        _buy_prepaid(port, opener)
    curves = {
        **reads(bench, accounts_url=urls["accounts"], agency=reader, port=port, rounds=ROUNDS),
        "page": Curve(port=port, request=_page(reader)),
        "quote": Curve(port=port, request=_quote(reader), status=201),
        "open": Curve(port=port, request=_opening(opener), status=202),
        "api_read": Curve(port=port, request=_api_read(reader), holds=b'"result_code":1'),
        "api_write": Curve(port=port, request=_api_write(reader), holds=b'"result_code":1'),
    }
    figures = _measured(curves, clients=clients, seconds=seconds, settle=partial(_until_opened, urls["accounts"]))
    return {"what": "the front door", **figures, "accounts_opened": _until_opened(urls["accounts"])}


def _started(bench: Bench, services: tuple[str, ...], *, commands: tuple[str, ...] = ("serve",)) -> dict[str, str]:
    urls = {service: bench.migrated(service) for service in services}
    for service, command in itertools.product(services, commands):
        bench.service(service, urls[service], command=command, **ENVIRONMENT)
    return urls


@contextmanager
def _calls(bench: Bench) -> Iterator[RpcClient]:
    client = RpcClient(bench.rabbit.uri(), name="bench").start()
    try:
        yield client
    finally:
        client.stop()


def _measured(
    curves: Mapping[str, Curve], *, clients: tuple[int, ...], seconds: float, settle: Callable[[], object] = lambda: None
) -> dict[str, Any]:
    """Take every curve at every number of clients, the curves in turn: what disturbs the machine for a while disturbs all of them."""
    points: dict[str, list[dict[str, Any]]] = {name: [] for name in curves}
    costs: dict[str, dict[str, int]] = {}
    for count in clients:
        best: dict[str, Result] = {}
        for name, curve in [each for number in range(ROUNDS) for each in curves.items() if number < each[1].rounds]:
            before = spent()
            result = curve.measured(clients=count, seconds=seconds)
            if name not in best or result.per_second > best[name].per_second:
                best[name] = result
                costs |= {name: spent_since(before, requests=result.asked)} if count == COSTS_AT else {}
            settle()
            print(f"  {count:>2} {name:9} {result.per_second:>8}/s {result.p50_ms:>8} ms", file=sys.stderr, flush=True)
        for name, result in best.items():
            points[name].append({each: value for each, value in asdict(result).items() if each != "asked"})
    rates = {name: [point["per_second"] for point in curve] for name, curve in points.items()}
    ratios = {
        f"read_to_{other}": [round(ours / theirs, 2) for ours, theirs in zip(rates["read"], rates[other], strict=True)]
        for other in ("stock", "limit")
    }
    return {"clients": list(clients), "seconds": seconds, "rounds": ROUNDS, **ratios, "curves": points, "costs": costs}


def _page(agency: Agency) -> Request:
    request = http("GET", "/v1/accounts?status=active&plan=plus&sort=client_name", headers=agency.headers)
    return lambda _client, _number: request


def _quote(agency: Agency) -> Request:
    body = json.dumps({**PLAN, "country": "FR"}).encode()
    return lambda _client, _number: http("POST", "/v1/quotes", headers=_new(agency), body=body)


def _opening(agency: Agency) -> Request:
    def request(_client: int, _number: int) -> bytes:
        account = {"name": f"opened-{next(_numbers)}", "client_name": "Boulangerie Martin", "client_email": "martin@bakery.example"}
        place = {"country": "FR", "language": "fr", "time_zone": "Europe/Paris"}
        return http("POST", "/v1/accounts", headers=_new(agency), body=json.dumps({**account, **place, "plan": PLAN}).encode())

    return request


def _api_read(agency: Agency) -> Request:
    request = http("GET", "/api.php?api_action=account_status&account=bench-1&api_output=json", headers=agency.headers)
    return lambda _client, _number: request


def _api_write(agency: Agency) -> Request:
    """Each time another of some accounts gets another address for its notices: none waits for the lock of another for long."""

    def request(_client: int, _number: int) -> bytes:
        number = next(_numbers)
        form = {"account": f"bench-{1 + 10 * (number % EDITED)}", "notification": f"notices-{number}@agency.example"}
        path = "/api.php?api_action=account_edit&api_output=json"
        return http("POST", path, headers=agency.headers | FORM, body=urlencode(form).encode())

    return request


def _new(agency: Agency) -> dict[str, str]:
    return {**agency.headers, "Content-Type": "application/json", "Idempotency-Key": f"bench-{next(_numbers)}"}


def _pay_by_card(calls: RpcClient, agency: Agency) -> None:
    """Give the agency a card, as soon as billing has heard of it."""
    profile = {"agency_id": agency.id, "payment_method": "pm_card_visa", "name": "Visa", "invoice_address": None, "is_default": True}
    deadline = time.monotonic() + PATIENCE_SECONDS
    while True:
        try:
            calls.call("billing", "add_billing_profile", profile, timeout_seconds=CALL_SECONDS, idempotency_key=new_id("idk"))
        except Refusal as refusal:
            if refusal.code != "agency_not_known_yet" or time.monotonic() > deadline:
                raise
            time.sleep(POLL_SECONDS)
        else:
            return


def _buy_prepaid(port: int, agency: Agency) -> None:
    """Buy so much that every opening is paid from it, and wait until it is there."""
    address, amount = f"http://127.0.0.1:{port}/v1/credits/prepaid", {"amount": PREPAID_MINOR, "currency": "EUR"}
    requests.post(f"{address}/purchases", json={"amount": amount}, headers=agency.headers, timeout=30).raise_for_status()
    deadline = time.monotonic() + PATIENCE_SECONDS
    while str(PREPAID_MINOR) not in (said := requests.get(address, headers=agency.headers, timeout=30).text):
        if time.monotonic() > deadline:
            raise RuntimeError(f"the prepaid credit did not come: {said}")
        time.sleep(POLL_SECONDS)


def _until_opened(accounts_url: str) -> int:
    """Wait until no account is being opened any more, and give how many were; none may have failed."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    with closing(psycopg2.connect(accounts_url)) as connection, connection.cursor() as cursor:
        connection.autocommit = True
        while "creating" in (found := _opened(cursor)) and time.monotonic() < deadline:
            time.sleep(POLL_SECONDS)
    if found.keys() - {"active"}:
        raise RuntimeError(f"not every account was opened in {PATIENCE_SECONDS} s: {found}")
    return found.get("active", 0)


def _opened(cursor: Any) -> dict[str, int]:
    cursor.execute("SELECT status, count(*) FROM accounts WHERE name LIKE 'opened-%' GROUP BY status")
    return dict(cursor.fetchall())
