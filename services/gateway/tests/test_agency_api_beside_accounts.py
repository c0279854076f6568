"""What the calls of the agency API ask and answer about plans, credit, links and looks."""

from typing import Any
from xml.etree.ElementTree import fromstring

import phpserialize
import pytest

from gateway.agency_api import PATHS

from .agency_calls import ACCOUNT, get, keys_of, platform_of, post, told
from .conftest import AGENCY_ID, KEY, Front
from .test_routes import ACCOUNT_ID, RPC_AGENCY, MakeFront


@pytest.fixture
def client(front: MakeFront) -> Front:
    """A platform with one account, acme."""
    return platform_of(front)


def test_plans_are_shown_by_number_with_their_prices(client: Front) -> None:
    plans = get(client, "account_plans")["plans"]
    assert list(plans) == ["2", "7", "8"]
    assert plans["8"] == {
        "id": "8",
        "term": "12",
        "tier": "Plus",
        "price": "470.40",
        "currency": "EUR",
        "price_formatted": "€470.40",
        "limit_mail": "0",
        "limit_mail_formatted": "Unlimited",
        "limit_sub": "1000",
        "limit_sub_formatted": "1,000",
        "style": "EM",
        "type": "paid",
        "emailtestcredits": "0",
        "smscredits": "0",
        "term_formatted": "Yearly",
        "term_formatted_per": "per year",
        "term_formatted_id": "annual",
        "term_formatted_ly": "yearly",
        "term_formatted_short": "yr",
        "price_permonth_formatted": "€39.20",
        "price_permonth_formatted_short": "39.20",
        "price2show": "470.40",
        "price2show_formatted": "€470.40",
    }
    assert (plans["2"]["term"], plans["2"]["price"], plans["2"]["limit_mail_formatted"]) == ("0", "0.00", "100")


def test_of_an_account_those_plans_are_shown_that_it_can_change_to(front: MakeFront) -> None:
    """R1.14: nothing becomes a trial or a sandbox."""
    allowed = {"action": "change_plan", "allowed": True, "code": None, "reason": None, "until": None}
    refused = {**allowed, "allowed": False, "code": "kind_stays", "reason": "A sandbox account never becomes paid."}

    def client(change: dict[str, Any]) -> Front:
        enable = {**refused, "action": "enable"}
        return platform_of(front, accounts__actions=lambda _: {"status": "active", "suspensions": [], "data": [enable, change]})

    may = client(allowed)
    assert list(get(may, "account_plans", account="acme")["plans"]) == ["7", "8"]
    assert told(may, "accounts.actions") == [{"account_id": ACCOUNT["id"]}]
    said = get(client(refused), "account_plans", account="acme")
    assert (said["result_code"], said["result_message"]) == (0, refused["reason"])
    assert get(may, "account_plans", account="elsewhere.comptoir.example")["result_code"] == 0


def test_maps_by_number_are_rows_in_xml_and_numbers_in_php(client: Front) -> None:
    query = {"api_key": KEY, "api_action": "account_plans"}
    root = fromstring(client._client.get(PATHS[0], query_string=query).data)  # noqa: S314  our own
    assert [row.findtext("id") for row in root.findall("plans/row")] == ["2", "7", "8"]
    php = phpserialize.loads(client._client.get(PATHS[0], query_string={**query, "api_output": "serialize"}).data, decode_strings=True)
    assert list(php["plans"]) == [2, 7, 8]


@pytest.mark.parametrize(
    ("action", "parameters", "kind"),
    [
        ("account_credits_apply", {"kind": "sms"}, "sms"),
        ("account_credits_apply", {"kind": "inbox_preview"}, "inbox_preview"),
        ("account_emailtest_credits_apply", {}, "inbox_preview"),
    ],
)
def test_credit_is_handed_to_an_account_once_for_the_same_call(client: Front, action: str, parameters: dict[str, str], kind: str) -> None:
    given = {"account": "acme", "credits": "30", **parameters}
    for _ in range(2):
        said = post(client, action, given)
        assert said["result_message"] == f"The account has 30 of {kind} now, and you have 70."
    assert told(client, "credits.allocate_credits") == [{"kind": kind, "account_id": ACCOUNT["id"], "units": 30}] * 2
    first, again = keys_of(client, "credits.allocate_credits")
    assert first == again


@pytest.mark.parametrize(
    ("currency", "amount", "units", "words"),
    [
        ("EUR", "49.00", 4900, "The account has 0.30 EUR of prepaid credit now, and you have 0.70 EUR."),
        ("EUR", "49", 4900, "The account has 0.30 EUR"),
        ("EUR", "0.5", 50, "The account has 0.30 EUR"),
        ("JPY", "4900", 4900, "The account has 30 JPY of prepaid credit now, and you have 70 JPY."),
    ],
)
def test_prepaid_credit_is_money_as_prices_are(front: MakeFront, currency: str, amount: str, units: int, words: str) -> None:
    """Trap: a number of cents, where everything else that such programs read is in the currency's main unit."""
    client = platform_of(front, identity__agency=lambda _: {**RPC_AGENCY, "currency": currency})
    said = get(client, "account_credits_apply", account="acme", credits=amount)
    assert said["result_message"].startswith(words)
    asked = {"kind": "prepaid", "account_id": ACCOUNT["id"], "units": units, "currency": currency}
    assert told(client, "credits.allocate_credits") == [asked]
    get(client, "account_credits_apply", account="acme", credits=amount)
    first, again = keys_of(client, "credits.allocate_credits")
    assert first == again


@pytest.mark.parametrize(
    ("amount", "words"),
    [
        ("0.00", "it is an amount in EUR above 0, as prices of account_plans are."),
        ("1.005", "it is a number as 10.00."),
        ("1,5", "it is a number as 10.00."),
        ("-1", "it is a number as 10.00."),
        ("1e3", "it is a number as 10.00."),
        ("1" * 10, "it is a number as 10.00."),
    ],
)
def test_what_is_no_amount_moves_nothing(client: Front, amount: str, words: str) -> None:
    said = get(client, "account_credits_apply", account="acme", credits=amount)
    assert (said["result_code"], said["result_message"]) == (0, f"credits cannot be '{amount}': {words}")
    assert told(client, "credits.allocate_credits") == []


def test_a_link_signs_the_agency_in_as_admin_alone(client: Front) -> None:
    said = post(client, "singlesignon", {"account": "acme", "sso_addr": "192.0.2.1", "sso_user": "admin", "sso_duration": "15"})
    assert (said["result_code"], said["token"]) == (1, "t+1")
    assert "acme.comptoir.example/admin/main.php?_ssot=<token>" in said["result_message"]
    assert "sso_user cannot be 'marie'" in get(client, "singlesignon", account="acme", sso_user="marie")["result_message"]


def test_that_token_opens_the_address_where_programs_put_it(front: MakeFront) -> None:
    page = {
        "account_id": ACCOUNT_ID,
        "agency_id": AGENCY_ID,
        "name": "acme",
        "language": "en",
        "status": "disabled",
        "can_log_in": False,
        "agency_can_log_in": True,
        "message": None,
        "agency_email": "ops@atelier.example",
        "brand": None,
    }
    opened = {"session_token": "s", "user": {"account_id": ACCOUNT_ID}}
    client = front(accounts__account_page=lambda _: page, identity__use_login_link=lambda _: opened)
    answer = client._client.get("/admin/main.php?_ssot=t%2B1", base_url="http://acme.localhost")
    assert (answer.status_code, answer.headers["Location"]) == (303, "/")
    assert client.services.asked()[-1] == ("identity.use_login_link", {"token": "t+1"})


def test_looks_are_shown_and_changed_as_far_as_the_words_mean_the_same(client: Front) -> None:
    assert get(client, "branding_view", account="acme")["site_name"] == "Acme"
    said = post(client, "branding_edit", {"account": "acme", "footer_html": "Acme SARL, Lyon", "id": "1", "demo": "on"})
    assert (said["site_name"], said["footer_html"], said["header_html"]) == ("Acme", "Acme SARL, Lyon", "")
    wanted = {"brand_name": "Acme", "primary_colour": "#1f4e79", "text_colour": None, "footer_text": "Acme SARL, Lyon", "logo": None}
    assert told(client, "accounts.set_branding") == [{"account_id": ACCOUNT["id"], **wanted}]
    for refused in ({"header_html": "<b>x</b>"}, {"footer_html": "<b>x</b>"}):
        assert post(client, "branding_edit", {"account": "acme", **refused})["result_code"] == 0
    assert len(told(client, "accounts.set_branding")) == 1
