"""Which account a host name belongs to."""

import re
from dataclasses import dataclass
from urllib.parse import urlsplit

DOMAIN = re.compile(r"(?:[a-z0-9](?:[a-z0-9-]*[a-z0-9])?\.)+[a-z][a-z0-9-]*[a-z0-9]")
"""A name of two labels or more; no address, whose last label is a number."""
LONGEST_DOMAIN = 253


@dataclass(frozen=True, kw_only=True)
class Hosts:
    """The accounts' hosts: `<account>.<domain>`, and custom domains; `is_secure` where people reach them by HTTPS.

    `api_host` is where REST is reached; no account can have its name. Without one, REST is at every host that is no account's.
    """

    domain: str
    is_secure: bool
    api_host: str = ""

    @classmethod
    def of(cls, template: str, *, api_host: str = "") -> "Hosts":
        """Read them from the address of the login page, `{name}` for the account's."""
        address = urlsplit(template.format(name="account"))
        return cls(domain=(address.hostname or "").removeprefix("account."), is_secure=address.scheme == "https", api_host=api_host.lower())

    def account_of(self, host: str) -> dict[str, str] | None:
        """Say how accounts is asked for the account of a Host header, whatever its port; None where it is REST's.

        Every domain that is not ours is somebody's custom domain (R0.114), where there is a host for REST to tell them apart by.
        """
        asked = host.partition(":")[0].lower()
        name, _, domain = asked.partition(".")
        if asked == self.api_host:
            return None
        if domain == self.domain:
            return {"name": name} if name else None
        return {"custom_domain": asked} if self.api_host and DOMAIN.fullmatch(asked) and len(asked) <= LONGEST_DOMAIN else None


LOCAL = Hosts(domain="localhost", is_secure=False)
"""As the accounts are on a machine of one's own."""
