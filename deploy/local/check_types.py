"""Run mypy over the code in one go, then over each folder of tests by itself.

Every service has a `tests/test_domain.py` and a `migrations/env.py`: to mypy these would be the same module.
"""

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def runs() -> list[list[str]]:
    """Return what to check, run by run; the first one is what the others import."""
    services = sorted(path.parent for path in ROOT.glob("services/*/*/__init__.py") if path.parent.name == path.parent.parent.name)
    code = [ROOT / "libs/chassis/chassis", *services, ROOT / "deploy/local"]
    if any((ROOT / "bench").glob("*.py")):
        code.append(ROOT / "bench")
    alone = [
        [ROOT / "libs/chassis/tests"],
        [ROOT / "tests"],
        *([service.parent / "tests", service.parent / "migrations"] for service in services),
    ]
    present = [[folder for folder in run if any(folder.rglob("*.py"))] for run in alone]
    return [[str(path) for path in run] for run in [code, *present] if run]


def main() -> int:
    """Check everything; say which run failed."""
    failed = 0
    for run in runs():
        result = subprocess.run([sys.executable, "-m", "mypy", *run], cwd=ROOT, check=False, timeout=600)
        failed = failed or result.returncode
    return failed


if __name__ == "__main__":
    sys.exit(main())
