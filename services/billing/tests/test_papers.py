"""Invoices and credit notes on paper: the figures of the JSON, in every language and script, and in the same bytes."""

import base64
from io import BytesIO
from typing import Any

import pytest
from pypdf import PdfReader

from billing import errors
from billing.domain.catalogue import Frequency
from billing.domain.credits import credit_lines, piece_lines
from billing.domain.descriptions import in_language
from billing.domain.offer import Effective, describe
from billing.domain.papers import addressee, shown_date, shown_money, words_of
from billing.usecases import billing_profiles, credit_notes, invoices, papers
from billing.usecases import credits as credits_
from chassis.ids import new_id
from chassis.money import Money

from .factories import CATALOGUE, NOON, euros, paid
from .stage import Stage

LANGUAGES = ["en", "fr", "pt", "es"]
DESCRIBED = {
    "en": "EM Enterprise, 1,000 contacts, monthly, custom reports: 12, SMS",
    "fr": "EM Enterprise, 1 000 contacts, mensuel, rapports personnalisés : 12, SMS",
    "pt": "EM Enterprise, 1.000 contactos, mensal, relatórios personalizados: 12, SMS",
    "es": "EM Enterprise, 1.000 contactos, mensual, informes personalizados: 12, SMS",
}
"""What a line is for, as it is printed."""
NAMES = ["Atelier Démo", "Ευρωπαϊκή Ώρα", "Świętokrzyskie Żółwie Łódź", "Объединённый Щит"]


def text_of(printed: dict[str, Any]) -> str:
    """The text of a PDF, with each run of white space as one blank: lines are broken where the column ends."""
    reader = PdfReader(BytesIO(base64.b64decode(printed["content"])))
    return spaced(" ".join(page.extract_text() for page in reader.pages))


def spaced(text: str) -> str:
    return " ".join(text.split())


def invoice_in(stage: Stage, invoice_id: str) -> tuple[dict[str, Any], dict[str, Any]]:
    """An invoice as JSON shows it, and printed."""
    reference = {"agency_id": stage.agency_id, "invoice_id": invoice_id}
    with stage.units.reading() as session:
        return invoices.invoice(session, **reference), papers.printed(papers.invoice_draft(session, **reference))


def named(stage: Stage, **changes: Any) -> None:
    stage.clock.advance(seconds=1)
    stage.deliver(stage.agency_told("agency_updated", stage.agency_id, **changes))


def addressed(stage: Stage, name: str) -> None:
    address = {"name": name, "street": "12 rue des Lilas", "postal_code": "35000", "city": "Rennes", "country": "FR", "tax_number": None}
    with stage.units.begin() as uow:
        billing_profiles.add_billing_profile(
            uow,
            agency_id=stage.agency_id,
            described=stage.provider.describe(payment_method="pm_card_visa", agency_id=stage.agency_id),
            name=None,
            invoice_address=address,
            is_default=True,
        )


@pytest.mark.parametrize(("language", "name"), list(zip(LANGUAGES, NAMES, strict=True)), ids=LANGUAGES)
def test_the_pdf_has_the_figures_of_the_json_in_the_agencys_language(stage: Stage, language: str, name: str) -> None:
    """R0.47, R0.67."""
    stage.credits.available_minor = 1_000
    named(stage, language=language, name=name)
    addressed(stage, f"{name} & Co")
    stage.an_account(paid("Enterprise", add_ons=["sms"], limits={"custom_reports": {"choice": "custom", "number": 12}}))
    shown, printed = invoice_in(stage, stage.emitted("invoice_issued")[0]["invoice_id"])
    text, words = text_of(printed), words_of(language)
    assert printed["filename"] == "INV-000001.pdf"
    assert (shown["paid_prepaid"], shown["paid_card"], shown["status"]) == (euros(1000), euros(12360), "paid")
    for figure in ("total", "paid_prepaid", "paid_card", "credited", "open"):
        assert spaced(shown_money(shown[figure], language)) in text
    [line] = shown["lines"]
    assert line["description"] == "EM Enterprise, 1000 contacts, monthly, 12 custom reports, sms"
    period = f"{shown_date(line['period_start'], language)} – {shown_date(line['period_end'], language)}"
    for wanted in (
        *(f"{words.invoice} INV-000001", name, f"{name} & Co", "12 rue des Lilas", "35000 Rennes", "acme"),
        *(DESCRIBED[language], words.reasons[line["reason"]], period, spaced(shown_money(line["amount"], language))),
        *(shown_date(shown["issued_at"], language), words.statuses["paid"], words.paid_prepaid, words.paid_card, words.taxes_note),
    ):
        assert wanted in text, wanted


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_credit_note_is_printed_with_what_goes_where(stage: Stage, language: str) -> None:
    account_id = stage.an_account(paid("Pro"))
    named(stage, language=language)
    stage.clock.advance(days=15)
    quote = stage.a_quote(paid("Starter"), account_id=account_id, effective=Effective.NOW)
    stage.deliver(stage.told("account_downgraded", account_id, quote_id=quote["id"]))
    reference = {"agency_id": stage.agency_id, "credit_note_id": stage.emitted("credit_note_issued")[0]["credit_note_id"]}
    with stage.units.reading() as session:
        shown = credit_notes.credit_note(session, **reference)
        text = text_of(papers.printed(papers.credit_note_draft(session, **reference)))
        listed = credit_notes.credit_notes(session, agency_id=stage.agency_id, account_id=account_id, limit=50, cursor=None)
    words = words_of(language)
    assert (shown["granted"], shown["account_name"], shown["invoice_number"]) == (euros(2560), "acme", None)
    assert [shown] == listed.data
    said = [spaced(in_language(line["description"], words, language)) for line in shown["lines"]]
    assert language == "en" or not {line["description"] for line in shown["lines"]}.intersection(said)
    for wanted in (f"{words.credit_note} CN-000001", words.credit_reasons["plan_change"], words.granted, *said):
        assert wanted in text
    for amount in (shown["total"], shown["granted"], shown["refunded_card"], *(line["amount"] for line in shown["lines"])):
        assert spaced(shown_money(amount, language)) in text


def test_an_invoice_taken_back_says_by_what(stage: Stage) -> None:
    account_id = stage.an_account()
    stage.deliver(stage.failed(account_id))
    shown, printed = invoice_in(stage, stage.emitted("invoice_issued")[0]["invoice_id"])
    [note] = shown["credit_notes"]
    assert (shown["status"], shown["credited"], shown["open"], note["number"]) == ("credited", euros(3920), euros(0), "CN-000001")
    assert "CN-000001" in text_of(printed)
    with stage.units.reading() as session:
        full = credit_notes.credit_note(session, agency_id=stage.agency_id, credit_note_id=note["id"])
        paper = text_of(papers.printed(papers.credit_note_draft(session, agency_id=stage.agency_id, credit_note_id=note["id"])))
    assert [line["amount"] for line in full["lines"]] == [euros(3920)]
    assert (full["refunded_card"], full["invoice_number"]) == (euros(3920), "INV-000001")
    assert "INV-000001" in paper


def test_the_same_invoice_is_the_same_bytes_whatever_the_agency_is_called_later(stage: Stage) -> None:
    stage.an_account()
    invoice_id = stage.emitted("invoice_issued")[0]["invoice_id"]
    first = invoice_in(stage, invoice_id)[1]
    stage.clock.advance(days=2)
    named(stage, name="Another name")
    addressed(stage, "Another name")
    assert invoice_in(stage, invoice_id)[1] == first
    assert "Atelier Démo" in text_of(first)


def test_another_agencys_papers_are_not_found(stage: Stage) -> None:
    stage.an_account()
    invoice_id = stage.emitted("invoice_issued")[0]["invoice_id"]
    with stage.units.reading() as session:
        with pytest.raises(errors.InvoiceNotFound):
            papers.invoice_draft(session, agency_id=stage.an_agency(), invoice_id=invoice_id)
        with pytest.raises(errors.CreditNoteNotFound):
            papers.credit_note_draft(session, agency_id=stage.agency_id, credit_note_id=new_id("cn"))


def test_amounts_have_the_decimals_of_their_currency() -> None:
    assert shown_money(Money(amount_minor=123456, currency="EUR"), "en") == "€1,234.56"
    assert shown_money(Money(amount_minor=1500, currency="JPY"), "en") == "¥1,500"
    assert spaced(shown_money(Money(amount_minor=-123456, currency="EUR"), "fr")) == "-1 234,56 €"
    assert shown_date(NOON, "es") == "31 de enero de 2026"
    assert words_of("tlh") is words_of("en")


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_line_that_is_issued_is_said_in_every_language(language: str) -> None:
    words = words_of(language)
    pieces = [line.description for on_sale in CATALOGUE.credits for line in piece_lines(on_sale, units=on_sale.minimum, currency="EUR")]
    for description, said in zip(pieces, words.pieces.values(), strict=True):
        assert in_language(description, words, language).startswith(said.partition("{")[0])
    assert in_language(credit_lines(euros(1))[0].description, words, language) == words.prepaid
    [version] = [version for version in CATALOGUE.pricing_versions if version.code == "V3"]
    for product in version.products:
        limits = {limit.code: {"choice": limit.options[0].choice, "number": None} for limit in product.limits}
        for frequency in Frequency:
            chosen = paid(product=product.code, frequency=frequency, limits=limits, add_ons=[each.code for each in product.add_ons])
            said = in_language(describe(chosen), words, language)
            assert words.frequencies[frequency] in said
            for text in (*(words.limits[code] for code in limits), *(words.add_ons[each.code] for each in product.add_ons)):
                assert text.partition("{")[0] in said


@pytest.mark.parametrize(
    ("description", "said"),
    [
        ("SMS credits: 15000", "Crédits SMS : 15 000"),
        ("EM Plus, 1000 contacts, annual", "EM Plus, 1 000 contacts, annuel"),
        ("EM Plus, 1000 contacts, annual, 3 magic wands, owls", "EM Plus, 1 000 contacts, annuel, magic wands: 3, owls"),
        ("Something from long ago", "Something from long ago"),
    ],
)
def test_what_cannot_be_read_is_printed_as_it_is_kept(description: str, said: str) -> None:
    assert spaced(in_language(description, words_of("fr"), "fr")) == said


def test_whom_it_is_issued_to_is_said_once() -> None:
    address = {"name": "Demo", "street": "1 Main Street", "city": "York", "country": "GB"}
    assert addressee({"name": "Demo", "address": address}) == ["Demo", "1 Main Street", "York", "GB"]
    assert addressee({"name": None, "address": None}) == []


def test_invoices_are_found_by_the_name_of_their_account_by_status_and_by_month(stage: Stage) -> None:
    """R0.67."""
    acme, other = stage.an_account(), stage.an_account(name="boulangerie-martin")
    stage.deliver(stage.failed(other))
    stage.clock.advance(days=40)
    with stage.units.begin() as uow:
        credits_.purchase_credits(
            uow, agency_id=stage.agency_id, kind="prepaid", amount=euros(500), billing_profile_id=None, account_id=None
        )

    def found(**wanted: Any) -> list[str | None]:
        with stage.units.reading() as session:
            page = invoices.invoices(session, **{"agency_id": stage.agency_id, "account_id": None, "limit": 50, "cursor": None, **wanted})
        assert page.total == len(page.data)
        return [each["account_id"] for each in page.data]

    assert found(account_name="AcM") == found(account_name="ácme ") == [acme]
    assert found(account_name="martin") == found(account_name="e-m") == [other]
    assert found(account_name="%") == found(account_name="_") == []
    assert found(status="paid") == [acme]
    assert found(status="credited") == [other]
    assert found(status="open") == [None]
    issued = f"{stage.clock():%Y-%m}"
    assert found(month=issued) == [None]
    assert found(month=issued, account_name="acme") == []
