"""The rules of accounts: names, selections, the lifecycle, provisioning, quotes. Values in, decisions out, time an argument."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from zoneinfo import available_timezones

from accounts import errors

# --- words ------------------------------------------------------------------------------------------------------------------------------


class Status(StrEnum):
    """Where an account is in its life (domain: account lifecycle)."""

    CREATING = "creating"
    FAILED = "failed"
    ACTIVE = "active"
    DISABLED = "disabled"
    CANCELLED = "cancelled"
    EXPIRED = "expired"
    ARCHIVED = "archived"


class Kind(StrEnum):
    """What an account is for; decided by its selection."""

    PAID = "paid"
    TRIAL = "trial"
    SANDBOX = "sandbox"


class Part(StrEnum):
    """What an account needs before it is usable (decision 0002)."""

    ADMIN_USER = "admin_user"
    PAYMENT = "payment"
    WORKSPACE = "workspace"


class Purpose(StrEnum):
    """What a quote or an invoice is for, as billing says it; its other purposes are no business of accounts."""

    ACCOUNT_OPENING = "account_opening"
    PLAN_CHANGE = "plan_change"


class Effective(StrEnum):
    """When a plan change takes effect."""

    NOW = "now"
    PERIOD_END = "period_end"


LANGUAGES = ("en", "fr", "pt", "es")


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


COUNTRIES = _words(
    """
    AD AE AF AG AI AL AM AO AQ AR AS AT AU AW AX AZ BA BB BD BE BF BG BH BI BJ BL BM BN BO BQ BR BS BT BV BW BY BZ CA CC CD CF CG CH
    CI CK CL CM CN CO CR CU CV CW CX CY CZ DE DJ DK DM DO DZ EC EE EG EH ER ES ET FI FJ FK FM FO FR GA GB GD GE GF GG GH GI GL GM GN
    GP GQ GR GS GT GU GW GY HK HM HN HR HT HU ID IE IL IM IN IO IQ IR IS IT JE JM JO JP KE KG KH KI KM KN KP KR KW KY KZ LA LB LC LI
    LK LR LS LT LU LV LY MA MC MD ME MF MG MH MK ML MM MN MO MP MQ MR MS MT MU MV MW MX MY MZ NA NC NE NF NG NI NL NO NP NR NU NZ OM
    PA PE PF PG PH PK PL PM PN PR PS PT PW PY QA RE RO RS RU RW SA SB SC SD SE SG SH SI SJ SK SL SM SN SO SR SS ST SV SX SY SZ TC TD
    TF TG TH TJ TK TL TM TN TO TR TT TV TW TZ UA UG UM US UY UZ VA VC VE VG VI VN VU WF WS YE YT ZA ZM ZW
    """
)
"""ISO 3166-1 alpha-2."""

TIME_ZONES = frozenset(available_timezones() - {"Factory", "localtime"})
"""The IANA names, without the two that stand for «not set» and «this machine's»."""

RESERVED_NAMES = _words(
    """
    abuse accounts activecampaign admin administrator agency api app apps assets auth autoconfig autodiscover billing blog bounce
    bounces cdn click client clients comptoir console contact credits dashboard demo dev dkim dmarc dns docs download email example
    feedback forum ftp git grafana help host hosting hostmaster image images imap img info internal invalid invoice invoices ipv4
    ipv6 isatap localdomain localhost login logout mail mail1 mail2 mailer mailer-daemon marketing media metrics monitor mta mx1
    mx2 noc noreply no-reply notifications ns1 ns2 ns3 ns4 open partner partners pay payment payments platform pop pop3 portal
    postmaster preview private prometheus public rabbitmq register reply root sandbox secure security server shop signin signup smtp
    spam spf ssl sso staff staging static stats status store support sysadmin system test tls track tracking trial unsubscribe
    upload usenet uucp webhook webhooks webmaster webmail wpad www www1 www2 xmpp
    """
)
"""Labels that mail, the web (RFC 2142, RFC 6761) and the platform itself answer to."""

# --- the fields of an application -------------------------------------------------------------------------------------------------------

HIGHEST_EMAIL_LENGTH = 254  # RFC 5321, 4.5.3.1.3: a path of 256 with its angle brackets
NAME = re.compile(r"[a-z0-9]([a-z0-9-]{1,61}[a-z0-9])")
HOST_LABEL = r"[a-zA-Z0-9](?:[a-zA-Z0-9-]{0,61}[a-zA-Z0-9])?"
HOST = re.compile(rf"(?=.{{1,253}}\Z){HOST_LABEL}(?:\.{HOST_LABEL})+")
EMAIL = re.compile(rf"[a-zA-Z0-9.!#$%&'*+/=?^_`{{|}}~-]{{1,64}}@{HOST_LABEL}(?:\.{HOST_LABEL})+")
"""The WHATWG's «valid e-mail address», with a dot in its domain."""


@dataclass(frozen=True, kw_only=True)
class Application:
    """What an agency gives to open an account, but for what is bought (R0.20 to R0.28, R0.40).

    No notification address: the agency's own. No billing profile: the agency's default one.
    """

    name: str
    client_name: str
    client_email: str
    notification_email: str | None
    country: str
    language: str
    time_zone: str
    billing_profile_id: str | None
    custom_domain: str | None
    snapshot_id: str | None


def fault_of_name(name: str) -> errors.Refusal | None:
    """Say why no account may ever have this name, or None (domain: account); whether it is taken is another question."""
    if NAME.fullmatch(name) is None:
        return errors.NameMalformed()
    if name.startswith("xn--"):
        return errors.NamePunycode()
    return errors.NameReserved(name=name) if name in RESERVED_NAMES else None


def check_application(application: Application) -> None:
    """Refuse what is wrong with an application: one fault by its own name, several together as `InvalidRequest`."""
    faults = list(_faults_of(application))
    if len(faults) == 1:
        raise faults[0]
    if faults:
        raise errors.InvalidRequest(errors=[{"field": str(fault.field), "code": fault.code, "message": fault.text} for fault in faults])


def _faults_of(application: Application) -> Iterator[errors.Refusal]:
    name_fault = fault_of_name(application.name)
    if name_fault is not None:
        yield name_fault
    if not application.client_name.strip():
        yield errors.ClientNameMissing()
    if not _is_email(application.client_email):
        yield errors.ClientEmailInvalid(given=application.client_email)
    if application.notification_email is not None and not _is_email(application.notification_email):
        yield errors.NotificationEmailInvalid(given=application.notification_email)
    if application.country not in COUNTRIES:
        yield errors.CountryUnknown(given=application.country)
    if application.language not in LANGUAGES:
        yield errors.LanguageUnknown(given=application.language, allowed=LANGUAGES)
    if application.time_zone not in TIME_ZONES:
        yield errors.TimeZoneUnknown(given=application.time_zone)
    if application.custom_domain is not None and HOST.fullmatch(application.custom_domain) is None:
        yield errors.CustomDomainInvalid(given=application.custom_domain)


def _is_email(address: str) -> bool:
    return len(address) <= HIGHEST_EMAIL_LENGTH and EMAIL.fullmatch(address) is not None


# --- what is bought ---------------------------------------------------------------------------------------------------------------------

PLANS: Mapping[str, Mapping[str, Kind]] = {
    "V1": {"Trial": Kind.TRIAL, "Sandbox": Kind.SANDBOX},
    "V3": {"Starter": Kind.PAID, "Plus": Kind.PAID, "Pro": Kind.PAID, "Enterprise": Kind.PAID},
}
"""Pricing version → plan → kind of account (R0.29, R0.30), plans from the cheapest to the dearest."""

PLAN_NAMES = tuple(plan for plans in PLANS.values() for plan in plans)


@dataclass(frozen=True, kw_only=True)
class Selection:
    """What of the catalogue an account is on. Whether billing sells it at all is billing's to say.

    `contacts` is the tier's number of contacts; `frequency` is `monthly` or `annual`; V1 has neither.
    """

    pricing_version: str
    product: str
    plan: str
    contacts: int | None = None
    frequency: str | None = None


@dataclass(frozen=True, kw_only=True)
class Quote:
    """Billing's priced offer: what the customer saw is what is charged. `state` is `open`, `expired` or `used`."""

    id: str
    purpose: str
    account_id: str | None
    selection: Selection
    state: str
    expires_at: datetime


def kind_of(selection: Selection) -> Kind:
    """Tell the kind of account that a selection makes: V1 is a trial or a sandbox, V3 is paid (R0.29, R0.30)."""
    plans = PLANS.get(selection.pricing_version)
    if plans is None:
        raise errors.PricingVersionUnknown(given=selection.pricing_version, allowed=tuple(PLANS))
    kind = plans.get(selection.plan)
    if kind is None:
        raise errors.PlanUnknown(given=selection.plan, allowed=tuple(plans))
    return kind


def check_quote(quote: Quote, *, purpose: Purpose, account_id: str | None, now: datetime) -> None:
    """Refuse a quote that was made for something else, was used, or is past its expiry at `now`."""
    if (quote.purpose, quote.account_id) != (purpose, account_id):
        wanted = "opening an account" if account_id is None else f"a plan change of {account_id}"
        raise errors.QuoteForAnother(quote_id=quote.id, wanted=wanted)
    if quote.state == "used":
        raise errors.QuoteUsed(quote_id=quote.id)
    if quote.state != "open" or quote.expires_at <= now:
        raise errors.QuoteExpired(quote_id=quote.id, expires_at=quote.expires_at.isoformat())


def check_upgrade(*, old: Selection, new: Selection, effective: str | None) -> None:
    """Refuse a change of plan that is no upgrade.

    An upgrade stays on its product and billing frequency, and has a plan at least as dear with at least as many contacts, one of them more.
    """
    old_kind, new_kind = kind_of(old), kind_of(new)
    if new == old:
        raise errors.PlanUnchanged
    if (old_kind, new_kind) == (Kind.TRIAL, Kind.PAID):
        raise errors.TrialNotConvertible(plan=new.plan)
    if (old_kind, new_kind) != (Kind.PAID, Kind.PAID):
        raise errors.KindStays(account_kind=old_kind, wanted=new_kind)
    plans = list(PLANS[old.pricing_version])
    dearer = plans[plans.index(old.plan) :]
    least_contacts = old.contacts or 0
    same_terms = (new.product, new.frequency) == (old.product, old.frequency)
    if not same_terms or new.plan not in dearer or (new.contacts or 0) < least_contacts:
        raise errors.NotAnUpgrade(product=old.product, frequency=old.frequency, plans=dearer, contacts=least_contacts)
    if effective not in {None, Effective.NOW}:
        raise errors.OnlyAtOnce


@dataclass(frozen=True, kw_only=True)
class Opening:
    """An application with what is bought, and the region of the client's country (None: no region hosts it)."""

    application: Application
    quote: Quote
    region: str | None


@dataclass(frozen=True, kw_only=True)
class Terms:
    """How the platform opens accounts: where their users log in (`{name}` for the account's), and how long the opening may take."""

    login_url_template: str
    opening_time: timedelta


# --- the lifecycle ----------------------------------------------------------------------------------------------------------------------


class Verb(StrEnum):
    """What can be done to an account."""

    ACTIVATE = "activate"
    FAIL = "fail"
    CHANGE_PLAN = "change_plan"
    CLAIM_CREDENTIALS = "claim_credentials"


LIFECYCLE: Mapping[Verb, Mapping[Status, Status]] = {
    Verb.ACTIVATE: {Status.CREATING: Status.ACTIVE},
    Verb.FAIL: {Status.CREATING: Status.FAILED},
    Verb.CHANGE_PLAN: {Status.ACTIVE: Status.ACTIVE},
    Verb.CLAIM_CREDENTIALS: {Status.ACTIVE: Status.ACTIVE},
}
"""Verb → status it is possible in → status it leads to: the one table that decides commands and events alike."""

AGENCY_VERBS = (Verb.CHANGE_PLAN, Verb.CLAIM_CREDENTIALS)
"""What an agency can ask for; the rest happens by itself."""


def possible(status: str, verb: Verb) -> bool:
    """Whether the lifecycle allows `verb` in `status`."""
    return status in LIFECYCLE[verb]


def status_after(status: str, verb: Verb) -> Status:
    """Tell the status that `verb` leads to; refuse by `NotNow`, with what is possible, where it leads nowhere."""
    if not possible(status, verb):
        raise errors.NotNow(
            action=verb,
            status=status,
            possible_while=list(LIFECYCLE[verb]),
            possible_now=[other for other in AGENCY_VERBS if possible(status, other)],
        )
    return LIFECYCLE[verb][Status(status)]


# --- provisioning (decision 0002) -------------------------------------------------------------------------------------------------------

AWAITED: Mapping[Kind, frozenset[Part]] = {
    Kind.PAID: frozenset(Part),
    Kind.TRIAL: frozenset({Part.ADMIN_USER, Part.WORKSPACE}),
    Kind.SANDBOX: frozenset({Part.ADMIN_USER, Part.WORKSPACE}),
}
"""What an account of each kind waits for: nobody pays for a trial or a sandbox."""


@dataclass(frozen=True, kw_only=True)
class Failure:
    """Why an account could not be opened: a stable code, and a sentence for people."""

    code: str
    reason: str


@dataclass(frozen=True, kw_only=True)
class Provisioning:
    """How far the opening of an account is. Facts come in any order and any number of times; once it has ended nothing changes it."""

    status: str
    missing: frozenset[str]
    failure: Failure | None = None


def with_part(provisioning: Provisioning, part: Part) -> Provisioning:
    """Note that a part is there; the last one activates the account."""
    if not possible(provisioning.status, Verb.ACTIVATE):
        return provisioning
    missing = provisioning.missing - {part}
    status = provisioning.status if missing else status_after(provisioning.status, Verb.ACTIVATE)
    return replace(provisioning, missing=missing, status=status)


def without_part(provisioning: Provisioning, part: Part, failure: Failure) -> Provisioning:
    """Note that a part was refused for good: the account fails, unless the part is not waited for or is there already."""
    return _failed(provisioning, failure) if part in provisioning.missing else provisioning


def given_up(provisioning: Provisioning) -> Provisioning:
    """Fail the account: its deadline passed with something still missing."""
    missing = ", ".join(sorted(part.replace("_", " ") for part in provisioning.missing))
    reason = f"The account was not ready in time; still missing: {missing}."
    return _failed(provisioning, Failure(code="provisioning_timed_out", reason=reason))


def _failed(provisioning: Provisioning, failure: Failure) -> Provisioning:
    if not possible(provisioning.status, Verb.FAIL):
        return provisioning
    return replace(provisioning, status=status_after(provisioning.status, Verb.FAIL), failure=failure)


# --- lists ------------------------------------------------------------------------------------------------------------------------------

STATUS_FILTER = (Status.ACTIVE, Status.EXPIRED, Status.CANCELLED, Status.ARCHIVED, Status.DISABLED)
"""The values of the status filter beside «all» (R0.5): `creating` and `failed` show under all."""

SORTS = ("created_at", "name", "client_name", "contacts", "kind", "plan", "status")
"""What lists are sorted by; with a hyphen in front, in descending order (R0.12: `contacts` is the plan size)."""


NEWEST_FIRST = "-created_at"


def check_list(*, status: str | None, plan: str | None, kind: str | None, sort: str) -> None:
    """Refuse a filter or a sort the list does not have."""
    if status is not None and status not in STATUS_FILTER:
        raise errors.StatusFilterUnknown(given=status, allowed=STATUS_FILTER)
    if plan is not None and plan not in PLAN_NAMES:
        raise errors.PlanFilterUnknown(given=plan, allowed=PLAN_NAMES)
    if kind is not None and kind not in set(Kind):
        raise errors.KindFilterUnknown(given=kind, allowed=tuple(Kind))
    if sort.removeprefix("-") not in SORTS:
        raise errors.SortUnknown(given=sort, allowed=SORTS)
