"""Run pytest under coverage, and refuse a domain that is not covered to its last branch, or a chassis covered less than before.

`run [pytest arguments]` ends with pytest's summary line when all is well; `report` prints what was not reached anywhere.
"""

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
DATA = ROOT / ".local" / "coverage"
FLOORS = {"services/*/*/domain.py,services/*/*/domain/*": 100, "libs/chassis/chassis/*": 99}
"""How much must be covered, in percent: the rules whole; what every service stands on as it is today, on its way to whole."""
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
    reports = [
        (floor, coverage("report", f"--include={files}", f"--omit={BUT}", f"--fail-under={floor}")) for files, floor in FLOORS.items()
    ]
    for floor, report in reports:
        if report.returncode:
            print(report.stdout, report.stderr, f"At least {floor} % of the branches must be covered here.", sep="\n")
    return max(report.returncode for _, report in reports)


def main() -> int:
    """Dispatch."""
    if sys.argv[1:2] == ["run"]:
        return run(sys.argv[2:])
    report = coverage("report")
    print(report.stdout, report.stderr)
    return report.returncode


if __name__ == "__main__":
    sys.exit(main())
