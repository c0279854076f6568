"""Refusals about the fields of an application."""

from accounts.errors.accounts import OneOf
from chassis.errors import Refusal


class NameMalformed(Refusal):
    """The name cannot be a host label (RFC 1123, and three characters at least)."""

    code = "name_malformed"
    message = "A name has 3 to 63 lower-case letters, digits and hyphens, and begins and ends with a letter or a digit."
    field = "name"


class NamePunycode(Refusal):
    """The name reads as an internationalised host label (RFC 5890), which could imitate another one."""

    code = "name_punycode"
    message = "A name cannot begin with «xn--»: give one in plain letters and digits."
    field = "name"


class NameReserved(Refusal):
    """The name is one the platform keeps for itself."""

    code = "name_reserved"
    message = "The name {name} is kept for the platform: choose another one."
    field = "name"


class NameLooksLikeReserved(Refusal):
    """The name could be taken for one that the platform keeps for itself."""

    code = "name_looks_like_reserved"
    message = "The name {name} looks like {alike}, which is kept for the platform: choose another one."
    field = "name"


class NameTaken(Refusal):
    """The name belongs to an account already; names are unique for ever, but for failed accounts (domain: account)."""

    kind = "conflict"
    code = "name_taken"
    message = "The name {name} is taken: choose another one."
    field = "name"


class ClientNameMissing(Refusal):
    """The client has no name."""

    code = "client_name_missing"
    message = "Give the name of the client."
    field = "client_name"


class EmailInvalid(Refusal):
    """No mail could be delivered to this address."""

    code = "email_invalid"
    message = "«{given}» is not an e-mail address: write it like name@example.com."


class ClientEmailInvalid(EmailInvalid):
    """The client's address."""

    field = "client_email"


class NotificationEmailInvalid(EmailInvalid):
    """The address that notices about the account go to."""

    field = "notification_email"


class NotificationEmailMissing(Refusal):
    """None was given, and the agency's own, which is the default, has not reached this service yet."""

    code = "notification_email_missing"
    message = "The agency's notification address is not known here yet: give notification_email."
    field = "notification_email"


class CountryUnknown(Refusal):
    """Not a country of ISO 3166-1."""

    code = "country_unknown"
    message = "«{given}» is not a country: give its two letters of ISO 3166-1, like FR."
    field = "country"


class CountryNotServed(Refusal):
    """A country without a region for its clients' data (R0.26)."""

    code = "country_not_served"
    message = "No accounts are hosted for clients in {given} yet: write to us."
    field = "country"


class LanguageUnknown(OneOf):
    """Not a language the platform speaks."""

    code = "language_unknown"
    field = "language"


class TimeZoneUnknown(Refusal):
    """Not a zone of the IANA time zone database."""

    code = "time_zone_unknown"
    message = "«{given}» is not a time zone: give its IANA name, like Europe/Paris."
    field = "time_zone"


class CustomDomainInvalid(Refusal):
    """The custom domain is no host name a CNAME record could have."""

    code = "custom_domain_invalid"
    message = "«{given}» is not a domain: write it like marketing.example.com."
    field = "custom_domain"


class CustomDomainHosted(Refusal):
    """The custom domain is under the platform's own, where every account has its host already."""

    code = "custom_domain_hosted"
    message = "{given} is under {hosted_domain}, where the account has its own host already: give a domain of the client."
    field = "custom_domain"


class CustomDomainTaken(Refusal):
    """Another account has this custom domain."""

    kind = "conflict"
    code = "custom_domain_taken"
    message = "The domain {custom_domain} belongs to another account: give another one."
    field = "custom_domain"
