"""Claims about what operations say that they refuse, about what that is read from, and about the page that explains it."""

import json
import re

import pytest

from tests.architecture.tree import ROOT, hold

from .golden import examples
from .refusals import PAGE, SHOWN, TARGET, codes_of, page, written
from .rpc import RPC
from .surface import SERVICES, methods, refusals
from .test_front_door import OPERATIONS, REFUSAL, Operation

GOLDEN = examples(ROOT / RPC)
CALLS = re.compile(r"^\| (?:command|commands|query|queries) (?P<methods>[^|]*)\|(?P<does>[^|]*)\|(?P<refuses>.*)\|$", re.MULTILINE)
WORD = re.compile(r"`([a-z_]+)`")


def test_the_gateway_has_what_is_read_off_the_code() -> None:
    assert TARGET.read_text() == written(), "what may be refused is something else by now: `make openapi` reads it again"


def test_every_code_is_explained_on_the_page() -> None:
    assert PAGE.read_text() == page(), "docs/errors.md lists other codes than may come: `make openapi` writes it again"


@pytest.mark.parametrize("operation", OPERATIONS, ids=str)
def test_each_status_that_is_no_success_says_its_codes(operation: Operation) -> None:
    said = {status for status in operation.said["responses"] if int(status) >= REFUSAL}
    codes = operation.said["x-codes"]
    assert codes.keys() == said, f"{operation}: `refuses` of its route says other statuses than what it calls refuses with"
    assert [status for status in codes if not codes[status]] == [], f"{operation} never answers so: its `refuses` says too much"


def test_what_the_example_of_a_method_refuses_is_read_off_its_code() -> None:
    wrong = [
        f"{RPC}/{name}.json refuses with {example['refusal']['code']}, which {name} never names."
        for name, example in GOLDEN.items()
        if example["refusal"] is not None and example["refusal"]["code"] not in {*codes_of(name), "malformed_call", "invalid_request"}
    ]
    hold(wrong)


def test_what_a_readme_says_that_a_method_refuses_is_read_off_its_code() -> None:
    known = {refusal.code for refusal in refusals()}
    wrong = []
    for service in SERVICES:
        for row in CALLS.finditer((ROOT / "services" / service / "README.md").read_text()):
            names = [f"{service}/{name}" for name in WORD.findall(row["methods"]) if f"{service}/{name}" in methods()]
            found = {code for name in names for code in codes_of(name)}
            wrong += [
                f"services/{service}/README.md says that {', '.join(names)} refuses with {code}, which the code never does."
                for code in WORD.findall(row["refuses"])
                if code in known and code not in found and not SHOWN.keys() & set(names)
            ]
    hold(wrong)


# --- the reading, by what it must find ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("method", "code", "why"),
    [
        ("accounts/account", "account_not_found", "raised by what the door calls"),
        ("accounts/enable_account", "suspension_not_yours", "in the row of the table that the command names"),
        ("accounts/create_account_user", "username_taken", "refused by identity, which is asked"),
        ("accounts/update_account_user", "version_mismatch", "of the chassis"),
        ("billing/add_billing_profile", "payment_method_declined", "of whichever provider there is"),
        ("billing/create_quote", "country_unknown", "raised by the method of a thing"),
        ("billing/purchase_credits", "idempotency_key_reused", "of every command"),
    ],
)
def test_a_refusal_is_found(method: str, code: str, why: str) -> None:
    assert code in codes_of(method), why


@pytest.mark.parametrize(
    ("method", "code", "why"),
    [
        ("accounts/disable_account", "suspension_not_yours", "in the row of another command"),
        ("accounts/name_availability", "name_reserved", "shown, not raised"),
        ("accounts/account", "idempotency_key_reused", "a query has none"),
        ("billing/hear_provider", "payment_not_found", "caught"),
        ("identity/update_portal_user", "internal_error", "nobody is told which of ours it was"),
    ],
)
def test_what_never_comes_is_not_said(method: str, code: str, why: str) -> None:
    assert code not in codes_of(method), why


def test_one_code_is_of_one_kind() -> None:
    kinds: dict[str, set[str]] = {}
    for name in methods():
        for code, kind in codes_of(name).items():
            kinds.setdefault(code, set()).add(kind)
    assert {code: found for code, found in kinds.items() if len(found) > 1} == {}


def test_what_is_shown_and_not_raised_is_a_method() -> None:
    assert SHOWN.keys() <= methods().keys()
    assert json.loads(TARGET.read_text()).keys() == {str(operation) for operation in OPERATIONS}
