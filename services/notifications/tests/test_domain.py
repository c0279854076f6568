"""The rules of notices."""

import re
from dataclasses import replace
from string import Template
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chassis.money import Money
from notifications import domain, errors
from notifications.domain import CLIENT_KINDS, TEXTS, Account, Agency, Language, NoticeKind, Programme, Recipient

from .factories import ACCOUNT_ADDRESS, AGENCY_ADDRESS, CLIENT_ADDRESS, NOTICE_FACTS, World

KINDS = st.sampled_from(NoticeKind)
LANGUAGES = st.sampled_from(Language)
RESELLER = Agency(notification_email=AGENCY_ADDRESS, language=Language.FRENCH, programme=Programme.RESELLER)
COMMISSION = replace(RESELLER, programme=Programme.COMMISSION)
ACME = Account(id="acc_1", name="acme", notification_email=ACCOUNT_ADDRESS, language="pt", client_email=CLIENT_ADDRESS)


def write(name: str, language: Language, account: Account | None = ACME, **changes: Any) -> domain.Message:
    return domain.message(kind=NoticeKind(name), facts={**World().data(name), **changes}, account=account, language=language)


def placeholders(texts: dict[str, Any], path: str = "") -> dict[str, list[str]]:
    """What each text has to be filled with."""
    found: dict[str, list[str]] = {}
    for name, text in texts.items():
        if isinstance(text, dict):
            found |= placeholders(text, f"{path}{name}.")
        else:
            found[path + name] = sorted(set(Template(text).get_identifiers()))
    return found


@pytest.mark.parametrize("name", NOTICE_FACTS)
def test_these_facts_make_a_notice(name: str) -> None:
    assert domain.kind_of(name) == name


@pytest.mark.parametrize("name", ["agency_registered", "account_requested", "workspace_prepared", "notice_sent", "notice_failed"])
def test_other_facts_make_none(name: str) -> None:
    assert domain.kind_of(name) is None


@given(kind=KINDS, language=st.none() | st.text())
def test_the_client_of_a_resold_account_is_never_told(kind: NoticeKind, language: str | None) -> None:
    """R0.73-R0.75."""
    account = replace(ACME, language=language)
    assert domain.recipient(kind=kind, agency=RESELLER, account=account) == Recipient(address=ACCOUNT_ADDRESS, language=Language.FRENCH)


@given(kind=KINDS, programme=st.sampled_from(Programme))
def test_what_concerns_no_account_goes_to_the_agency(kind: NoticeKind, programme: Programme) -> None:
    told = domain.recipient(kind=kind, agency=replace(RESELLER, programme=programme), account=None)
    assert told == Recipient(address=AGENCY_ADDRESS, language=Language.FRENCH)


@pytest.mark.parametrize("kind", sorted(CLIENT_KINDS))
def test_the_client_of_a_commission_account_gets_its_billing_in_its_language(kind: NoticeKind) -> None:
    """R0.125, R0.126."""
    told = domain.recipient(kind=kind, agency=COMMISSION, account=ACME)
    assert told == Recipient(address=CLIENT_ADDRESS, language=Language.PORTUGUESE)


@pytest.mark.parametrize("language", ["de", None])
def test_a_client_whose_language_is_not_written_here_reads_that_of_the_agency(language: str | None) -> None:
    told = domain.recipient(kind=NoticeKind.INVOICE_PAID, agency=COMMISSION, account=replace(ACME, language=language))
    assert told == Recipient(address=CLIENT_ADDRESS, language=Language.FRENCH)


@pytest.mark.parametrize("kind", sorted(set(NoticeKind) - CLIENT_KINDS))
def test_the_rest_about_a_commission_account_goes_to_the_agencys_side(kind: NoticeKind) -> None:
    assert domain.recipient(kind=kind, agency=COMMISSION, account=ACME).address == ACCOUNT_ADDRESS


def test_billing_of_a_commission_account_goes_to_nobody_else_while_the_client_has_no_address() -> None:
    with pytest.raises(errors.ClientAddressUnknown):
        domain.recipient(kind=NoticeKind.PAYMENT_FAILED, agency=COMMISSION, account=replace(ACME, client_email=None))


@pytest.mark.parametrize("language", Language)
def test_every_language_says_all_that_english_says(language: Language) -> None:
    assert placeholders(TEXTS[language]) == placeholders(TEXTS[Language.ENGLISH])


@pytest.mark.parametrize("language", Language)
@pytest.mark.parametrize("kind", NoticeKind)
def test_every_notice_reads_to_its_end_in_every_language(kind: NoticeKind, language: Language) -> None:
    for account in (ACME, None) if kind not in {"account_activated", "account_failed", "account_upgraded"} else (ACME,):
        message = write(kind, language, account)
        assert "$" not in message.subject + message.body
        assert "\n" not in message.subject
        assert message.body.endswith(f"\n-- \n{TEXTS[language]['signature']}\n")
        assert not re.search(r"\n\n\n|None|password:", message.body)
        assert ("acme" in message.subject + message.body) == (account is not None)
        assert CLIENT_ADDRESS not in message.subject + message.body


def test_a_paid_invoice_says_how_it_was_paid_and_that_taxes_are_not_in_it() -> None:
    """R0.47."""
    assert write("invoice_paid", Language.FRENCH) == domain.Message(
        subject="La facture F-2026-0001 est payée",
        body="""La facture F-2026-0001 est payée.

Compte : acme
Total : 39,20 EUR
Par crédit prépayé : 10,00 EUR
Par carte : 29,20 EUR

Les taxes ne sont pas comprises.

--\x20
Comptoir. Ce message a été envoyé automatiquement.
""",
    )


def test_a_known_reason_is_said_in_the_readers_language() -> None:
    assert "La provision de la carte est insuffisante." in write("payment_failed", Language.FRENCH).body


def test_a_reason_without_translation_is_said_as_it_came() -> None:
    assert "The moon was full." in write("account_failed", Language.SPANISH, code="full_moon", reason="The moon was full.").body


def test_an_upgrade_says_what_was_and_what_is() -> None:
    body = write("account_upgraded", Language.ENGLISH).body
    assert "Before: Plus, 1000 contacts, monthly\nNow: Pro, 2500 contacts, monthly\n" in body


def test_a_trial_has_neither_contacts_nor_frequency_to_speak_of() -> None:
    selection = {"plan": "Trial", "contacts": None, "frequency": None}
    assert "The account acme (Trial) is ready." in write("account_activated", Language.ENGLISH, selection=selection).body


@pytest.mark.parametrize(
    ("changes", "subject"),
    [
        ({}, "Credit purchased: 100.00 EUR of prepaid credit"),
        ({"kind": "sms", "units": 500, "currency": None}, "Credit purchased: 500 SMS credits"),
        ({"kind": "inbox_preview", "units": 20, "currency": None}, "Credit purchased: 20 inbox preview credits"),
    ],
)
def test_credit_is_said_in_its_own_unit(changes: dict[str, Any], subject: str) -> None:
    assert write("credits_purchased", Language.ENGLISH, None, **changes).subject == subject


@pytest.mark.parametrize(
    ("amount_minor", "currency", "written"),
    [(4900, "EUR", "49,00 EUR"), (5, "EUR", "0,05 EUR"), (-105, "USD", "-1,05 USD"), (4900, "JPY", "4900 JPY"), (1, "KWD", "0,001 KWD")],
)
def test_an_amount_is_written_to_its_last_minor_unit(amount_minor: int, currency: str, written: str) -> None:
    assert domain.format_money(Money(amount_minor=amount_minor, currency=currency), decimal_sign=",") == written


@given(amount_minor=st.integers(-(10**15), 10**15), currency=st.sampled_from(["EUR", "JPY", "KWD"]))
def test_no_amount_is_lost_in_writing(amount_minor: int, currency: str) -> None:
    written = domain.format_money(Money(amount_minor=amount_minor, currency=currency), decimal_sign=".")
    assert int(written.removesuffix(f" {currency}").replace(".", "")) == amount_minor
