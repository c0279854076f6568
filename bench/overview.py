"""Pages of `GET /v1/accounts`, filtered, sorted and searched: an agency with 1,000,000 accounts beside one with 1,000."""

import json
import random
import time
from typing import Any
from urllib.parse import quote

import requests

from bench import overview_data
from bench.overview_data import LARGE_AGENCY, SMALL_AGENCY
from bench.platform import Bench, execute, wait_for_http
from chassis.ids import new_id
from chassis.rpc_client import RpcClient
from local_servers import free_port

ROUNDS = 12
"""How often each page is asked for, of both agencies in turn."""
WARM_ROUNDS = 2
TARGET = 2.0

PAGES = (
    "",
    "status=active",
    "status=archived&sort=name",
    "plan=professional&status=active",
    "kind=trial&sort=-name",
    "sort=name",
    "sort=-contacts",
    "sort=expires_at",
    "sort=-expires_at&status=cancelled",
    "sort=renews_at",
    "filter[renews_at][from]=2026-01-10&filter[renews_at][to]=2026-01-11",
    "filter[country]=PT&sort=client_name",
    "filter[country]=US&plan=plus&sort=-updated_at",
    "filter[created_at][from]=2020-01-01&filter[created_at][to]=2020-01-02&sort=name",
    "filter[billing_profile_id]=bp_01000000000000000000000007",
    "filter[custom_domain]=&sort=-name",
    "filter[contacts][from]=5000&sort=country",
    "q=martin",
    "q=patisserie&sort=name",
    "q=muller&status=active",
    "q=gmail&sort=-created_at",
    "q=nobody-is-called-this",
    "q=bo",
    "q=z",
)
REGISTER = """
INSERT INTO agencies
    (id, name, programme, currency, discount_basis_points, notification_email, language, entitlements, test_mode, created_at)
VALUES (%s, 'Bench', 'reseller', 'EUR', 0, 'bench@example.com', 'en', '{}', true, now())
"""


def measure(bench: Bench) -> dict[str, Any]:
    """The 50th and 99th percentile of both agencies over all pages, and the page that suffers most from size."""
    with overview_data.server() as postgres:
        accounts_url = overview_data.filled(postgres)
        identity_url = bench.migrated("identity")
        bench.service("identity", identity_url, API_KEY_PEPPER="0123456789abcdef0123456789abcdef")
        bench.service("accounts", accounts_url)
        calls = RpcClient(bench.rabbit.uri(), name="bench").start()
        keys = {}
        for agency in (SMALL_AGENCY, LARGE_AGENCY):
            execute(identity_url, REGISTER, agency)
            asked = {"agency_id": agency, "name": "bench", "scopes": ["admin"]}
            keys[agency] = calls.call("identity", "create_api_key", asked, timeout_seconds=10, idempotency_key=new_id("idk"))["secret"]
        calls.stop()
        port = free_port()
        gateway = bench.run(
            "-m", "gateway", "serve", BIND=f"127.0.0.1:{port}", HEALTH_PORT="0", RATE_LIMIT_PER_SECOND="1e6", RATE_LIMIT_BURST="1000000"
        )
        wait_for_http(f"http://127.0.0.1:{port}/readyz", gateway)
        taken = _asked(port, keys)
        bench.end()
    small, large = ([each for page in taken[agency].values() for each in page] for agency in (SMALL_AGENCY, LARGE_AGENCY))
    ratios = {page: _percentile(taken[LARGE_AGENCY][page], 50) / _percentile(taken[SMALL_AGENCY][page], 50) for page in PAGES}
    worst = max(PAGES, key=lambda page: ratios[page])
    return {
        "what": "authenticated GET /v1/accounts, filtered, sorted, searched: 1,000 and 1,000,000 accounts",
        "pages": len(PAGES),
        "rounds": ROUNDS,
        "small_p50_ms": round(_percentile(small, 50), 1),
        "large_p50_ms": round(_percentile(large, 50), 1),
        "small_p99_ms": round(_percentile(small, 99), 1),
        "large_p99_ms": round(_percentile(large, 99), 1),
        "p99_large_to_small": round(_percentile(large, 99) / _percentile(small, 99), 2),
        "target": TARGET,
        "worst_page": worst or "(no filter)",
        "worst_page_p50_large_to_small": round(ratios[worst], 2),
    }


def _asked(port: int, keys: dict[str, str]) -> dict[str, dict[str, list[float]]]:
    """Milliseconds by agency and page; the order is another one in every round."""
    taken: dict[str, dict[str, list[float]]] = {agency: {page: [] for page in PAGES} for agency in keys}
    order = [(agency, page) for page in PAGES for agency in keys]
    with requests.Session() as session:
        for number in range(WARM_ROUNDS + ROUNDS):
            random.shuffle(order)
            for agency, page in order:
                address = f"http://127.0.0.1:{port}/v1/accounts?{quote(page, safe='=&-')}"
                began = time.perf_counter()
                answer = session.get(address, headers={"Authorization": f"Bearer {keys[agency]}"}, timeout=30)
                seconds = time.perf_counter() - began
                if answer.status_code != requests.codes.ok:
                    raise RuntimeError(f"{page} was answered {answer.status_code}: {json.dumps(answer.json())}")
                if number >= WARM_ROUNDS:
                    taken[agency][page].append(seconds * 1000)
    return taken


def _percentile(values: list[float], percent: int) -> float:
    return sorted(values)[int(len(values) * percent / 100)]
