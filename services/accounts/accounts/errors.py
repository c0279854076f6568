"""What accounts refuses, by name, and what it would allow instead."""

from collections.abc import Sequence

from chassis.errors import InvalidCursor, InvalidRequest, Refusal

__all__ = ["InvalidCursor", "InvalidRequest", "Refusal"]


class AccountNotFound(Refusal):
    """No such account, or not this agency's: the two look the same to whoever asks."""

    kind = "not_found"
    code = "account_not_found"
    message = "There is no account {account_id}."


# --- the fields of an application -------------------------------------------------------------------------------------------------------


class OneOf(Refusal):
    """A word was given that is none of the allowed ones; `details["allowed"]` lists them."""

    message = "«{given}» is not possible here: give one of {allowed}."

    def __init__(self, *, given: str | None, allowed: Sequence[str]) -> None:
        super().__init__(given=given, allowed=", ".join(allowed))
        self.details["allowed"] = list(allowed)


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


# --- what is bought ---------------------------------------------------------------------------------------------------------------------


class QuoteOrSelection(Refusal):
    """Both a quote and a selection were given, or neither."""

    code = "quote_or_selection"
    message = "Give either quote_id or selection, and not both."
    field = "quote_id"


class PricingVersionUnknown(OneOf):
    """Not a pricing version of the catalogue."""

    code = "pricing_version_unknown"
    field = "selection.pricing_version"


class PlanUnknown(OneOf):
    """Not a plan of this pricing version (R0.29, R0.30)."""

    code = "plan_unknown"
    field = "selection.plan"


class QuoteUsed(Refusal):
    """The quote was charged already."""

    kind = "conflict"
    code = "quote_used"
    message = "The quote {quote_id} was used already: ask for a new one."
    field = "quote_id"


class QuoteExpired(Refusal):
    """The quote was not taken in time."""

    kind = "conflict"
    code = "quote_expired"
    message = "The quote {quote_id} expired at {expires_at}: ask for a new one."
    field = "quote_id"


class QuoteForAnother(Refusal):
    """The quote was made for something else than what it is used for here."""

    code = "quote_for_another"
    message = "The quote {quote_id} was not made for this: ask for one for {wanted}."
    field = "quote_id"


# --- what an account allows now ---------------------------------------------------------------------------------------------------------


class NotNow(Refusal):
    """The lifecycle does not allow this in the account's status; the details say in which it would, and what is allowed now."""

    kind = "conflict"
    code = "not_in_this_status"
    message = "{action} is not possible while the account is {status}: it is while the account is {possible_while}."

    def __init__(self, *, action: str, status: str, possible_while: Sequence[str], possible_now: Sequence[str]) -> None:
        super().__init__(action=action, status=status, possible_while=" or ".join(possible_while))
        self.details |= {"possible_while": list(possible_while), "possible_now": list(possible_now)}


class PlanUnchanged(Refusal):
    """The account has exactly this already."""

    kind = "conflict"
    code = "plan_unchanged"
    message = "The account is on this plan already, with as many contacts: choose a dearer plan or more contacts."
    field = "selection"


class NotAnUpgrade(Refusal):
    """The change would take something away, or move to another product or billing frequency; the details say what is possible."""

    kind = "conflict"
    code = "not_an_upgrade"
    message = "Only upgrades are possible: {product}, billed {frequency}, {plans}, {contacts} contacts or more."
    field = "selection"

    def __init__(self, *, product: str, frequency: str | None, plans: Sequence[str], contacts: int) -> None:
        super().__init__(product=product, frequency=frequency, plans=" or ".join(plans), contacts=contacts)
        self.details["plans"] = list(plans)


class TrialNotConvertible(Refusal):
    """A trial is not converted by a change of plan; a paid account for the client is opened beside it."""

    kind = "conflict"
    code = "trial_not_convertible"
    message = "A trial cannot be changed to {plan}: open a paid account for the client, with pricing version V3."
    field = "selection"


class KindStays(Refusal):
    """A sandbox never becomes paid (R0.95), and neither a paid account nor a trial ever becomes a sandbox (R1.14)."""

    kind = "conflict"
    code = "kind_stays"
    message = "A {account_kind} account cannot become a {wanted} account: open a new account for that."
    field = "selection"


class OnlyAtOnce(Refusal):
    """An upgrade takes effect at once."""

    code = "only_at_once"
    message = "An upgrade takes effect at once: leave effective out, or give «now»."
    field = "effective"


# --- lists ------------------------------------------------------------------------------------------------------------------------------


class StatusFilterUnknown(OneOf):
    """Not a status of the filter (R0.5)."""

    code = "status_filter_unknown"
    field = "status"


class PlanFilterUnknown(OneOf):
    """Not a plan of the filter (R0.6)."""

    code = "plan_filter_unknown"
    field = "plan"


class KindFilterUnknown(OneOf):
    """Not a kind of account."""

    code = "kind_filter_unknown"
    field = "kind"


class SortUnknown(OneOf):
    """Not a column the list can be sorted by."""

    code = "sort_unknown"
    field = "sort"
