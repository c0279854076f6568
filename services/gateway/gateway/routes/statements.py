"""Statements of what was owed, paid and held month by month, and the plan of what to buy ahead."""

from http import HTTPStatus

from chassis.fields import format_instant
from gateway.auth import Caller, Scope
from gateway.clients import Json, services
from gateway.routes import Routes
from gateway.schemas import PageRequest, page_of, shown, shown_page
from gateway.schemas.statements import PlanRequest, PrepaidPlan, Statement, StatementOfMonth

routes = Routes("statements", "What was owed, paid and held, month by month; and how much prepaid to buy for what comes.")
show = shown(Statement)
show_months = shown_page(shown(StatementOfMonth))
show_plan = shown(PrepaidPlan)


@routes.get("/v1/statements", scope=Scope.BILLING_READ, query=PageRequest, answer=page_of(StatementOfMonth))
def list_statements(caller: Caller, query: Json) -> Json:
    """List the months that there are statements of, the newest first."""
    return show_months(services().billing.ask("statements", agency_id=caller.agency_id, **query))


@routes.get("/v1/statements/<month:month>", scope=Scope.BILLING_READ, answer=Statement, refuses=(HTTPStatus.NOT_FOUND,))
def get_statement(caller: Caller, *, month: str) -> Json:
    """Show a month (UTC): invoices open before and after, what was invoiced, paid and credited between; and the same of prepaid."""
    owed = services().billing.ask("statement", agency_id=caller.agency_id, month=month)
    time = {name: owed[name] for name in ("currency", "start", "end")}
    held = services().credits.ask("statement", agency_id=caller.agency_id, kind="prepaid", **time)
    return show({**owed, "prepaid": prepaid_of(held)})


def prepaid_of(held: Json) -> Json:
    """Write credits' part of a statement in money."""
    sums = ("opening", "purchased", "granted", "returned", "spent", "expired", "closing")
    return {name: {"amount": held[name], "currency": held["currency"]} for name in sums}


@routes.get("/v1/credits/prepaid/plan", scope=Scope.CREDITS_READ, query=PlanRequest, answer=PrepaidPlan, refuses=(HTTPStatus.CONFLICT,))
def plan_prepaid(caller: Caller, query: Json) -> Json:
    """Say exactly how much prepaid to buy now, so that the card pays for no renewal until the next 1st, or `until` (R0.63)."""
    until = {name: format_instant(moment) for name, moment in query.items()}
    return show_plan(services().billing.ask("prepaid_plan", agency_id=caller.agency_id, **until))
