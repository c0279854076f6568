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
    direction = fields.String(load_default=None, allow_none=True)
    takes_effect_at = fields.Instant(load_default=None, allow_none=True)
    state = fields.String(required=True)
    expires_at = fields.Instant(required=True)
    region = fields.String(load_default=None, allow_none=True)


class CatalogueAnswer(Reading):
    """Of billing's catalogue: country (ISO 3166-1) → region."""

    regions = fields.Dict(keys=fields.String(), values=fields.String(), required=True)


class AccountUserAnswer(Reading):
    """Of identity's user of an account."""

    id = fields.Id("usr", required=True)
    account_id = fields.Id("acc", required=True)
    username = fields.String(required=True)
    email = fields.String(required=True, allow_none=True)
    name = fields.String(required=True, allow_none=True)
    role = fields.String(required=True)
    created_at = fields.Instant(required=True)
    password_changed_at = fields.Instant(required=True, allow_none=True)
    version = fields.Integer(required=True)


class CreatedAccountUserAnswer(AccountUserAnswer):
    """The same with the first password; null where the command was a repetition."""

    password = fields.String(required=True, allow_none=True)


class LoginLinkAnswer(Reading):
    """Of identity's login link."""

    token = fields.String(required=True)
    expires_at = fields.Instant(required=True)


class StartedPasswordResetAnswer(Reading):
    """Of identity's password reset: where its link goes, until when it opens."""

    email = fields.String(required=True)
    expires_at = fields.Instant(required=True)


def derived_key() -> str | None:
    """Make the idempotency key for a command that is part of ours from the caller's; None where there is none."""
    callers_key = context.current().idempotency_key
    return None if callers_key is None else f"accounts:{callers_key}"


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
        key = derived_key()
        answer: dict[str, Any] = QuoteAnswer().load(
            self._call("billing", "create_quote", request, timeout_seconds=TIMEOUT_SECONDS, idempotency_key=key)
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

    def issue_credentials(self, *, agency_id: str, account_id: str, email: str, account_name: str, language: str) -> dict[str, Any]:
        """Have the first user made, as by `prepare_admin_user`, with a password: its username and that password.

        Again it is another password, until somebody has set one: refused as `credentials_already_claimed` after that.
        """
        request = {"agency_id": agency_id, "account_id": account_id, "email": email, "account_name": account_name, "language": language}
        answer: dict[str, Any] = self._call("identity", "issue_credentials", request, timeout_seconds=TIMEOUT_SECONDS)
        return answer

    def create_account_user(
        self, *, agency_id: str, account_id: str, username: str, email: str, name: str | None, role: str
    ) -> dict[str, Any]:
        """Have a user of the account made (R3.5): the user and its password; under a repeated key the password is None."""
        request = {"agency_id": agency_id, "account_id": account_id, "username": username, "email": email, "name": name, "role": role}
        answer: dict[str, Any] = CreatedAccountUserAnswer().load(
            self._call("identity", "create_account_user", request, timeout_seconds=TIMEOUT_SECONDS, idempotency_key=derived_key())
        )
        return answer

    def update_account_user(
        self,
        *,
        agency_id: str,
        account_id: str,
        user_id: str,
        email: str | None,
        name: str | None,
        role: str | None,
        expected_version: int | None,
    ) -> dict[str, Any]:
        """Have a user changed: what of `email`, `name` and `role` is not None, if it is at `expected_version` (None: whichever there is).

        Refused as `last_admin` where the account would be without one.
        """
        user = {"agency_id": agency_id, "account_id": account_id, "user_id": user_id}
        request = {**user, "email": email, "name": name, "role": role, "expected_version": expected_version}
        answer: dict[str, Any] = AccountUserAnswer().load(
            self._call("identity", "update_account_user", request, timeout_seconds=TIMEOUT_SECONDS, idempotency_key=derived_key())
        )
        return answer

    def remove_account_user(self, *, agency_id: str, account_id: str, user_id: str) -> dict[str, Any]:
        """Have a user removed: the user as it was; refused as `last_admin` where the account would be without one."""
        request = {"agency_id": agency_id, "account_id": account_id, "user_id": user_id}
        answer: dict[str, Any] = AccountUserAnswer().load(
            self._call("identity", "remove_account_user", request, timeout_seconds=TIMEOUT_SECONDS, idempotency_key=derived_key())
        )
        return answer

    def create_login_link(self, *, agency_id: str, account_id: str) -> dict[str, Any]:
        """Have a link into the account made: its token and until when it opens a session, once."""
        request = {"agency_id": agency_id, "account_id": account_id}
        answer: dict[str, Any] = LoginLinkAnswer().load(
            self._call("identity", "create_login_link", request, timeout_seconds=TIMEOUT_SECONDS)
        )
        return answer

    def start_password_reset(self, *, agency_id: str, account_id: str, username: str | None) -> dict[str, Any]:
        """Have a user (None: `admin`) sent a link for a new password (R0.78): to which address, until when it opens."""
        request = {"agency_id": agency_id, "account_id": account_id, "username": username}
        answer: dict[str, Any] = StartedPasswordResetAnswer().load(
            self._call("identity", "start_password_reset", request, timeout_seconds=TIMEOUT_SECONDS, idempotency_key=derived_key())
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
