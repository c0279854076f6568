"""Questions about renewals: which are due, and periods begun by the run."""

import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, cast

from sqlalchemy import ColumnElement, Row, Table, Text, delete, func, select, text
from sqlalchemy import cast as cast_to
from sqlalchemy.orm import Session

from billing.models import Account, Renewal, Subscription
from chassis.clocks import is_due, now_for

SUBSCRIPTION = cast("Table", Subscription.__table__)
OF_A_RENEWAL = (
    *("account_id", "agency_id", "period_start", "period_end", "anchored_at", "time_zone"),
    *("currency", "per_cycle_minor", "billing_profile_id"),
)

COLUMNS = {
    "account_id": "text",
    "agency_id": "text",
    "invoice_id": "text",
    "number": "text",
    "billing_profile_id": "text",
    "currency": "text",
    "per_cycle_minor": "bigint",
    "description": "text",
    "previous_start": "timestamptz",
    "period_start": "timestamptz",
    "period_end": "timestamptz",
    "replaced": "jsonb",
    "issued_at": "timestamptz",
}
"""What `insert_renewals` takes of each, and its type."""

INSERT_RENEWALS = text(f"""
    WITH begun AS MATERIALIZED (
        SELECT {", ".join(f"CAST({name} AS {kind}) AS {name}" for name, kind in COLUMNS.items())}
        FROM ROWS FROM ({", ".join(f"json_array_elements_text(CAST(:{name} AS json))" for name in COLUMNS)}) AS b ({", ".join(COLUMNS)})
    ), issued AS (
        INSERT INTO invoices
            (id, agency_id, number, purpose, account_id, billing_profile_id, issued_to, currency, total_minor, line_count, issued_at)
        SELECT invoice_id, b.agency_id, number, :purpose, account_id, billing_profile_id,
            jsonb_build_object('name', agencies.name, 'address', profiles.invoice_address), b.currency, per_cycle_minor, 1, issued_at
        FROM begun AS b
        LEFT JOIN agencies ON agencies.id = b.agency_id
        LEFT JOIN billing_profiles AS profiles ON profiles.id = b.billing_profile_id
    ), lines AS (
        INSERT INTO invoice_lines (invoice_id, position, description, reason, amount_minor, period_start, period_end)
        SELECT invoice_id, 1, description, :line_reason, per_cycle_minor, period_start, period_end FROM begun
    ), renewed AS (
        INSERT INTO renewals (account_id, period_start, invoice_id, previous_start, replaced)
        SELECT account_id, period_start, invoice_id, previous_start, replaced FROM begun
    )
    UPDATE subscriptions AS s SET period_start = begun.period_start, period_end = begun.period_end
    FROM begun WHERE s.account_id = begun.account_id
""")  # noqa: S608  names and types of columns, from above


def renewals_due(session: Session, *, platform_now: datetime, limit: int) -> Sequence[Row[*tuple[Any, ...]]]:
    """List at most `limit` subscriptions whose period is over in the time of their agency, the longest first, locked with their account.

    Those that somebody else works on are left to them. As plain rows, with the agency's `now`, and the selection as text: there are many.
    """
    columns = [SUBSCRIPTION.c[name] for name in OF_A_RENEWAL]
    selection = cast_to(SUBSCRIPTION.c.selection, Text).label("selection")
    now = now_for(SUBSCRIPTION.c.agency_id, platform_now=platform_now).label("now")
    question = (
        select(*columns, selection, now)
        .join(Account, Account.id == SUBSCRIPTION.c.account_id)
        .where(_is_due(platform_now), Account.failed_at.is_(None))
        .order_by(SUBSCRIPTION.c.period_end)
        .limit(limit)
    )
    return session.execute(question.with_for_update(of=(Account, SUBSCRIPTION), skip_locked=True)).all()


def how_many_are_due(session: Session, *, platform_now: datetime) -> tuple[int, datetime | None]:
    """Count the subscriptions whose period is over, and say since when the longest is."""
    due = select(func.count(), func.min(SUBSCRIPTION.c.period_end)).where(_is_due(platform_now))
    count, since = session.execute(due).one()
    return count, since


def renewed_since(session: Session, *, invoice_id: str) -> int:
    """Count the periods begun since an invoice could have had this id; ids sort by time."""
    return session.execute(select(func.count()).select_from(Renewal).where(Renewal.invoice_id >= invoice_id)).scalar_one()


def insert_renewals(session: Session, begun: Sequence[Mapping[str, Any]], *, purpose: str, line_reason: str) -> None:
    """Begin these periods, all in one statement: the invoice with its line, the proof that it began, and the subscription moved on."""
    columns = {name: json.dumps([each[name] for each in begun], default=datetime.isoformat) for name in COLUMNS}
    session.execute(INSERT_RENEWALS, {**columns, "purpose": purpose, "line_reason": line_reason})


def renewals_from(session: Session, *, account_id: str, moment: datetime) -> Sequence[Renewal]:
    """List the periods of the account that began at `moment` or later, the latest first."""
    question = select(Renewal).where(Renewal.account_id == account_id, Renewal.period_start >= moment)
    return session.scalars(question.order_by(Renewal.period_start.desc())).all()


def remove_renewal(session: Session, renewal: Renewal) -> None:
    """Take back that a period was begun, so that it can begin again."""
    session.execute(delete(Renewal).where(Renewal.account_id == renewal.account_id, Renewal.period_start == renewal.period_start))


def _is_due(platform_now: datetime) -> ColumnElement[bool]:
    due = is_due(SUBSCRIPTION.c.period_end, agency_id=SUBSCRIPTION.c.agency_id, platform_now=platform_now)
    return due & (SUBSCRIPTION.c.standing == "renewed")
