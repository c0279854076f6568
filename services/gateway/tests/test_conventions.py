"""What holds for every route: problems, bodies, headers, idempotency keys, context."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chassis import context as contexts
from chassis.errors import (
    MOST_ERRORS,
    DeadlineExceeded,
    InternalError,
    InvalidRequest,
    MalformedCall,
    Refusal,
    Refused,
    TooBusy,
    Unavailable,
)
from gateway.schemas.quotes import QuoteRequest

from .conftest import AGENCY_ID, KEY_ID, Front, assert_problem

ACCOUNT = "/v1/accounts/acc_01KAMV7Q9ZC4S2T1X8RJ5N6B3D"
QUOTE = {"pricing_version": "V3", "product": "EM", "plan": "Plus", "contacts": 1000, "frequency": "monthly"}

MakeFront = Callable[..., Front]


def refusing(refusal: Refusal) -> Callable[[dict[str, Any]], Any]:
    def refuse(_request: dict[str, Any]) -> Any:
        raise refusal

    return refuse


def refusal_of(kind: str, *, field: str | None = None) -> Refusal:
    class Named(Refusal):
        code = "some_code"
        message = "Some sentence."

    refusal = Named()
    refusal.kind = kind  # type: ignore[assignment]  # every kind in turn
    refusal.field = field
    return refusal


# --- problems ---------------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("kind", "status"),
    [
        ("malformed", 400),
        ("unauthenticated", 401),
        ("forbidden", 403),
        ("not_found", 404),
        ("conflict", 409),
        ("gone", 410),
        ("stale", 412),
        ("invalid", 422),
        ("too_many", 429),
        ("unavailable", 503),
        ("timeout", 504),
    ],
)
def test_every_kind_of_refusal_has_its_status(front: MakeFront, kind: str, status: int) -> None:
    answer = front(accounts__account=refusing(refusal_of(kind))).get(ACCOUNT)
    assert assert_problem(answer, status, "some_code")["detail"] == "Some sentence."


def test_a_refusal_about_a_field_names_it(front: MakeFront) -> None:
    answer = front(accounts__account=refusing(refusal_of("conflict", field="name"))).get(ACCOUNT)
    problem = assert_problem(answer, 409, "some_code", "name")
    assert problem["errors"] == [{"field": "name", "code": "some_code", "message": "Some sentence."}]


def test_a_refusal_about_the_selection_names_the_callers_words(front: MakeFront) -> None:
    def refusal(_request: dict[str, Any]) -> Any:
        raise InvalidRequest(errors=[{"field": "selection.plan", "code": "invalid", "message": "No."}])

    body = {
        "name": "acme",
        "client_name": "A",
        "client_email": "a@b.example",
        "country": "FR",
        "language": "fr",
        "time_zone": "Europe/Paris",
    }
    opened = front(accounts__open_account=refusal).post("/v1/accounts", {**body, "plan": QUOTE})
    assert_problem(opened, 422, "invalid_request", "plan.plan")
    quoted = front(billing__create_quote=refusal).post("/v1/quotes", QUOTE)
    assert_problem(quoted, 422, "invalid_request", "plan")


@pytest.mark.parametrize(("field", "shown"), [("selection", []), ("selection.plan", ["plan"]), ("selections", ["selections"])])
def test_a_flat_request_has_no_field_for_the_whole_selection(front: MakeFront, field: str, shown: list[str]) -> None:
    answer = front(billing__create_quote=refusing(refusal_of("conflict", field=field))).post("/v1/quotes", QUOTE)
    assert_problem(answer, 409, "some_code", *shown)


def test_what_is_unavailable_says_when_to_come_back(front: MakeFront) -> None:
    for refusal in (
        Unavailable(service="accounts", reason="it is away"),
        TooBusy(service="accounts", reason="too many calls are in flight"),
    ):
        answer = front(accounts__account=refusing(refusal)).get(ACCOUNT)
        assert_problem(answer, 503, refusal.code)
        assert int(answer.headers["Retry-After"]) > 0


def test_who_asks_too_often_is_told_when_to_come_back(front: MakeFront) -> None:
    refusal = Refused(kind="too_many", code="login_locked", message="Wait.", details={"retry_after_seconds": 299})
    answer = front(accounts__account=refusing(refusal)).get(ACCOUNT)
    assert assert_problem(answer, 429, "login_locked")["retry_after_seconds"] == 299
    assert answer.headers["Retry-After"] == "299"


def test_no_answer_in_time_is_a_gateway_timeout(front: MakeFront) -> None:
    answer = front(accounts__account=refusing(DeadlineExceeded(service="accounts", method="account"))).get(ACCOUNT)
    assert_problem(answer, 504, "deadline_exceeded")


@pytest.mark.parametrize("refusal", [InternalError(), MalformedCall(reason="no such method: acount"), refusal_of("internal")])
def test_a_failure_of_a_service_is_ours_and_says_nothing_of_it(front: MakeFront, refusal: Refusal) -> None:
    answer = front(accounts__account=refusing(refusal)).get(ACCOUNT)
    assert "Some sentence" not in assert_problem(answer, 500, "internal_error")["detail"]
    assert "acount" not in answer.text


def test_a_defect_gives_no_trace(front: MakeFront, capfd: pytest.CaptureFixture[str]) -> None:
    def defect(_request: dict[str, Any]) -> Any:
        raise ZeroDivisionError("a secret of ours")

    answer = front(accounts__account=defect).get(ACCOUNT)
    assert_problem(answer, 500, "internal_error")
    assert "secret of ours" not in answer.text
    written = capfd.readouterr()
    assert "ZeroDivisionError: a secret of ours" in written.out + written.err


def test_the_type_of_a_problem_leads_to_its_explanation(front: MakeFront) -> None:
    client = front()
    problem = assert_problem(client.get("/v1/nothing"), 404, "no_such_route")
    page, _, anchor = problem["type"].partition("#")
    assert f'id="{anchor}"' in client.get(page, key=None).text


@pytest.mark.parametrize(
    "path", ["/", "/v1", "/v1/accounts/", "//v1/accounts", "/v1/accounts/acc_short", f"{ACCOUNT}x", "/v1/accounts/%00", "/static/x"]
)
def test_an_unknown_address_is_not_found(front: MakeFront, path: str) -> None:
    assert_problem(front().get(path), 404, "no_such_route")


@pytest.mark.parametrize("method", ["DELETE", "OPTIONS", "PUT", "TRACE", "BREW"])
def test_a_wrong_method_is_told_the_right_ones(front: MakeFront, method: str) -> None:
    answer = front().send(method, "/v1/accounts")
    assert_problem(answer, 405, "method_not_allowed")
    assert answer.headers["Allow"] == "GET, HEAD, POST"


# --- bodies and queries -----------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "body",
    [
        b"{",
        b"[1]",
        b'"text"',
        b"null",
        b"\xff\xfe",
        b'{"contacts": NaN}',
        b'{"contacts": Infinity}',
        b'{"contacts": ' + b"9" * 5000 + b"}",
        b'{"contacts": 1e400}',
    ],
)
def test_a_body_that_is_no_json_object_is_malformed(front: MakeFront, body: bytes) -> None:
    answer = front().send("POST", "/v1/quotes", data=body, Content_Type="application/json")
    assert_problem(answer, 400, "malformed_request")


@pytest.mark.parametrize("body", [b'{"plan": "Pro", "plan": "Plus"}', b'{"plan": {"contacts": 1, "contacts": 1}}'])
def test_a_name_given_twice_is_malformed(front: MakeFront, body: bytes) -> None:
    answer = front().send("POST", "/v1/quotes", data=body, Content_Type="application/json")
    assert "a name twice" in assert_problem(answer, 400, "malformed_request")["detail"]


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "utf-32-le"])
def test_a_body_is_in_utf_8(front: MakeFront, encoding: str) -> None:
    answer = front().send("POST", "/v1/quotes", data=json.dumps(QUOTE).encode(encoding), Content_Type="application/json")
    assert_problem(answer, 400, "malformed_request")


@pytest.mark.parametrize("levels", [21, 100_000])
def test_a_deep_body_is_malformed(front: MakeFront, levels: int) -> None:
    body = b'{"a":' * levels + b"1" + b"}" * levels
    answer = front().send("POST", "/v1/quotes", data=body, Content_Type="application/json")
    assert "levels deep" in assert_problem(answer, 400, "malformed_request")["detail"]


@pytest.mark.parametrize("content_type", ["text/plain", "application/x-www-form-urlencoded", "application/xml", ""])
def test_another_media_type_is_refused(front: MakeFront, content_type: str) -> None:
    answer = front().send("POST", "/v1/quotes", data=json.dumps(QUOTE).encode(), Content_Type=content_type)
    assert_problem(answer, 415, "unsupported_media_type")


def test_a_body_over_a_megabyte_is_refused(front: MakeFront) -> None:
    answer = front().send("POST", "/v1/quotes", data=b" " * 1_000_001, Content_Type="application/json")
    assert_problem(answer, 413, "body_too_large")


def test_unknown_fields_are_refused_by_name(front: MakeFront) -> None:
    answer = front().post("/v1/quotes", {**QUOTE, "colour": "red", "size": {"of": "what"}})
    assert_problem(answer, 422, "invalid_request", "colour", "size")
    messages = {error["message"] for error in (answer.json or {})["errors"]}
    assert messages == {f"Unknown field: possible are {', '.join(QuoteRequest().load_fields)}."}


def test_no_request_has_its_shape_made_anew(front: MakeFront, monkeypatch: pytest.MonkeyPatch) -> None:
    """To make a schema costs as much as to read a request by it."""
    client, made = front(), []
    monkeypatch.setattr(QuoteRequest, "__init__", lambda *_, **__: made.append("one"))
    assert client.post("/v1/quotes", {**QUOTE, "colour": "red"}).status_code == 422
    assert made == []


def test_of_very_many_unknown_fields_the_first_are_named_and_the_others_counted(front: MakeFront) -> None:
    answer = front().post("/v1/quotes", {**QUOTE, **{f"colour{number:05}": 1 for number in range(50_000)}})
    assert_problem(answer, 422, "invalid_request", *(f"colour{number:05}" for number in range(MOST_ERRORS)))
    assert (answer.json or {})["detail"].endswith(" (and 49999 more)")
    assert len(answer.data) < 50_000


def test_nested_fields_are_named_by_their_path(front: MakeFront) -> None:
    answer = front().post("/v1/credits/prepaid/purchases", {"amount": {"amount": 1, "currency": "EUR", "colour": "red"}})
    assert_problem(answer, 422, "invalid_request", "amount.colour")


@pytest.mark.parametrize("amount", [0, -1, 1.5, 100.0, True, "100", None, 10**12 + 1, 10**40])
def test_an_amount_is_a_positive_integer_that_fits(front: MakeFront, amount: object) -> None:
    answer = front().post("/v1/credits/prepaid/purchases", {"amount": {"amount": amount, "currency": "EUR"}})
    assert_problem(answer, 422, "invalid_request", "amount.amount")


def test_texts_that_cannot_be_kept_are_refused_by_name(front: MakeFront) -> None:
    client = front()
    for text in ("a\0b", "a\ud800b"):
        assert_problem(client.post("/v1/quotes", {**QUOTE, "country": text}), 422, "invalid_request", "country")
        assert_problem(client.post("/v1/quotes", {**QUOTE, "list": [{"inner": text}]}), 422, "invalid_request", "list.inner")
        assert_problem(
            client.post("/v1/quotes", {f"x{text}": 1}), 422, "invalid_request", f"x{text}".replace(text[1], "\N{REPLACEMENT CHARACTER}")
        )
    assert_problem(client.get("/v1/accounts?q=a%00b"), 422, "invalid_request", "q")


@pytest.mark.parametrize(
    "path", ["/v1/accounts?colour=red", f"{ACCOUNT}?colour=red", "/v1/accounts/name-availability?name=acme&colour=red"]
)
def test_unknown_query_parameters_are_refused_by_name(front: MakeFront, path: str) -> None:
    assert_problem(front().get(path), 422, "invalid_request", "colour")


def test_a_query_on_a_command_is_refused(front: MakeFront) -> None:
    assert_problem(front().post(f"{ACCOUNT}/credentials?key"), 422, "invalid_request", "key")
    assert_problem(front().post(f"{ACCOUNT}/credentials?&"), 422, "invalid_request", "?")


@pytest.mark.parametrize("limit", ["0", "201", "many", "-1", "1.5", ""])
def test_a_page_has_1_to_200_entries(front: MakeFront, limit: str) -> None:
    assert_problem(front().get(f"/v1/accounts?limit={limit}"), 422, "invalid_request", "limit")


values = st.recursive(
    st.none() | st.booleans() | st.text() | st.integers() | st.floats(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=5,
)
members = st.dictionaries(st.sampled_from([*QUOTE, "account_id", "country", "colour"]) | st.text(), values)


def test_no_body_makes_us_fail(front: MakeFront) -> None:
    client = front(billing__create_quote=refusing(refusal_of("conflict")))

    @settings(max_examples=150, deadline=None)
    @given(body=st.binary(max_size=200) | values | members | members.map(lambda changes: {**QUOTE, **changes}))
    def answers_with_a_problem(body: Any) -> None:
        data = body if isinstance(body, bytes) else json.dumps(body).encode()
        answer = client.send("POST", "/v1/quotes", data=data, Content_Type="application/json")
        assert answer.status_code in {400, 409, 422}
        assert answer.content_type == "application/problem+json"

    answers_with_a_problem()


# --- headers ----------------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("path", ["/healthz", "/docs", "/v1/openapi.json", "/v1/asyncapi.json", "/v1/nothing", ACCOUNT])
def test_every_answer_carries_the_security_headers(front: MakeFront, path: str) -> None:
    headers = front(accounts__account=refusing(refusal_of("not_found"))).get(path).headers
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Referrer-Policy"] == "no-referrer"
    assert "default-src 'none'" in headers["Content-Security-Policy"]
    assert "max-age" in headers["Strict-Transport-Security"]
    assert len(headers.getlist("Content-Security-Policy")) == len(headers.getlist("Cache-Control")) == 1


def test_what_a_key_opens_is_kept_by_no_cache(front: MakeFront) -> None:
    page: dict[str, Any] = {"data": [], "next_cursor": None, "total": 0}
    assert front(accounts__accounts=lambda _: page).get("/v1/accounts").headers["Cache-Control"] == "no-store"


def test_a_request_id_is_made(front: MakeFront) -> None:
    client = front()
    made = [client.get("/healthz").headers["X-Request-Id"] for _ in range(2)]
    assert made[0] != made[1]
    assert all(request_id.startswith("req_") for request_id in made)


def test_a_request_id_is_accepted(front: MakeFront) -> None:
    assert front().get("/healthz", X_Request_Id="support-case:4711").headers["X-Request-Id"] == "support-case:4711"


@pytest.mark.parametrize("request_id", ["", "a b", "x" * 129, "naïve", 'a"b'])
def test_an_odd_request_id_is_replaced(front: MakeFront, request_id: str) -> None:
    assert front().get("/healthz", X_Request_Id=request_id).headers["X-Request-Id"].startswith("req_")


def test_the_services_see_who_asks_and_the_trace_goes_on(front: MakeFront) -> None:
    seen: list[contexts.Context] = []

    def account(_request: dict[str, Any]) -> Any:
        seen.append(contexts.current())
        raise refusal_of("not_found")

    trace = "4bf92f3577b34da6a3ce929d0e0e4736"
    client = front(accounts__account=account)
    client.get(ACCOUNT, X_Request_Id="case-1", traceparent=f"00-{trace}-00f067aa0ba902b7-01")
    client.get(ACCOUNT, traceparent="nonsense")
    assert (seen[0].request_id, seen[0].agency_id, seen[0].actor) == ("case-1", AGENCY_ID, KEY_ID)
    assert seen[0].trace_id() == trace
    assert seen[0].traceparent != f"00-{trace}-00f067aa0ba902b7-01"
    assert seen[1].trace_id() != trace
    assert contexts.current_or_none() is None


def test_an_idempotency_key_is_passed_on(front: MakeFront) -> None:
    client = front(billing__create_quote=refusing(refusal_of("conflict")))
    client.post("/v1/quotes", QUOTE, Idempotency_Key="order 4711")
    client.post("/v1/quotes", QUOTE)
    asked, given, ours = client.services.call.keys
    assert (asked, given) == (None, "order 4711")
    assert ours is not None, "a command without a key gets one of ours"


@pytest.mark.parametrize("key", ["", "a\tb", "x" * 256, "clé"])
def test_an_odd_idempotency_key_is_refused_by_name(front: MakeFront, key: str) -> None:
    client = front(billing__create_quote=refusing(refusal_of("conflict")))
    assert_problem(client.post("/v1/quotes", QUOTE, Idempotency_Key=key), 422, "invalid_request", "Idempotency-Key")
    assert client.services.asked() == []
