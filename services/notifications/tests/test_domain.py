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
from notifications.domain import ASKED_BY_CLIENT, CLIENT_KINDS, TEXTS, Account, Agency, Language, NoticeKind, Programme, Recipient
from notifications.events import facts_of

from .factories import ACCOUNT_ADDRESS, AGENCY_ADDRESS, CLIENT_ADDRESS, LATER, NOTICE_FACTS, World

KINDS = st.sampled_from(NoticeKind)
LANGUAGES = st.sampled_from(Language)
RESELLER = Agency(notification_email=AGENCY_ADDRESS, language=Language.FRENCH, programme=Programme.RESELLER)
COMMISSION = replace(RESELLER, programme=Programme.COMMISSION)
ACME = Account(id="acc_1", name="acme", notification_email=ACCOUNT_ADDRESS, language="pt", client_email=CLIENT_ADDRESS)


def write(name: str, language: Language, account: Account | None = ACME, **changes: Any) -> domain.Message:
    facts = {"subject": "Re: login", "text": "Call us."} if name == "client_answered" else facts_of(World().event(name, **changes))
    return domain.message(kind=NoticeKind(name), facts=facts, account=account, language=language)


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


@given(kind=st.sampled_from(sorted(set(NoticeKind) - ASKED_BY_CLIENT)), language=st.none() | st.text())
def test_the_client_of_a_resold_account_is_never_told(kind: NoticeKind, language: str | None) -> None:
    """R0.73-R0.75."""
    account = replace(ACME, language=language)
    assert domain.recipient(kind=kind, agency=RESELLER, account=account) == Recipient(address=ACCOUNT_ADDRESS, language=Language.FRENCH)


@pytest.mark.parametrize("kind", sorted(ASKED_BY_CLIENT))
@pytest.mark.parametrize("agency", [RESELLER, COMMISSION])
def test_a_client_who_asked_is_answered_with_a_copy_for_the_agencys_side(kind: NoticeKind, agency: Agency) -> None:
    """R0.55, R0.56, R0.71."""
    told = domain.recipient(kind=kind, agency=agency, account=ACME)
    assert told == Recipient(address=CLIENT_ADDRESS, language=Language.PORTUGUESE, copied_to=ACCOUNT_ADDRESS)


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


@pytest.mark.parametrize("kind", sorted(set(NoticeKind) - CLIENT_KINDS - ASKED_BY_CLIENT))
def test_the_rest_about_a_commission_account_goes_to_the_agencys_side(kind: NoticeKind) -> None:
    assert domain.recipient(kind=kind, agency=COMMISSION, account=ACME).address == ACCOUNT_ADDRESS


def test_billing_of_a_commission_account_goes_to_nobody_else_while_the_client_has_no_address() -> None:
    with pytest.raises(errors.ClientAddressUnknown):
        domain.recipient(kind=NoticeKind.PAYMENT_FAILED, agency=COMMISSION, account=replace(ACME, client_email=None))


@pytest.mark.parametrize("language", Language)
def test_every_language_says_all_that_english_says(language: Language) -> None:
    assert placeholders(TEXTS[language]) == placeholders(TEXTS[Language.ENGLISH])


ABOUT: dict[str, tuple[Account | None, ...]] = {
    **dict.fromkeys(["invoice_paid", "payment_failed", "credits_purchased", "credits_expired"], (ACME, None)),
    **dict.fromkeys(["balance_low", "card_expiring", "top_up_refused"], (None,)),
}
"""The account that a notice is about, where that is not always one."""


@pytest.mark.parametrize("language", Language)
@pytest.mark.parametrize("kind", NoticeKind)
def test_every_notice_reads_to_its_end_in_every_language(kind: NoticeKind, language: Language) -> None:
    for account in ABOUT.get(kind, (ACME,)):
        message = write(kind, language, account)
        assert "$" not in message.subject + message.body
        assert "\n" not in message.subject
        signature = "Comptoir" if kind is NoticeKind.CLIENT_ANSWERED else TEXTS[language]["signature"]
        assert message.body.endswith(f"\n-- \n{signature}\n")
        assert not re.search(r"\n\n\n|None|password:", message.body)
        assert ("acme" in message.subject + message.body) == (account is not None and kind is not NoticeKind.CLIENT_ANSWERED)
        assert CLIENT_ADDRESS not in message.subject + message.body


@pytest.mark.parametrize("language", Language)
@pytest.mark.parametrize("outcome", ["retry", "waiting", "suspended", "exhausted", "recovered"])
def test_every_step_of_an_overdue_invoice_is_told_in_every_language_to_the_agency_alone(outcome: str, language: Language) -> None:
    """R0.73."""
    next_attempt_at = LATER.isoformat() if outcome == "retry" else None
    told = write("dunning_step", language, outcome="retry" if outcome == "waiting" else outcome, next_attempt_at=next_attempt_at)
    assert told.subject == TEXTS[language]["dunning"][outcome]["title"].replace("$number", "F-2026-0001")
    assert "$" not in told.body
    for programme in (RESELLER, COMMISSION):
        assert domain.recipient(kind=NoticeKind.DUNNING_STEP, agency=programme, account=ACME).address == ACME.notification_email


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


def test_an_expiring_card_is_named_as_people_know_it() -> None:
    message = write("card_expiring", Language.ENGLISH, None)
    assert message.subject == "The card visa 4242 expires in 30 days"
    assert 'the billing profile "Company card" expires at the end of 06/2026' in message.body


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


def test_a_disabled_account_says_why_and_what_its_login_page_says() -> None:
    assert "Reason: A payment is missing.\nMessage on the login page: Please call us.\n" in write("account_disabled", Language.ENGLISH).body
    assert "Message on the login page: –\n" in write("account_disabled", Language.ENGLISH, message=None).body


def test_moments_are_written_as_the_language_writes_them() -> None:
    assert "until 2026-04-07, 09:30 UTC" in write("account_cancelled", Language.ENGLISH).body
    assert "jusqu’au 07/04/2026 à 09:30 UTC" in write("account_cancelled", Language.FRENCH).body


def test_a_locked_login_of_nobody_names_nobody() -> None:
    assert "for a user that does not exist the login" in write("account_login_locked", Language.ENGLISH, username=None).body


def test_a_transfer_says_which_way_the_account_goes() -> None:
    """R0.56, R0.57."""
    assert "hello@atelier.example will manage" not in write("transfer_requested", Language.ENGLISH, direction="out").body
    assert "will not manage this account any more" in write("transfer_requested", Language.ENGLISH, direction="out").body
    assert domain.LINK in write("transfer_requested", Language.ENGLISH).body


def test_the_page_of_a_transfer_is_on_the_accounts_own_host() -> None:
    page = domain.transfer_link(login_url="http://acme.localhost:8000/login", account_host="acme.localhost", transfer_id="trf_1")
    assert page == "http://acme.localhost:8000/transfer?transfer=trf_1"
    page = domain.transfer_link(login_url=None, account_host="acme.comptoir.example", transfer_id="trf_1")
    assert page == "https://acme.comptoir.example/transfer?transfer=trf_1"


def test_a_link_that_confirms_cannot_be_made_without_a_secret() -> None:
    with pytest.raises(errors.TransferLinksUnavailable):
        domain.TransferLinks(secret=b"").confirming("https://acme.comptoir.example/transfer?transfer=trf_1")


def test_a_low_balance_says_what_is_left_and_what_is_bought() -> None:
    low = write("balance_low", Language.ENGLISH, None, kind="prepaid", units=4200, threshold=5000, currency="EUR", top_up={"units": 20000})
    assert low.subject == "Balance low: 42.00 EUR of prepaid credit left"
    assert "Bought by itself now: 200.00 EUR of prepaid credit." in low.body
    assert "Nothing is bought by itself." in write("balance_low", Language.ENGLISH, None).body


def test_credit_that_expired_says_when() -> None:
    assert "120 SMS credits" in write("credits_expired", Language.ENGLISH, None).body
