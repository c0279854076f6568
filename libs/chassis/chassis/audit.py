"""`python -m <service> audit`, and `python -m chassis.audit <service>=<database url>…` for several that have figures in common.

A service that can be audited has `usecases.audits` with `findings(session)`, sentences about what must not be in its database, and
`figures(session)`, what others have figures of too, by what they are of.
"""

import importlib
import sys
import time
from collections.abc import Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from itertools import pairwise

from chassis.database import Database
from chassis.errors import Unavailable

STATEMENT_TIMEOUT_SECONDS = 600
PATIENCE_SECONDS = 30
"""How long two services may differ: facts are on their way."""
WAIT_SECONDS = 1
BREACH = 1
NOT_AUDITED = 2


@dataclass(frozen=True, kw_only=True)
class Report:
    """What the audit of a service's database found."""

    package: str
    findings: Sequence[str]
    figures: Mapping[str, int]


def audit(package: str, database_url: str) -> Report:
    """Audit the database of a service."""
    audits = importlib.import_module(f"{package}.usecases.audits")
    database = Database(
        database_url, pool_size=1, statement_timeout_seconds=STATEMENT_TIMEOUT_SECONDS, application_name=f"comptoir-{package}-audit"
    )
    with closing(database), database.reading() as session:
        return Report(package=package, findings=audits.findings(session), figures=audits.figures(session))


def differences(reports: Sequence[Report]) -> list[str]:
    """Name each figure in which two services differ."""
    return [
        f"{figure}: {one.package} says {one.figures.get(figure, 0)}, {other.package} says {other.figures.get(figure, 0)}"
        for one, other in pairwise(reports)
        for figure in sorted({*one.figures, *other.figures})
        if one.figures.get(figure, 0) != other.figures.get(figure, 0)
    ]


def audit_all(databases: Mapping[str, str], *, patience_seconds: float = PATIENCE_SECONDS) -> list[str]:
    """Audit the databases of these services and what they have in common; give what is wrong, as sentences."""
    deadline = time.monotonic() + patience_seconds
    while True:
        reports = [audit(package, url) for package, url in databases.items()]
        wrong = [f"{report.package}: {finding}" for report in reports for finding in report.findings] + differences(reports)
        if not wrong or time.monotonic() > deadline:
            return wrong
        time.sleep(WAIT_SECONDS)


def main(arguments: Sequence[str], *, patience_seconds: float = PATIENCE_SECONDS) -> int:
    """Audit what the command line names; print what is wrong; the exit code is 0, `BREACH`, or `NOT_AUDITED` with a database away."""
    databases = dict(argument.split("=", 1) for argument in arguments)
    try:
        wrong = audit_all(databases, patience_seconds=patience_seconds)
    except Unavailable as away:
        sys.stderr.write(f"{', '.join(databases)}: nothing was audited. {away}\n")
        return NOT_AUDITED
    for sentence in wrong:
        sys.stdout.write(f"{sentence}\n")
    if not wrong:
        sys.stdout.write(f"{', '.join(databases)}: the books are right\n")
    return BREACH if wrong else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
