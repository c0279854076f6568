"""Run pytest under coverage, and refuse a domain or a chassis that is not covered to its last branch.

`run [pytest arguments]` ends with pytest's summary line when all is well; `report` prints what was not reached anywhere.
"""

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
DATA = ROOT / ".local" / "coverage"
WHOLE = "services/*/*/domain.py,services/*/*/domain/*,libs/chassis/chassis/*"
"""What must be covered to its last branch: the rules, and what every service stands on."""
BUT = "libs/chassis/chassis/testing/*"
"""The tests' own library, which says more when a test fails than when none does."""


def coverage(*arguments: str) -> subprocess.CompletedProcess[str]:
    """Run coverage on the collected data."""
    return subprocess.run(
        [sys.executable, "-m", "coverage", *arguments], cwd=ROOT, capture_output=True, text=True, check=False, timeout=300
    )


def run(arguments: list[str]) -> int:
    """Run the tests, then check what must be covered whole; silent when it is."""
    DATA.mkdir(parents=True, exist_ok=True)
    for old in DATA.glob("data*"):
        old.unlink()
    tests = subprocess.run([sys.executable, "-m", "coverage", "run", "-m", "pytest", *arguments], cwd=ROOT, check=False)
    if tests.returncode:
        return tests.returncode
    coverage("combine")
    report = coverage("report", f"--include={WHOLE}", f"--omit={BUT}", "--fail-under=100")
    if report.returncode:
        print(report.stdout, report.stderr, "Every branch must be covered here.", sep="\n")
    return report.returncode


def main() -> int:
    """Dispatch."""
    if sys.argv[1:2] == ["run"]:
        return run(sys.argv[2:])
    report = coverage("report")
    print(report.stdout, report.stderr)
    return report.returncode


if __name__ == "__main__":
    sys.exit(main())
