"""Authenticated `GET /v1/accounts/{id}`: ours beside stock and limit, each behind gunicorn gthread (2 × 8 threads), one service process."""

import json
from datetime import UTC, datetime
from typing import Any

from bench.load import load
from bench.platform import Bench, execute, wait_for_http
from chassis.ids import new_id
from chassis.rpc_client import RpcClient
from local_servers import free_port

CLIENTS = (1, 4, 8, 16)
SECONDS = 5.0
ROUNDS = 2
"""Each is measured this often, in turn, and the better round counts: the machine has other things to do as well."""

INSERT = """
INSERT INTO accounts (id, agency_id, name, login_url, kind, status, selection, client_name, client_email, notification_email, country,
    region, language, time_zone, quote_id, created_at, updated_at, activated_at, version)
VALUES (%s, %s, 'bench', 'http://bench.localhost:8000/login', 'paid', 'active', %s, 'A client', 'client@example.com', 'agency@example.com',
    'FR', 'eu', 'fr', 'Europe/Paris', %s, %s, %s, %s, 1)
"""


def measure(bench: Bench, *, clients: tuple[int, ...] = CLIENTS, seconds: float = SECONDS) -> dict[str, Any]:
    """Requests per second and latencies by number of clients, of all three."""
    identity_url, accounts_url = bench.migrated("identity"), bench.migrated("accounts")
    bench.service("identity", identity_url, API_KEY_PEPPER="0123456789abcdef0123456789abcdef")
    bench.service("accounts", accounts_url)
    calls = RpcClient(bench.rabbit.uri(), name="bench").start()
    agency = calls.call(
        "identity",
        "register_agency",
        {
            "name": "Bench",
            "programme": "reseller",
            "currency": "EUR",
            "discount_basis_points": 0,
            "notification_email": "bench@example.com",
            "language": "en",
            "entitlements": [],
            "test_mode": True,
        },
        timeout_seconds=10,
    )
    key = calls.call("identity", "create_api_key", {"agency_id": agency["id"], "name": "bench", "scopes": ["admin"]}, timeout_seconds=10)[
        "secret"
    ]
    calls.stop()
    account_id, now = new_id("acc"), datetime.now(UTC)
    selection = {"pricing_version": "V3", "product": "EM", "plan": "Plus", "contacts": 1000, "frequency": "monthly"}
    execute(accounts_url, INSERT, account_id, agency["id"], json.dumps(selection), new_id("quo"), now, now, now)

    path = f"/v1/accounts/{account_id}"
    bench.run("-m", "bench.baselines.limit_service", DATABASE_URL=accounts_url)
    bench.run("-m", "bench.baselines.stock_service", DATABASE_URL=accounts_url)
    fronts = {
        "stock": _front(bench, "bench.baselines.stock_app:app", path, BENCH_AGENCY_ID=agency["id"]),
        "limit": _front(bench, "bench.baselines.limit_app:app", path, BENCH_AGENCY_ID=agency["id"]),
    }
    port = free_port()
    gateway = bench.run(
        "-m", "gateway", "serve", BIND=f"127.0.0.1:{port}", HEALTH_PORT="0", RATE_LIMIT_PER_SECOND="1e6", RATE_LIMIT_BURST="1000000"
    )
    headers = {"Authorization": f"Bearer {key}"}
    wait_for_http(f"http://127.0.0.1:{port}{path}", gateway, headers=headers)
    fronts["ours"] = port

    rows = []
    for count in clients:
        best: dict[str, Any] = {}
        for _ in range(ROUNDS):
            for name, front in fronts.items():
                result = load(front, path, clients=count, seconds=seconds, headers=headers if name == "ours" else {})
                if result.failures:
                    raise RuntimeError(f"{name} answered {result.failures} of {result.requests} requests with something else than 200")
                if name not in best or result.per_second > best[name].per_second:
                    best[name] = result
        row: dict[str, Any] = {"clients": count}
        for name, result in best.items():
            row[name] = {"per_second": result.per_second, "p50_ms": result.p50, "p99_ms": result.p99}
        row["ours_to_stock"] = round(best["ours"].per_second / best["stock"].per_second, 2)
        row["ours_to_limit"] = round(best["ours"].per_second / best["limit"].per_second, 2)
        rows.append(row)
    return {"what": "authenticated GET /v1/accounts/{id}", "seconds": seconds, "rounds": ROUNDS, "rows": rows}


def _front(bench: Bench, app: str, path: str, **environment: str) -> int:
    port = free_port()
    process = bench.run(
        "-m", "gunicorn", "-k", "gthread", "-w", "2", "--threads", "8", "--keep-alive", "75", "-b", f"127.0.0.1:{port}", app, **environment
    )
    wait_for_http(f"http://127.0.0.1:{port}{path}", process)
    return port
