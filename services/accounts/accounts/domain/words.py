"""The words of accounts: statuses, kinds, parts, languages, countries, time zones."""

from enum import StrEnum
from zoneinfo import available_timezones


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


class SuspensionReason(StrEnum):
    """Why an account is disabled; several reasons can be in force at once, and an agency lifts only its own."""

    AGENCY = "agency"
    PAYMENT = "payment"
    ABUSE = "abuse"
    PLATFORM = "platform"


class ChangeState(StrEnum):
    """How far a change of plan is."""

    SCHEDULED = "scheduled"
    APPLIED = "applied"
    DROPPED = "dropped"


class ChangeKind(StrEnum):
    """What a change of plan is."""

    UPGRADE = "upgrade"
    DOWNGRADE = "downgrade"
    CONVERSION = "conversion"
    """Trial → paid."""
    COMEBACK = "comeback"
    """A paid plan for what had expired (R0.93)."""


class Effective(StrEnum):
    """When a plan change takes effect."""

    NOW = "now"
    PERIOD_END = "period_end"


LANGUAGES = ("en", "fr", "pt", "es")


def words_of(text: str) -> frozenset[str]:
    """Split a text into its words."""
    return frozenset(text.split())


COUNTRIES = words_of(
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

RESERVED_NAMES = words_of(
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
