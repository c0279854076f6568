"""What is asked over HTTP: ours, and beside it stock and limit, each behind gunicorn gthread (2 × 8 threads) and one service process."""

import json
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from bench.load import Request, Result, http, load
from bench.platform import Bench, execute, wait_for_http
from chassis.ids import new_id
from chassis.rpc_client import RpcClient
from local_servers import free_port

PEPPER = "0123456789abcdef0123456789abcdef"
CALL_SECONDS = 10
ACCOUNTS = 300
"""Of the agency that is measured: every third one of each plan, every tenth one disabled."""
COUNTRIES = ("FR", "PT", "ES", "US")
PLANS = ("Starter", "Plus", "Pro")
PLAN = {"pricing_version": "V3", "product": "EM", "plan": "Plus", "contacts": 1000, "frequency": "monthly"}

INSERT = """
INSERT INTO accounts (id, agency_id, name, login_url, kind, status, selection, client_name, client_email, notification_email, country,
    region, language, time_zone, quote_id, created_at, updated_at, activated_at, version)
SELECT 'acc_01' || lpad(n::text, 24, '0'), %(agency_id)s, 'bench-' || n, 'http://bench-' || n || '.localhost:8000/login', 'paid',
    CASE n %% 10 WHEN 9 THEN 'disabled' ELSE 'active' END,
    jsonb_set(%(plan)s::jsonb, '{plan}', to_jsonb((%(plans)s::text[])[1 + n %% 3])),
    'Client ' || (n * 7919 %% 1000), 'client-' || n || '@example.com', 'agency@example.com', (%(countries)s::text[])[1 + n %% 4],
    'eu', 'fr', 'Europe/Paris', 'quo_01' || lpad(n::text, 24, '0'), %(now)s, %(now)s, %(now)s, 1
FROM generate_series(1, %(accounts)s) AS n
"""


@dataclass(frozen=True, kw_only=True)
class Agency:
    """An agency, and the key of its programs."""

    id: str
    headers: dict[str, str]


@dataclass(frozen=True, kw_only=True)
class Curve:
    """One thing to ask of one port, with the answer that it must have."""

    port: int
    request: Request
    status: int = 200
    holds: bytes = b""
    rounds: int = 1
    """Measured this often, and the best counts: the machine has other things to do as well."""

    def measured(self, *, clients: int, seconds: float) -> Result:
        """Ask."""
        return load(self.port, self.request, clients=clients, seconds=seconds, status=self.status, holds=self.holds)


def account_id(number: int) -> str:
    """The id of one of the accounts."""
    return f"acc_01{number:024}"


def registered(calls: RpcClient, name: str) -> Agency:
    """Register an agency with a key."""
    asked: dict[str, Any] = {
        "name": name,
        "programme": "reseller",
        "currency": "EUR",
        "discount_basis_points": 0,
        "notification_email": "bench@example.com",
        "language": "en",
        "entitlements": [],
        "test_mode": True,
    }
    agency_id = calls.call("identity", "register_agency", asked, timeout_seconds=CALL_SECONDS, idempotency_key=new_id("idk"))["id"]
    wanted = {"agency_id": agency_id, "name": "bench", "scopes": ["admin"]}
    key = calls.call("identity", "create_api_key", wanted, timeout_seconds=CALL_SECONDS, idempotency_key=new_id("idk"))["secret"]
    return Agency(id=agency_id, headers={"Authorization": f"Bearer {key}"})


def seed(accounts_url: str, agency: Agency) -> None:
    """Give the agency its accounts, which none of the other services knows."""
    values: dict[str, Any] = {"agency_id": agency.id, "plan": json.dumps(PLAN), "plans": list(PLANS), "countries": list(COUNTRIES)}
    execute(accounts_url, INSERT, **values, accounts=ACCOUNTS, now=datetime.now(UTC))


def gateway(bench: Bench) -> int:
    """Start ours as it is in production, but that no key has hardly a limit; give its port."""
    port = free_port()
    limits = {"RATE_LIMIT_PER_SECOND": "1e6", "RATE_LIMIT_BURST": "1000000"}
    process = bench.run("-m", "gateway", "serve", BIND=f"127.0.0.1:{port}", HEALTH_PORT="0", **limits)
    wait_for_http(f"http://127.0.0.1:{port}/readyz", process)
    return port


def reads(bench: Bench, *, accounts_url: str, agency: Agency, port: int, rounds: int) -> dict[str, Curve]:
    """The read of one account, of stock, limit and ours."""
    path = f"/v1/accounts/{account_id(1)}"
    bare, ours = http("GET", path, headers={}), http("GET", path, headers=agency.headers)
    fronts = {}
    for name in ("stock", "limit"):
        bench.run("-m", f"bench.baselines.{name}_service", DATABASE_URL=accounts_url)
        fronts[name] = _baseline(bench, f"bench.baselines.{name}_app:app", path, BENCH_AGENCY_ID=agency.id)
    return {
        **{name: Curve(port=front, request=lambda _client, _number: bare, rounds=rounds) for name, front in fronts.items()},
        "read": Curve(port=port, request=lambda _client, _number: ours, rounds=rounds),
    }


def _baseline(bench: Bench, app: str, path: str, **environment: str) -> int:
    port = free_port()
    process = bench.run(
        "-m", "gunicorn", "-k", "gthread", "-w", "2", "--threads", "8", "--keep-alive", "75", "-b", f"127.0.0.1:{port}", app, **environment
    )
    wait_for_http(f"http://127.0.0.1:{port}{path}", process)
    return port
