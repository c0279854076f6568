"""The rules of notices: which facts make one, who gets it, and how it reads."""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from importlib import resources
from string import Template
from typing import Any

from chassis.money import Money
from notifications import errors

FEED_KEPT = timedelta(days=30)

MINOR_DIGITS = 2
"""Digits after the decimal sign, in all currencies but those of `OTHER_MINOR_DIGITS` (ISO 4217, exponents)."""

OTHER_MINOR_DIGITS = {
    **dict.fromkeys(
        ["BIF", "CLP", "DJF", "GNF", "ISK", "JPY", "KMF", "KRW", "PYG", "RWF", "UGX", "UYI", "VND", "VUV", "XAF", "XOF", "XPF"], 0
    ),
    **dict.fromkeys(["BHD", "IQD", "JOD", "KWD", "LYD", "OMR", "TND"], 3),
}


class Language(StrEnum):
    """The languages in which the platform writes."""

    ENGLISH = "en"
    FRENCH = "fr"
    PORTUGUESE = "pt"
    SPANISH = "es"


class Programme(StrEnum):
    """Who is billed: the agency (reseller) or its client (commission)."""

    RESELLER = "reseller"
    COMMISSION = "commission"


class NoticeState(StrEnum):
    """How far the sending of a notice is."""

    PENDING = "pending"
    SENT = "sent"
    FAILED = "failed"


class NoticeKind(StrEnum):
    """The facts somebody is told of, by the name of their events."""

    ACCOUNT_ACTIVATED = "account_activated"
    ACCOUNT_FAILED = "account_failed"
    ACCOUNT_UPGRADED = "account_upgraded"
    INVOICE_PAID = "invoice_paid"
    PAYMENT_FAILED = "payment_failed"
    CREDITS_PURCHASED = "credits_purchased"


CLIENT_KINDS = frozenset({NoticeKind.INVOICE_PAID, NoticeKind.PAYMENT_FAILED})
"""Billing and expiry: what the client of a commission account is told instead of the agency (R0.125, R0.126)."""


@dataclass(frozen=True, kw_only=True)
class Agency:
    """What has to be known of an agency to write to it."""

    notification_email: str
    language: Language
    programme: Programme


@dataclass(frozen=True, kw_only=True)
class Account:
    """What has to be known of an account to write about it. `language` is the client's, as it was asked for."""

    id: str
    name: str
    notification_email: str
    language: str | None
    client_email: str | None


@dataclass(frozen=True, kw_only=True)
class Recipient:
    """Where a notice goes and in which language."""

    address: str
    language: Language


@dataclass(frozen=True, kw_only=True)
class Message:
    """What a notice says, in plain text."""

    subject: str
    body: str


def kind_of(event_name: str) -> NoticeKind | None:
    """Say which kind of notice the fact makes, if any."""
    return next((kind for kind in NoticeKind if kind == event_name), None)


def recipient(*, kind: NoticeKind, agency: Agency, account: Account | None) -> Recipient:
    """Decide who is told. Nothing else in the platform chooses an address.

    What concerns an account goes to the account's notification address, the rest to the agency's; never to the client of a resold account
    (R0.73-R0.75). The client of a commission account gets its billing and expiry, the agency does not (R0.125, R0.126): raises
    `ClientAddressUnknown` where no fact has said the client's address.
    """
    if account is None:
        return Recipient(address=agency.notification_email, language=agency.language)
    if agency.programme is Programme.RESELLER or kind not in CLIENT_KINDS:
        return Recipient(address=account.notification_email, language=agency.language)
    if account.client_email is None:
        raise errors.ClientAddressUnknown(account_id=account.id)
    spoken = next((language for language in Language if language == account.language), agency.language)
    return Recipient(address=account.client_email, language=spoken)


def message(*, kind: NoticeKind, facts: Mapping[str, Any], account: Account | None, language: Language) -> Message:
    """Write the notice of `kind` about `facts`, the data of the event that made it."""
    texts = TEXTS[language]
    account_name = account.name if account is not None else ""
    values = {
        "account": account_name,
        "about": Template(texts["about"]).substitute(account=account_name) if account is not None else "",
        **_VALUES[kind](facts, texts),
    }
    written = texts[kind]
    body = Template(written["body"]).substitute(values)
    return Message(subject=Template(written["subject"]).substitute(values), body=f"{body}\n-- \n{texts['signature']}\n")


def format_money(money: Money, *, decimal_sign: str) -> str:
    """Write an amount to its last minor unit: `-1234.50 EUR`, with the language's decimal sign."""
    digits = OTHER_MINOR_DIGITS.get(money.currency, MINOR_DIGITS)
    sign = "-" if money.amount_minor < 0 else ""
    whole, minor = divmod(abs(money.amount_minor), 10**digits)
    fraction = f"{decimal_sign}{minor:0{digits}}" if digits else ""
    return f"{sign}{whole}{fraction} {money.currency}"


def _of_activated(facts: Mapping[str, Any], texts: Mapping[str, Any]) -> dict[str, str]:
    return {"selection": _selection(facts["selection"], texts)}


def _of_failed(facts: Mapping[str, Any], texts: Mapping[str, Any]) -> dict[str, str]:
    return {"reason": _reason(facts, texts)}


def _of_upgraded(facts: Mapping[str, Any], texts: Mapping[str, Any]) -> dict[str, str]:
    return {"old_selection": _selection(facts["old_selection"], texts), "new_selection": _selection(facts["new_selection"], texts)}


def _of_invoice(facts: Mapping[str, Any], texts: Mapping[str, Any]) -> dict[str, str]:
    amounts = {part: _amount(facts[f"{part}_minor"], facts["currency"], texts) for part in ("total", "prepaid", "card")}
    return {"number": facts["number"], **amounts}


def _of_payment(facts: Mapping[str, Any], texts: Mapping[str, Any]) -> dict[str, str]:
    amount = _amount(facts["amount_minor"], facts["currency"], texts)
    return {"number": facts["number"], "amount": amount, "reason": _reason(facts, texts)}


def _of_credits(facts: Mapping[str, Any], texts: Mapping[str, Any]) -> dict[str, str]:
    units = str(facts["units"]) if facts["currency"] is None else _amount(facts["units"], facts["currency"], texts)
    return {"credits": Template(texts["credits"][facts["kind"]]).substitute(units=units)}


_VALUES = {
    NoticeKind.ACCOUNT_ACTIVATED: _of_activated,
    NoticeKind.ACCOUNT_FAILED: _of_failed,
    NoticeKind.ACCOUNT_UPGRADED: _of_upgraded,
    NoticeKind.INVOICE_PAID: _of_invoice,
    NoticeKind.PAYMENT_FAILED: _of_payment,
    NoticeKind.CREDITS_PURCHASED: _of_credits,
}


def _amount(amount_minor: int, currency: str, texts: Mapping[str, Any]) -> str:
    return format_money(Money(amount_minor=amount_minor, currency=currency), decimal_sign=texts["decimal_sign"])


def _reason(facts: Mapping[str, Any], texts: Mapping[str, Any]) -> str:
    """Say the reason in the reader's language where its code has a translation, else in the sentence that the fact brings."""
    reason: str = texts["reasons"].get(facts["code"], facts["reason"])
    return reason


def _selection(selection: Mapping[str, Any], texts: Mapping[str, Any]) -> str:
    parts = [selection["plan"]]
    if selection["contacts"] is not None:
        parts.append(Template(texts["contacts"]).substitute(count=selection["contacts"]))
    if selection["frequency"] is not None:
        parts.append(texts["frequencies"][selection["frequency"]])
    return ", ".join(parts)


def _texts() -> dict[Language, dict[str, Any]]:
    folder = resources.files("notifications") / "texts"
    return {language: tomllib.loads((folder / f"{language}.toml").read_text("utf-8")) for language in Language}


TEXTS = _texts()
"""What the platform writes, by language: `texts/<language>.toml`."""
