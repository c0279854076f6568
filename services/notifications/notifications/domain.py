"""The rules of notices: which facts make one, who gets it, and how it reads."""

import base64
import hmac
import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from importlib import resources
from string import Template
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

from chassis.money import Money
from notifications import errors

FEED_KEPT = timedelta(days=30)

Values = Callable[[Mapping[str, Any], Mapping[str, Any]], dict[str, str]]
"""Write what a text is filled with, from the facts and the texts of a language."""

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
    DUNNING_STEP = "dunning_step"
    CARD_EXPIRING = "card_expiring"
    CREDITS_PURCHASED = "credits_purchased"
    CREDITS_EXPIRED = "credits_expired"
    BALANCE_LOW = "balance_low"
    TOP_UP_REFUSED = "top_up_refused"
    ACCOUNT_CANCELLED = "account_cancelled"
    CANCELLATION_UNDONE = "cancellation_undone"
    ACCOUNT_DISABLED = "account_disabled"
    ACCOUNT_ENABLED = "account_enabled"
    ACCOUNT_EXPIRED = "account_expired"
    ACCOUNT_ARCHIVED = "account_archived"
    ACCOUNT_RENEWED = "account_renewed"
    ACCOUNT_DOWNGRADED = "account_downgraded"
    ACCOUNT_CONVERTED = "account_converted"
    PLAN_CHANGE_SCHEDULED = "plan_change_scheduled"
    PLAN_CHANGE_DROPPED = "plan_change_dropped"
    TRIAL_ENDING = "trial_ending"
    RENEWAL_UPCOMING = "renewal_upcoming"
    ACCOUNT_LOGIN_LOCKED = "account_login_locked"
    TRANSFER_REQUESTED = "transfer_requested"
    TRANSFER_COMPLETED = "transfer_completed"
    CLIENT_ANSWERED = "client_answered"


CLIENT_KINDS = frozenset(
    {
        NoticeKind.INVOICE_PAID,
        NoticeKind.PAYMENT_FAILED,
        NoticeKind.RENEWAL_UPCOMING,
        NoticeKind.TRIAL_ENDING,
        NoticeKind.ACCOUNT_EXPIRED,
    }
)
"""Billing and expiry: what the client of a commission account is told instead of the agency (R0.125, R0.126)."""

ASKED_BY_CLIENT = frozenset({NoticeKind.TRANSFER_REQUESTED, NoticeKind.CLIENT_ANSWERED})
"""What any client gets, for it asked: the link to confirm a transfer (R0.56), an answer (R0.71). The agency's side gets a copy (R0.55)."""

LINK = "[[link]]"
"""Stands in a message that is kept for the link that is written into it when it is sent."""


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
    """Where a notice goes, in which language, and who gets a copy."""

    address: str
    language: Language
    copied_to: str | None = None


@dataclass(frozen=True, kw_only=True)
class TransferLinks:
    """What makes the tokens of links to confirm transfers: a secret shared with who knows them again, never with who carries them."""

    secret: bytes = field(repr=False)

    def confirming(self, link: str) -> str:
        """Make the link to a transfer's page one that confirms: with the HMAC-SHA256 of `transfer:<id>`, kept nowhere.

        Raises `TransferLinksUnavailable` without a secret.
        """
        if not self.secret:
            raise errors.TransferLinksUnavailable
        [transfer_id] = parse_qs(urlsplit(link).query)["transfer"]
        digest = hmac.digest(self.secret, f"transfer:{transfer_id}".encode(), "sha256")
        return f"{link}&token={base64.urlsafe_b64encode(digest).decode().rstrip('=')}"


def transfer_link(*, login_url: str | None, account_host: str, transfer_id: str) -> str:
    """Give the page of a transfer on the account's own host, by the origin of its login page where that is known."""
    login = urlsplit(login_url or f"https://{account_host}/")
    return f"{login.scheme}://{login.netloc}/transfer?{urlencode({'transfer': transfer_id})}"


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
    (R0.73-R0.75), unless it asked itself: then it is answered, and the agency's side gets a copy. The client of a commission account gets
    its billing and expiry, the agency does not (R0.125, R0.126): raises `ClientAddressUnknown` where no fact has said its address.
    """
    if account is None:
        return Recipient(address=agency.notification_email, language=agency.language)
    if kind not in ASKED_BY_CLIENT and (agency.programme is Programme.RESELLER or kind not in CLIENT_KINDS):
        return Recipient(address=account.notification_email, language=agency.language)
    if account.client_email is None:
        raise errors.ClientAddressUnknown(account_id=account.id)
    spoken = next((language for language in Language if language == account.language), agency.language)
    copied_to = account.notification_email if kind in ASKED_BY_CLIENT else None
    return Recipient(address=account.client_email, language=spoken, copied_to=copied_to)


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
    signature = written.get("signature", texts["signature"])
    return Message(subject=Template(written["subject"]).substitute(values), body=f"{body}\n-- \n{signature}\n")


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


def _of_dunning(facts: Mapping[str, Any], texts: Mapping[str, Any]) -> dict[str, str]:
    """Write what a step came to; where no further attempt is coming by itself, that a card is needed which works."""
    next_attempt_at: datetime | None = facts["next_attempt_at"]
    said = texts["dunning"]["waiting" if facts["outcome"] == "retry" and next_attempt_at is None else facts["outcome"]]
    values = {**_of_payment(facts, texts), "next_attempt_at": "" if next_attempt_at is None else _moment(next_attempt_at, texts)}
    return {**values, "title": Template(said["title"]).substitute(values), "said": Template(said["said"]).substitute(values)}


def _of_card(facts: Mapping[str, Any], _texts: Mapping[str, Any]) -> dict[str, str]:
    month = f"{facts['expiry_month']:02}/{facts['expiry_year']}"
    return {"profile": facts["name"], "brand": facts["brand"], "last_four": facts["last_four"], "month": month, "days": str(facts["days"])}


def _of_credits(facts: Mapping[str, Any], texts: Mapping[str, Any]) -> dict[str, str]:
    return {"credits": _credits(facts, facts["units"], texts)}


def _of_expired_credits(facts: Mapping[str, Any], texts: Mapping[str, Any]) -> dict[str, str]:
    return {**_of_credits(facts, texts), "expired_at": _moment(facts["expired_at"], texts)}


def _of_low_balance(facts: Mapping[str, Any], texts: Mapping[str, Any]) -> dict[str, str]:
    bought = texts["no_top_up"]
    if facts["top_up"] is not None:
        bought = Template(texts["top_up"]).substitute(credits=_credits(facts, facts["top_up"]["units"], texts))
    return {**_of_credits(facts, texts), "threshold": _credits(facts, facts["threshold"], texts), "top_up": bought}


def _of_refused_top_up(facts: Mapping[str, Any], texts: Mapping[str, Any]) -> dict[str, str]:
    return {**_of_credits(facts, texts), "reason": _reason(facts, texts)}


def _of_nothing(_facts: Mapping[str, Any], _texts: Mapping[str, Any]) -> dict[str, str]:
    return {}


def _at(name: str) -> Values:
    """Write the moment that the fact calls `name`."""
    return lambda facts, texts: {name: _moment(facts[name], texts)}


def _of_new_plan(facts: Mapping[str, Any], texts: Mapping[str, Any]) -> dict[str, str]:
    return {"new_selection": _selection(facts["new_selection"], texts)}


def _of_scheduled(facts: Mapping[str, Any], texts: Mapping[str, Any]) -> dict[str, str]:
    return {**_of_upgraded(facts, texts), "due_at": _moment(facts["due_at"], texts)}


def _of_renewal(facts: Mapping[str, Any], texts: Mapping[str, Any]) -> dict[str, str]:
    return {"selection": _selection(facts["selection"], texts), "renews_at": _moment(facts["renews_at"], texts)}


def _of_disabled(facts: Mapping[str, Any], texts: Mapping[str, Any]) -> dict[str, str]:
    return {"reason": texts["suspensions"][facts["reason"]], "message": facts["message"] or texts["no_message"]}


def _of_locked(facts: Mapping[str, Any], texts: Mapping[str, Any]) -> dict[str, str]:
    return {"username": facts["username"] or texts["unknown_user"], "locked_until": _moment(facts["locked_until"], texts)}


def _of_transfer(facts: Mapping[str, Any], texts: Mapping[str, Any]) -> dict[str, str]:
    until = _moment(facts["expires_at"], texts)
    return {"agency": facts["agency_email"], "way": texts["transfers"][facts["direction"]], "until": until, "link": LINK}


def _of_answer(facts: Mapping[str, Any], _texts: Mapping[str, Any]) -> dict[str, str]:
    return {"subject": facts["subject"], "text": facts["text"]}


_VALUES: Mapping[NoticeKind, Values] = {
    NoticeKind.ACCOUNT_ACTIVATED: _of_activated,
    NoticeKind.ACCOUNT_FAILED: _of_failed,
    NoticeKind.ACCOUNT_UPGRADED: _of_upgraded,
    NoticeKind.INVOICE_PAID: _of_invoice,
    NoticeKind.PAYMENT_FAILED: _of_payment,
    NoticeKind.DUNNING_STEP: _of_dunning,
    NoticeKind.CARD_EXPIRING: _of_card,
    NoticeKind.CREDITS_PURCHASED: _of_credits,
    NoticeKind.CREDITS_EXPIRED: _of_expired_credits,
    NoticeKind.BALANCE_LOW: _of_low_balance,
    NoticeKind.TOP_UP_REFUSED: _of_refused_top_up,
    NoticeKind.ACCOUNT_CANCELLED: _at("expires_at"),
    NoticeKind.CANCELLATION_UNDONE: _of_nothing,
    NoticeKind.ACCOUNT_DISABLED: _of_disabled,
    NoticeKind.ACCOUNT_ENABLED: _of_nothing,
    NoticeKind.ACCOUNT_EXPIRED: _at("archives_at"),
    NoticeKind.ACCOUNT_ARCHIVED: _at("renewable_until"),
    NoticeKind.ACCOUNT_RENEWED: _of_new_plan,
    NoticeKind.ACCOUNT_DOWNGRADED: _of_upgraded,
    NoticeKind.ACCOUNT_CONVERTED: _of_new_plan,
    NoticeKind.PLAN_CHANGE_SCHEDULED: _of_scheduled,
    NoticeKind.PLAN_CHANGE_DROPPED: _of_nothing,
    NoticeKind.TRIAL_ENDING: _at("expires_at"),
    NoticeKind.RENEWAL_UPCOMING: _of_renewal,
    NoticeKind.ACCOUNT_LOGIN_LOCKED: _of_locked,
    NoticeKind.TRANSFER_REQUESTED: _of_transfer,
    NoticeKind.TRANSFER_COMPLETED: _of_nothing,
    NoticeKind.CLIENT_ANSWERED: _of_answer,
}


def _moment(moment: datetime, texts: Mapping[str, Any]) -> str:
    return moment.astimezone(UTC).strftime(texts["moment"])


def _amount(amount_minor: int, currency: str, texts: Mapping[str, Any]) -> str:
    return format_money(Money(amount_minor=amount_minor, currency=currency), decimal_sign=texts["decimal_sign"])


def _credits(facts: Mapping[str, Any], units: int, texts: Mapping[str, Any]) -> str:
    """Write so much credit of the kind that the fact is about; units with a currency are its minor units."""
    shown = str(units) if facts["currency"] is None else _amount(units, facts["currency"], texts)
    return Template(texts["credits"][facts["kind"]]).substitute(units=shown)


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
