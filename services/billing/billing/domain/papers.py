"""Invoices and credit notes as they are printed: every text of the page, in the agency's language, figures and dates by CLDR (Babel)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from babel.dates import format_date
from babel.numbers import format_currency, get_currency_precision

from billing.domain.descriptions import in_language
from billing.domain.words import WORDS, Words
from chassis.money import Money

ADDRESS_LINES = (("name",), ("street",), ("postal_code", "city"), ("country",), ("tax_number",))
"""The parts of an invoice address, line by line."""


@dataclass(frozen=True, kw_only=True)
class Paper:
    """One printed document. `facts` are label and text; `rows` are description, period and amount; `totals` label and amount."""

    language: str
    title: str
    facts: Sequence[tuple[str, str]]
    addressee: Sequence[str]
    head: tuple[str, str, str]
    rows: Sequence[tuple[str, str, str]]
    totals: Sequence[tuple[str, str]]
    notes: Sequence[str]
    issued_at: datetime


def invoice_paper(invoice: Mapping[str, Any], *, issued_to: Mapping[str, Any], language: str) -> Paper:
    """Lay out an invoice: its lines, what was paid by prepaid and by card, what was credited, what is open."""
    words = words_of(language)
    credited_by = ", ".join(note["number"] for note in invoice["credit_notes"])
    totals = [
        (words.total, invoice["total"]),
        (words.paid_prepaid, invoice["paid_prepaid"]),
        (words.paid_card, invoice["paid_card"]),
        (f"{words.credited} ({credited_by})" if credited_by else words.credited, invoice["credited"]),
        (words.open, invoice["open"]),
    ]
    paid_at = invoice["paid_at"]
    return Paper(
        language=language,
        title=f"{words.invoice} {invoice['number']}",
        facts=[
            (words.issued_on, shown_date(invoice["issued_at"], language)),
            *_of_account(invoice, words),
            (words.status, words.statuses[invoice["status"]]),
            *([] if paid_at is None else [(words.paid_on, shown_date(paid_at, language))]),
        ],
        addressee=addressee(issued_to),
        head=(words.description, words.period, words.amount),
        rows=rows_of(invoice["lines"], language),
        totals=[(label, shown_money(amount, language)) for label, amount in totals],
        notes=[words.taxes_note],
        issued_at=invoice["issued_at"],
    )


def credit_note_paper(note: Mapping[str, Any], *, issued_to: Mapping[str, Any], language: str) -> Paper:
    """Lay out a credit note: what is given back, and where to."""
    words = words_of(language)
    parts = [(words.to_prepaid, note["refunded_prepaid"]), (words.to_card, note["refunded_card"]), (words.granted, note["granted"])]
    return Paper(
        language=language,
        title=f"{words.credit_note} {note['number']}",
        facts=[
            (words.issued_on, shown_date(note["issued_at"], language)),
            *_of_account(note, words),
            *([] if note["invoice_number"] is None else [(words.for_invoice, note["invoice_number"])]),
            (words.reason, words.credit_reasons[note["reason"]]),
        ],
        addressee=addressee(issued_to),
        head=(words.description, words.period, words.amount),
        rows=rows_of(note["lines"], language),
        totals=[(words.total, shown_money(note["total"], language)), *((label, shown_money(part, language)) for label, part in parts)],
        notes=[words.taxes_note],
        issued_at=note["issued_at"],
    )


def words_of(language: str) -> Words:
    """Give the words of an agency's language; English where it is none of ours."""
    return WORDS.get(language, WORDS["en"])


def shown_money(amount: Money, language: str) -> str:
    """Write an amount as readers of the language expect it."""
    main_units = Decimal(amount.amount_minor).scaleb(-get_currency_precision(amount.currency))
    return format_currency(main_units, amount.currency, locale=language)


def shown_date(moment: datetime, language: str) -> str:
    """Write the day of a moment, in UTC."""
    return format_date(moment.astimezone(UTC).date(), format="long", locale=language)


def rows_of(lines: Sequence[Mapping[str, Any]], language: str) -> list[tuple[str, str, str]]:
    """Write the lines: what for and why, the days paid for, the amount."""
    words = words_of(language)
    return [
        (
            f"{in_language(line['description'], words, language)} – {words.reasons[line['reason']]}",
            _period(line, language),
            shown_money(line["amount"], language),
        )
        for line in lines
    ]


def addressee(issued_to: Mapping[str, Any]) -> list[str]:
    """Write whom it was issued to: the agency's name, and the invoice address that was its profile's then."""
    address = issued_to.get("address") or {}
    lines = (" ".join(str(address[part]) for part in parts if address.get(part)) for parts in ADDRESS_LINES)
    written = [line for line in [issued_to.get("name") or "", *lines] if line]
    return list(dict.fromkeys(written))


def _of_account(document: Mapping[str, Any], words: Words) -> list[tuple[str, str]]:
    named = document["account_name"] or document["account_id"]
    return [] if named is None else [(words.account, named)]


def _period(line: Mapping[str, Any], language: str) -> str:
    start, end = line["period_start"], line["period_end"]
    return "" if start is None or end is None else f"{shown_date(start, language)} – {shown_date(end, language)}"
