"""The calls of accounts to other services and to DNS. Each has its timeout; the caller's idempotency key makes the commands repeatable."""

from dataclasses import dataclass
from typing import Any

import dns.exception
import dns.resolver

from chassis import context
from chassis.concurrency import off_the_hub
from chassis.schemas import Reading, fields
from chassis.wiring import Wiring

TIMEOUT_SECONDS = 3
LOOK_UP_SECONDS = 5
OPTIONS = ("limits", "add_ons")


class QuotedSelection(Reading):
    """Of the selection of billing's quote."""

    pricing_version = fields.String(required=True)
    product = fields.String(required=True)
    plan = fields.String(required=True)
    contacts = fields.Integer(required=True, allow_none=True)
    frequency = fields.String(required=True, allow_none=True)
    limits = fields.Dict(load_default=dict)
    add_ons = fields.List(fields.String(), load_default=list)


class QuoteAnswer(Reading):
    """Of billing's quote."""

    id = fields.Id("quo", required=True)
    purpose = fields.String(required=True)
    account_id = fields.String(required=True, allow_none=True)
    selection = fields.Nested(QuotedSelection, required=True)
    takes_effect_at = fields.Instant(load_default=None, allow_none=True)
    state = fields.String(required=True)
    expires_at = fields.Instant(required=True)


class CatalogueAnswer(Reading):
    """Of billing's catalogue: country (ISO 3166-1) → region."""

    regions = fields.Dict(keys=fields.String(), values=fields.String(), required=True)


class Billing:
    """What accounts asks billing."""

    def __init__(self, wiring: Wiring) -> None:
        self._call = wiring.call

    def quote(self, *, agency_id: str, quote_id: str) -> dict[str, Any]:
        """Ask for a quote of the agency; refused as `quote_not_found` where there is none."""
        request = {"agency_id": agency_id, "quote_id": quote_id}
        answer: dict[str, Any] = QuoteAnswer().load(self._call("billing", "quote", request, timeout_seconds=TIMEOUT_SECONDS, is_read=True))
        return answer

    def create_quote(
        self, *, agency_id: str, account_id: str | None, selection: dict[str, Any], country: str | None, effective: str | None
    ) -> dict[str, Any]:
        """Have a selection priced: for a plan change of `account_id`, or for a new account where that is None.

        Limits and add-ons are said where any were chosen, and so is when it is to take effect.
        """
        chosen = {name: value for name, value in selection.items() if value or name not in OPTIONS}
        request = {"agency_id": agency_id, "account_id": account_id, "selection": chosen, "country": country}
        if effective is not None:
            request["effective"] = effective
        callers_key = context.current().idempotency_key
        answer: dict[str, Any] = QuoteAnswer().load(
            self._call(
                "billing",
                "create_quote",
                request,
                timeout_seconds=TIMEOUT_SECONDS,
                idempotency_key=None if callers_key is None else f"accounts:{callers_key}",
            )
        )
        return answer

    def billing_profile(self, *, agency_id: str, billing_profile_id: str | None) -> None:
        """Ask whether the agency has this billing profile, or with None a default one.

        Refused as `billing_profile_not_found` or `billing_profile_required` where it has not.
        """
        request = {"agency_id": agency_id, "billing_profile_id": billing_profile_id}
        self._call("billing", "billing_profile", request, timeout_seconds=TIMEOUT_SECONDS, is_read=True)

    def region_of(self, country: str) -> str | None:
        """Ask which region hosts the accounts of clients in `country` (R0.26); None where none does."""
        catalogue = CatalogueAnswer().load(self._call("billing", "catalogue", {}, timeout_seconds=TIMEOUT_SECONDS, is_read=True))
        region: str | None = catalogue["regions"].get(country)
        return region


class Identity:
    """What accounts asks identity."""

    def __init__(self, wiring: Wiring) -> None:
        self._call = wiring.call

    def prepare_admin_user(self, *, agency_id: str, account_id: str, email: str, account_name: str, language: str) -> None:
        """Have the account's first user made; identity makes one per account, however often it is asked.

        A forgotten password is reset by a link to `email`, in `language`, to a page of the account's host `account_name` (R0.77).
        """
        request = {"agency_id": agency_id, "account_id": account_id, "email": email, "account_name": account_name, "language": language}
        self._call("identity", "prepare_admin_user", request, timeout_seconds=TIMEOUT_SECONDS)

    def claim_credentials(self, *, agency_id: str, account_id: str) -> dict[str, Any]:
        """Have the first user's password made: its username and password, once; refused as `credentials_already_claimed` after that."""
        answer: dict[str, Any] = self._call(
            "identity", "claim_credentials", {"agency_id": agency_id, "account_id": account_id}, timeout_seconds=TIMEOUT_SECONDS
        )
        return answer


@dataclass(frozen=True, kw_only=True)
class LookUp:
    """What DNS said of a host name: the target of its CNAME, or why there is none (the domain's `LookUpFault`)."""

    target: str | None = None
    fault: str | None = None


class Dns:
    """The domain name system, by the server that the environment names, or by that of the machine."""

    def __init__(self, wiring: Wiring) -> None:
        self._server: str = wiring.config.dns_server

    def cname_of(self, host: str) -> LookUp:
        """Ask what `host` is an alias of; five seconds at most, while other requests go on."""
        return off_the_hub(self._ask, host)

    def _ask(self, host: str) -> LookUp:
        try:
            answer = self._resolver().resolve(f"{host}.", "CNAME", lifetime=LOOK_UP_SECONDS, search=False)
        except dns.resolver.NXDOMAIN:
            return LookUp(fault="name_unknown")
        except dns.resolver.NoAnswer:
            return LookUp(fault="cname_missing")
        except dns.exception.DNSException:  # no name server that could be reached answered in time, or none with an answer
            return LookUp(fault="dns_silent")
        return LookUp(target=str(answer[0].target))

    def _resolver(self) -> dns.resolver.Resolver:
        if not self._server:
            return dns.resolver.Resolver()
        host, _, port = self._server.rpartition(":")
        resolver = dns.resolver.Resolver(configure=False)
        resolver.nameservers, resolver.port = [host], int(port)
        return resolver
