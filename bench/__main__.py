"""`python -m bench [doors] [reads] [relay] [inbox] [ledger] [overview] [renewals] [startup]`: run these or all, into results.json."""

import json
import os
import platform
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from bench import doors, inbox, ledger, overview, performance, relay, renewals, startup
from bench.platform import bench

RESULTS = Path(__file__).with_name("results.json")


def main(chosen: list[str]) -> None:
    """Measure what is chosen."""
    parts: dict[str, Callable[[], dict[str, Any]]] = {
        "doors": lambda: _with_servers(doors.measure),
        "reads": lambda: _with_servers(doors.measure_reads),
        "relay": lambda: _with_servers(relay.measure),
        "inbox": lambda: _with_servers(inbox.measure),
        "ledger": lambda: _with_servers(ledger.measure),
        "overview": lambda: _with_servers(overview.measure),
        "renewals": lambda: _with_servers(renewals.measure),
        "startup": startup.measure,
    }
    unknown = set(chosen) - parts.keys()
    if unknown:
        sys.exit(f"There is no benchmark {', '.join(sorted(unknown))}: choose among {', '.join(parts)}.")
    results: dict[str, Any] = json.loads(RESULTS.read_text()) if RESULTS.exists() else {}
    for name in chosen or [part for part in parts if part != "reads"]:  # the doors hold the reads
        print(f"measuring {name} …", file=sys.stderr, flush=True)
        load = f"{os.getloadavg()[0]:.2f} before"
        results[name] = {**parts[name](), "measured_at": datetime.now(UTC).isoformat(timespec="seconds"), "load": load}
        _print(name, results[name])
        results["machine"] = {"cores": os.cpu_count(), "python": platform.python_version()}
        RESULTS.write_text(json.dumps(results, indent=2) + "\n")
    performance.write(results)


def _with_servers(measure: Callable[..., dict[str, Any]]) -> dict[str, Any]:
    with bench() as opened:
        return measure(opened)


def _print(name: str, result: dict[str, Any]) -> None:
    print(f"\n{result['what']}")
    if name in {"doors", "reads"}:
        print(performance.table(result))
        return
    for key, value in result.items():
        if key not in {"what", "measured_at", "load"}:
            print(f"  {key.replace('_', ' '):30} {value:>10}")


if __name__ == "__main__":
    main(sys.argv[1:])
