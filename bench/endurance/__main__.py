"""`make endure MINUTES=10`: a load at 80 % of what the running platform can do, while each of its processes is killed once.

Reads what `make up` wrote into `.local/demo.env`. Makes agencies of its own; the exit code says whether everything held.
"""

import gc
import json
import os
import sys
import time
from functools import partial
from pathlib import Path
from urllib.parse import urlsplit

from bench.endurance.effects import compared, settle
from bench.endurance.load import Clients, capacity
from bench.endurance.report import judged, printed
from bench.endurance.restarts import SERVICES, VICTIMS, Killer
from bench.endurance.world import AGENCIES, Agency, World, furnish
from chassis.audit import audit_all
from chassis.rpc_client import RpcClient
from local_platform.demo import CALL_SECONDS, make

CLIENTS = 64
RAMP_CLIENTS = 16
RAMP_SECONDS = 24.0
SHARE = 0.8
AUDITED = ("billing", "credits")
DEMO_RPC_NAME = "endurance"


def main() -> int:
    """Run; give the exit code."""
    folder = Path(os.environ["COMPTOIR_SMTP_MAILBOX"]).parent
    seconds = float(os.environ.get("ENDURE_MINUTES", "10")) * 60
    victims = tuple(filter(None, os.environ.get("ENDURE_VICTIMS", "").split(","))) or VICTIMS
    port = urlsplit(os.environ["COMPTOIR_URL"]).port
    assert port is not None
    databases = {service: os.environ[f"COMPTOIR_DATABASE_URL_{service.upper()}"] for service in SERVICES}
    world = World(port, _agencies())
    furnish(world)
    can = capacity(world, RAMP_CLIENTS, RAMP_SECONDS)
    rate = can * SHARE
    _say(f"capacity {can:.0f} requests a second of the mix; now {seconds / 60:g} minutes at {rate:.0f}, with {len(victims)} kills")
    gc.freeze()
    clients = Clients(world, CLIENTS)
    killer = Killer(folder, seconds=seconds, victims=victims)
    clients.at_rate(rate, seconds, killer.turn)
    killer.finish()
    clients.close()
    report, wrong = judged(clients.samples, killer.windows, clients.given_up)
    _say(printed(report))
    settle(databases)
    effects, differing = compared(world)
    audit = audit_all({service: databases[service] for service in AUDITED})
    wrong += [*differing, *(f"audit: {sentence}" for sentence in audit)]
    report |= {
        "capacity_per_second": round(can, 1),
        "rate_per_second": round(rate, 1),
        "seconds": seconds,
        "effects": effects,
        "wrong": wrong,
    }
    (folder / "endurance.json").write_text(json.dumps(report, indent=2) + "\n")
    _say(f"\n{', '.join(f'{name} {count}' for name, count in effects.items())}; audit: {audit or 'clean'}")
    _say("everything held" if not wrong else "\n".join(["DID NOT HOLD:", *wrong[:60]]))
    return 1 if wrong else 0


def _agencies() -> list[Agency]:
    client = RpcClient(os.environ["COMPTOIR_AMQP_URI"], name=DEMO_RPC_NAME).start()
    try:
        made = [make(partial(client.call, timeout_seconds=CALL_SECONDS)) for _ in range(AGENCIES)]
    finally:
        client.stop()
    return [Agency(id=each["agency_id"], key=each["api_key"]) for each in made]


def _say(text: str) -> None:
    print(f"{time.strftime('%H:%M:%S')} {text}" if "\n" not in text else text, flush=True)


if __name__ == "__main__":
    sys.exit(main())
