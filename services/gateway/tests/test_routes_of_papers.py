"""Quotes with what they draw on, documents as PDF, statements and the plan of prepaid."""

import json
from base64 import b64encode
from collections.abc import Callable
from typing import Any

import pytest

from gateway.routes.quotes import draws_of
from gateway.schemas.examples import ID_END, example_of
from gateway.schemas.statements import PrepaidPlan, Statement

from .conftest import AGENCY_ID, Front, assert_problem
from .pages import refusing
from .test_routes import ACCOUNT_ID, INVOICE_ID, RPC_QUOTE

MakeFront = Callable[..., Front]
NOTE_ID = f"cn{ID_END}"
PDF = b"%PDF-1.7 of a test"
NOW, LATER = "2026-01-31T10:00:00Z", "2026-02-28T10:00:00Z"


def euros(amount: int) -> dict[str, Any]:
    return {"amount": amount, "currency": "EUR"}


def quoted(*, due_today: int, per_cycle: int = 3920, takes_effect_at: str | None = None) -> dict[str, Any]:
    offer = {"due_today": euros(due_today), "per_cycle": euros(per_cycle)}
    return {**RPC_QUOTE, "account_id": ACCOUNT_ID, "offer": offer, "takes_effect_at": takes_effect_at, "created_at": NOW}


def pots(own: list[tuple[int, str | None]], shared: list[tuple[int, str | None]]) -> dict[str, Any]:
    def lots(of: list[tuple[int, str | None]]) -> list[dict[str, Any]]:
        return [{"units": units, "expires_at": expires_at} for units, expires_at in of]

    others = [{"account_id": f"acc{ID_END[:-1]}E", "units": 99, "lots": lots([(99, None)])}]
    mine = [{"account_id": ACCOUNT_ID, "units": 0, "lots": lots(own)}] if own else []
    return {"agency": {"units": 0, "lots": lots(shared)}, "accounts": [*others, *mine], "currency": "EUR"}


@pytest.mark.parametrize(
    ("quote", "own", "shared", "draws"),
    [
        (quoted(due_today=3920), [], [], (0, 0, 3920)),
        (quoted(due_today=3920), [(1000, None)], [(500, None)], (1000, 500, 2420)),
        (quoted(due_today=3920), [(5000, LATER)], [(500, None)], (3920, 0, 0)),
        (quoted(due_today=3920), [(1000, NOW)], [(9000, LATER), (1, NOW)], (0, 3920, 0)),
        (quoted(due_today=0), [(1000, None)], [(500, None)], (0, 0, 0)),
        (quoted(due_today=0, per_cycle=1200, takes_effect_at=LATER), [(700, LATER)], [(500, None)], (0, 500, 700)),
    ],
    ids=["card alone", "all three", "the account's is enough", "what has expired does not pay", "nothing due", "what waits is paid then"],
)
def test_a_quote_says_what_its_charge_draws_on(
    quote: dict[str, Any], own: list[tuple[int, str | None]], shared: list[tuple[int, str | None]], draws: tuple[int, int, int]
) -> None:
    """R0.103, R0.104, R0.105."""
    names = ("account_prepaid", "agency_prepaid", "card")
    assert draws_of(quote, pots(own, shared)) == {name: euros(amount) for name, amount in zip(names, draws, strict=True)}


def test_a_quote_is_shown_with_its_draws(front: MakeFront) -> None:
    full = {**RPC_QUOTE, "offer": {**RPC_QUOTE["offer"], "due_today": euros(3920)}}
    client = front(billing__quote=lambda _: full, credits__pots=lambda _: pots([], [(1000, None)]))
    shown = json.loads(client.get(f"/v1/quotes/{full['id']}").data)
    assert shown["draws"] == {"account_prepaid": euros(0), "agency_prepaid": euros(1000), "card": euros(2920)}


def test_a_quote_that_credits_refuses_to_look_at_is_not_shown_without_a_word(front: MakeFront) -> None:
    client = front(billing__quote=lambda _: RPC_QUOTE, credits__pots=refusing("invalid", "currency_needed"))
    assert client.get(f"/v1/quotes/{RPC_QUOTE['id']}").status_code == 422


def test_a_renewal_is_quoted_by_its_account_alone(front: MakeFront) -> None:
    client = front(billing__create_quote=lambda _: RPC_QUOTE)
    assert client.post("/v1/quotes", {"account_id": ACCOUNT_ID, "purpose": "renewal"}).status_code == 201
    ((_, asked),) = client.services.asked()
    assert (asked["selection"], asked["purpose"], asked["account_id"]) == (None, "renewal", ACCOUNT_ID)


def test_half_a_selection_is_refused_by_what_is_missing(front: MakeFront) -> None:
    assert_problem(front().post("/v1/quotes", {"product": "EM"}), 422, "invalid_request", "pricing_version", "plan")


@pytest.mark.parametrize(
    ("path", "method"),
    [(f"/v1/invoices/{INVOICE_ID}.pdf", "billing__invoice_pdf"), (f"/v1/credit-notes/{NOTE_ID}.pdf", "billing__credit_note_pdf")],
)
def test_a_document_is_a_file_that_a_caller_need_not_fetch_twice(front: MakeFront, path: str, method: str) -> None:
    """R0.67."""
    client = front(**{method: lambda _: {"filename": "INV-000042.pdf", "content": b64encode(PDF).decode()}})
    answer = client.get(path)
    assert (answer.status_code, answer.data, answer.content_type) == (200, PDF, "application/pdf")
    assert answer.headers["Content-Disposition"] == 'attachment; filename="INV-000042.pdf"'
    again = client.get(path, If_None_Match=answer.headers["ETag"])
    assert (again.status_code, again.data, again.headers["ETag"]) == (304, b"", answer.headers["ETag"])


def test_a_statement_is_billings_part_beside_that_of_credits(front: MakeFront) -> None:
    example = example_of(Statement)
    sums = ("opening", "purchased", "granted", "returned", "spent", "expired", "closing")
    held = {"kind": "prepaid", "currency": "EUR", **dict.fromkeys(sums, 4900)}
    client = front(
        billing__statement=lambda _: {name: value for name, value in example.items() if name != "prepaid"},
        credits__statement=lambda _: held,
    )
    answer = client.get("/v1/statements/2026-01")
    assert json.loads(answer.data) == example
    time = {name: example[name] for name in ("currency", "start", "end")}
    assert client.services.asked() == [
        ("billing.statement", {"agency_id": AGENCY_ID, "month": "2026-01"}),
        ("credits.statement", {"agency_id": AGENCY_ID, "kind": "prepaid", **time}),
    ]
    for month in ("2026-13", "2026", "0000-01"):
        assert_problem(front().get(f"/v1/statements/{month}"), 404, "no_such_route")


def test_the_plan_is_asked_for_until_a_moment_or_the_next_first(front: MakeFront) -> None:
    """R0.63."""
    client = front(billing__prepaid_plan=lambda _: example_of(PrepaidPlan))
    assert json.loads(client.get("/v1/credits/prepaid/plan").data) == example_of(PrepaidPlan)
    client.get("/v1/credits/prepaid/plan?until=2026-03-01T01:00:00%2B01:00")
    until = {"until": "2026-03-01T00:00:00Z"}
    assert client.services.asked() == [("billing.prepaid_plan", {"agency_id": AGENCY_ID, **each}) for each in ({}, until)]
