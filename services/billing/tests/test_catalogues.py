"""The catalogue is published by a command that says everything that is wrong with it, and what was bought stays as it was."""

import json
import subprocess
import sys
from collections.abc import Callable
from copy import deepcopy
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import psycopg2.errors
import pytest

from billing.__main__ import catalogue
from billing.config import Config
from billing.domain.catalogue import Catalogue, Frequency, Kind, Selection
from billing.domain.catalogue_rules import faults_of
from billing.domain.plans import numbered_plans
from chassis.money import Money
from chassis.testing import ServiceDatabase

from .factories import shipped
from .stage import Stage

Change = Callable[[dict[str, Any]], object]


def the_next(*changes: Change) -> dict[str, Any]:
    """The catalogue that could follow the shipped one, but for these changes."""
    content = deepcopy(shipped())
    content["version"] += 1
    for change in changes:
        change(content)
    return content


def paid_product(content: dict[str, Any]) -> dict[str, Any]:
    return next(
        product for version in content["pricing_versions"] for product in version["products"] if product["limits"] and product["add_ons"]
    )


def places(content: dict[str, Any]) -> list[str]:
    return [fault.path for fault in faults_of(content, last=shipped()["version"])]


def doubled(content: dict[str, Any]) -> None:
    """Double every price of a tier."""
    for version in content["pricing_versions"]:
        for tier in [tier for product in version["products"] for plan in product["plans"] for tier in plan["tiers"]]:
            for price in [price for prices in tier["prices"].values() for price in prices]:
                price["amount"] *= 2


def command(stage_or_database: Stage | ServiceDatabase, *arguments: str) -> int:
    database = stage_or_database.database if isinstance(stage_or_database, Stage) else stage_or_database
    return catalogue(Config(database_url=database.url), list(arguments))


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "catalogue.json"
    path.write_text(json.dumps(the_next(doubled)), encoding="utf-8")
    return path


def test_the_next_version_of_what_is_shipped_has_no_fault() -> None:
    assert places(the_next()) == []


@pytest.mark.parametrize(
    ("change", "place"),
    [
        (lambda c: c.update(version=c["version"] + 1), "version"),
        (lambda c: c["currencies"].append("EUR"), "currencies"),
        (lambda c: c["languages"].append("en"), "languages"),
        (lambda c: c["pricing_versions"].append(c["pricing_versions"][0]), "pricing_versions"),
        (
            lambda c: c["migration_discounts"].append({"from_pricing_version": "V9", "to_pricing_version": "V3", "basis_points": 1}),
            ".from_pricing_version",
        ),
        (lambda c: paid_product(c)["plans"].append(paid_product(c)["plans"][0]), ".plans"),
        (lambda c: paid_product(c)["add_ons"][0]["plans"].append("Gold"), ".add_ons.0.plans."),
        (lambda c: paid_product(c)["limits"][0]["options"].reverse(), ".limits.0.options"),
        (lambda c: paid_product(c)["plans"][0]["tiers"][0]["prices"].pop("annual"), ".plans.0.tiers.0.prices.annual"),
        (lambda c: paid_product(c)["limits"][0]["custom"]["prices"]["monthly"].pop(), ".limits.0.custom.prices.monthly"),
        (lambda c: paid_product(c)["limits"][0]["options"][0]["prices"]["monthly"].clear(), ".limits.0.options.0.prices.monthly"),
        (lambda c: paid_product(c)["add_ons"][0]["prices"]["monthly"][1].update(amount=-1), ".add_ons.0.prices.monthly.1.amount"),
        (lambda c: c["credits"].append(c["credits"][0]), "credits"),
        (lambda c: c["credits"][0]["prices"].pop(), "credits.0.prices"),
        (lambda c: c["credits"][1]["prices"].reverse(), "credits.1.prices"),
        (lambda c: c["credits"][0]["prices"][2].update(amount=0), "credits.0.prices.2.amount"),
        (lambda c: c["credits"][0].update(maximum=c["credits"][0]["minimum"] - c["credits"][0]["step"]), "credits.0.maximum"),
        (lambda c: c["credits"][0].update(minimum=150), "credits.0.minimum"),
        (lambda c: c["credits"][1].update(maximum=10_005), "credits.1.maximum"),
        (lambda c: c["credits"][0].update(step=50), "credits.0.step"),
    ],
)
def test_every_fault_is_named_with_its_place(change: Change, place: str) -> None:
    found = places(the_next(change))
    assert any(place in path for path in found), found


def test_what_is_wrong_with_credit_on_sale_is_said_in_these_words() -> None:
    """R0.109, R0.112."""

    def spoil(content: dict[str, Any]) -> None:
        [sms, _] = content["credits"]
        sms.update(minimum=250, maximum=120, step=100, per=200)
        sms["prices"] = [{"amount": 0, "currency": "EUR"}, {"amount": 500, "currency": "USD"}]
        content["credits"] = [sms]

    assert [(fault.path, fault.message) for fault in faults_of(the_next(spoil), last=shipped()["version"])] == [
        ("credits", "inbox_preview is not on sale: every kind of credit that is counted in pieces is."),
        ("credits.0.prices", "Everything has a price in EUR, USD, GBP, in this order; here: EUR, USD."),
        ("credits.0.prices.0.amount", "A price of credit is more than nothing."),
        ("credits.0.maximum", "The highest number, 120, is below the lowest, 250."),
        ("credits.0.minimum", "250 is not reached by steps of 100."),
        ("credits.0.maximum", "120 is not reached by steps of 100."),
        ("credits.0.step", "A price is for 200, so a step is a multiple of that: by 100, prices would be rounded."),
    ]


def test_the_command_says_where_credit_is_wrong_and_not_only_that_it_is(
    stage: Stage, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    path = tmp_path / "wrong.json"
    path.write_text(json.dumps(the_next(lambda c: c["credits"][0].update(maximum=150), lambda c: c["credits"][1]["prices"].pop())))
    assert command(stage, "publish", str(path)) == 1
    assert [line.partition(":")[0] for line in capsys.readouterr().out.splitlines()] == ["credits.0.maximum", "credits.1.prices"]
    assert len(stage.database.query("SELECT version FROM catalogues")) == 1


def test_all_faults_are_named_at_once(stage: Stage, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    wrong = the_next(
        lambda c: c.update(version=9),
        lambda c: paid_product(c)["plans"][0]["tiers"][0]["prices"].pop("annual"),
        lambda c: paid_product(c)["add_ons"][0]["plans"].append("Gold"),
    )
    path = tmp_path / "wrong.json"
    path.write_text(json.dumps(wrong))
    assert (command(stage, "check", str(path)), command(stage, "publish", str(path))) == (1, 1)
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == 2 * 3
    assert (
        lines[0] == f"version: The next version is {shipped()['version'] + 1}: what is published never changes, and no number is left out."
    )
    assert len(stage.database.query("SELECT version FROM catalogues")) == 1


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[]", "Invalid input type."),
        ('{"colour": "red"}', "colour: Unknown field: possible are version, "),
        (json.dumps(the_next(lambda c: c.pop("credits"))), "credits: Missing data for required field."),
        (json.dumps(the_next(lambda c: c.pop("pricing_versions"))), "pricing_versions: Missing data for required field."),
        (json.dumps(the_next(lambda c: c["credits"][0].update(step=0))), "credits.0.step: Must be greater than or equal to 1."),
        (json.dumps(the_next(lambda c: c["pricing_versions"].clear())), "pricing_versions: Shorter than minimum length 1."),
        (json.dumps(the_next(lambda c: paid_product(c)["plans"][0].update(kind="gift"))), ".plans.0.kind: Must be one of"),
        (json.dumps(the_next(lambda c: paid_product(c)["plans"][0]["tiers"].reverse())), "The tiers go from the smallest to the largest."),
    ],
)
def test_what_has_not_the_shape_of_a_catalogue_is_not_published(
    stage: Stage, capsys: pytest.CaptureFixture[str], tmp_path: Path, text: str, said: str
) -> None:
    path = tmp_path / "wrong.json"
    path.write_text(text)
    assert (command(stage, "check", str(path)), command(stage, "publish", str(path))) == (1, 1)
    assert said in capsys.readouterr().out
    assert len(stage.database.query("SELECT version FROM catalogues")) == 1


@pytest.mark.parametrize("text", [None, "no JSON"])
def test_a_file_that_cannot_be_read_ends_the_command_with_a_sentence(stage: Stage, tmp_path: Path, text: str | None) -> None:
    path = tmp_path / "wrong.json"
    if text is not None:
        path.write_text(text)
    with pytest.raises(SystemExit, match=r"wrong\.json cannot be read"):
        command(stage, "check", str(path))


def test_versions_are_listed_and_shown(stage: Stage, file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert (command(stage, "check", str(file)), command(stage, "publish", str(file)), command(stage, "list")) == (0, 0, 0)
    checked, published, newest, older = capsys.readouterr().out.splitlines()
    assert (checked, published) == (f"{file} can be published.", f"{file} is in force.")
    last = shipped()["version"]
    assert (newest.split()[0], newest.endswith("in force"), older.split()[0]) == (str(last + 1), True, str(last))
    assert (command(stage, "show"), command(stage, "show", str(last)), command(stage, "show", "9")) == (0, 0, 1)
    newest, older, unknown = capsys.readouterr().out.replace("\n}\n", "\n}\n\0").split("\0")
    assert (json.loads(newest), json.loads(older)) == (the_next(doubled), shipped())
    assert unknown == "There is no version 9.\n"
    assert command(stage, "publish", str(file)) == 1


def test_accounts_keep_the_version_that_they_bought_and_others_buy_the_new_one(stage: Stage, file: Path) -> None:
    """R0.35, R0.36: what is accepted is charged to the cent, whatever changed meanwhile."""
    stage.an_account()
    quoted = stage.a_quote()
    command(stage, "publish", str(file))
    account_id = stage.an_account()
    stage.deliver(stage.requested("acc_01KAMV7Q9ZC4S2T1X8RJ5N6B3D", quoted["id"]))
    stage.settle()
    assert [paid["total_minor"] for paid in stage.emitted("invoice_paid")] == [3920, 7840, 3920]
    stage.clock.now += timedelta(days=31)
    stage.service.renew_due_subscriptions()
    stage.settle()
    renewed = sorted(paid["total_minor"] for paid in stage.emitted("invoice_paid") if paid["purpose"] == "renewal")
    assert renewed == [3920, 3920, 7840]
    [row] = stage.database.query("SELECT catalogue_version FROM subscriptions WHERE account_id = %s", account_id)
    assert row["catalogue_version"] == shipped()["version"] + 1


def test_the_command_is_one_of_billings(database: ServiceDatabase, file: Path) -> None:
    environment = {"DATABASE_URL": database.url, "PYTHONPATH": ":".join(sys.path)}
    asked = [sys.executable, "-m", "billing", "catalogue", "publish", str(file)]
    done = subprocess.run(asked, env=environment, capture_output=True, text=True, timeout=60, check=False)
    assert (done.returncode, done.stdout) == (0, f"{file} is in force.\n")
    again = subprocess.run(asked, env=environment, capture_output=True, text=True, timeout=60, check=False)
    assert again.returncode == 1
    assert again.stdout.startswith("version: The next version is")


def numbers(stage: Stage) -> list[dict[str, Any]]:
    return stage.database.query("SELECT * FROM plan_numbers ORDER BY number")


def test_every_selection_has_a_number_and_keeps_it_whatever_is_published(stage: Stage, tmp_path: Path) -> None:
    """Numbers are without gaps, in the catalogue's order; what is withdrawn keeps its own, what is new gets the next."""
    before = numbers(stage)
    assert [row["number"] for row in before] == list(range(1, len(before) + 1))
    assert [(row["plan"], row["contacts"], row["frequency"]) for row in before[:3]] == [
        ("Trial", None, None),
        ("Sandbox", None, None),
        ("Starter", 1000, "monthly"),
    ]

    def changed(content: dict[str, Any]) -> None:
        plans = paid_product(content)["plans"]
        tier = deepcopy(plans[0]["tiers"][-1])
        tier["contacts"] += 7
        plans[0]["tiers"] = [*plans[0]["tiers"][1:], tier]
        content["pricing_versions"].reverse()

    path = tmp_path / "changed.json"
    path.write_text(json.dumps(the_next(changed)), encoding="utf-8")
    assert command(stage, "publish", str(path)) == 0
    after = numbers(stage)
    assert after[: len(before)] == before
    assert [row["frequency"] for row in after[len(before) :]] == ["monthly", "annual"]


def test_the_number_of_a_plan_is_changed_by_nobody(stage: Stage) -> None:
    for statement in ("UPDATE plan_numbers SET number = number + 1000", "DELETE FROM plan_numbers"):
        with pytest.raises(psycopg2.errors.RaiseException, match="never changes"):
            stage.database.execute(statement)


def test_a_number_says_what_it_stands_for_and_what_that_costs() -> None:
    catalogue = Catalogue.read(shipped())
    annual = Selection(pricing_version="V3", product="EM", plan="Plus", contacts=1000, frequency=Frequency.ANNUAL)
    trial = Selection(pricing_version="V1", product="EM", plan="Trial")
    gone = [
        replace(annual, contacts=999),
        replace(annual, plan="Gold"),
        replace(annual, product="SMOKE"),
        replace(annual, pricing_version="V2"),
    ]
    [bought, free, *withdrawn] = numbered_plans(catalogue, dict(enumerate([annual, trial, *gone], start=1)), currency="EUR")
    assert (bought.number, bought.on_sale, bought.kind, bought.contacts, bought.monthly_sends) == (1, True, Kind.PAID, 1000, None)
    assert bought.price == catalogue.list_price(annual, "EUR")
    assert (free.kind, free.contacts, free.monthly_sends, free.price) == (Kind.TRIAL, 100, 100, Money.zero("EUR"))
    assert [(plan.number, plan.on_sale, plan.contacts, plan.price) for plan in withdrawn] == [
        (3, False, 999, None),
        (4, False, 1000, None),
        (5, False, 1000, None),
        (6, False, 1000, None),
    ]
