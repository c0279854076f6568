"""What an agency gives to open an account: its fields, and which are refused."""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass
from typing import Any

from accounts import errors
from accounts.domain.words import COUNTRIES, LANGUAGES, RESERVED_NAMES, TIME_ZONES

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


LOOK_ALIKES = (("-", ""), ("rn", "m"), ("vv", "w"), ("0", "o"), ("1", "i"), ("l", "i"))
"""What a reader takes for something else in a host label."""


def folded(name: str) -> str:
    """Write a name so that all names that look like it are written the same."""
    for look, alike in LOOK_ALIKES:
        name = name.replace(look, alike)
    return name


FOLDED_RESERVED_NAMES = {folded(name): name for name in RESERVED_NAMES}


def fault_of_name(name: str) -> errors.Refusal | None:
    """Say why no account may ever have this name, or None (domain: account); whether it is taken is another question."""
    if NAME.fullmatch(name) is None:
        return errors.NameMalformed()
    if name.startswith("xn--"):
        return errors.NamePunycode()
    if name in RESERVED_NAMES:
        return errors.NameReserved(name=name)
    alike = FOLDED_RESERVED_NAMES.get(folded(name))
    return None if alike is None else errors.NameLooksLikeReserved(name=name, alike=alike)


def check_application(application: Application) -> None:
    """Refuse what is wrong with an application: one fault by its own name, several together as `InvalidRequest`."""
    refuse(faults_of_application(application))


def faults_of_application(application: Application) -> Iterator[errors.Refusal]:
    """Say what is wrong with an application, field by field."""
    name_fault = fault_of_name(application.name)
    if name_fault is not None:
        yield name_fault
    yield from faults_of_settings(asdict(application))


def faults_of_settings(settings: Mapping[str, Any]) -> Iterator[errors.Refusal]:
    """Say what is wrong with these fields of an application; one that is None was not given, others are no business of this."""
    for field, fault in FAULTS.items():
        value = settings.get(field)
        found = None if value is None else fault(value)
        if found is not None:
            yield found


def refuse(faults: Iterable[errors.Refusal]) -> None:
    """Raise the one fault by its own name, several together as `InvalidRequest`; nothing where there is none."""
    found = list(faults)
    if len(found) == 1:
        raise found[0]
    if found:
        raise errors.InvalidRequest(errors=[{"field": str(fault.field), "code": fault.code, "message": fault.text} for fault in found])


def canonical_domain(given: str | None) -> str | None:
    """Write a domain as it is kept: in lower case, without the dot of the root."""
    return None if given is None else given.lower().removesuffix(".")


def check_custom_domain(custom_domain: str | None, *, hosted_domain: str) -> None:
    """Refuse a custom domain that is ours: the accounts' own hosts are under `hosted_domain`."""
    if custom_domain is not None and f".{custom_domain}".endswith(f".{hosted_domain}"):
        raise errors.CustomDomainHosted(given=custom_domain, hosted_domain=hosted_domain)


def _fault_of_client_name(given: str) -> errors.Refusal | None:
    return None if given.strip() else errors.ClientNameMissing()


def _fault_of_client_email(given: str) -> errors.Refusal | None:
    return None if is_email(given) else errors.ClientEmailInvalid(given=given)


def _fault_of_notification_email(given: str) -> errors.Refusal | None:
    return None if is_email(given) else errors.NotificationEmailInvalid(given=given)


def _fault_of_country(given: str) -> errors.Refusal | None:
    return None if given in COUNTRIES else errors.CountryUnknown(given=given)


def _fault_of_language(given: str) -> errors.Refusal | None:
    return None if given in LANGUAGES else errors.LanguageUnknown(given=given, allowed=LANGUAGES)


def _fault_of_time_zone(given: str) -> errors.Refusal | None:
    return None if given in TIME_ZONES else errors.TimeZoneUnknown(given=given)


def _fault_of_custom_domain(given: str) -> errors.Refusal | None:
    """A host name, and no IP address: the last label of a name is never a number (RFC 1123, 2.1)."""
    is_host = HOST.fullmatch(given) is not None and not given.rpartition(".")[2].isdigit()
    return None if is_host else errors.CustomDomainInvalid(given=given)


FAULTS: Mapping[str, Callable[[str], errors.Refusal | None]] = {
    "client_name": _fault_of_client_name,
    "client_email": _fault_of_client_email,
    "notification_email": _fault_of_notification_email,
    "country": _fault_of_country,
    "language": _fault_of_language,
    "time_zone": _fault_of_time_zone,
    "custom_domain": _fault_of_custom_domain,
}
"""Field → what may be wrong with it by itself, in the order in which it is said."""


def is_email(address: str) -> bool:
    """Tell whether mail could be delivered to this address."""
    return len(address) <= HIGHEST_EMAIL_LENGTH and EMAIL.fullmatch(address) is not None
