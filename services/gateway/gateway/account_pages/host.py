"""Which account a host name belongs to."""

from dataclasses import dataclass
from urllib.parse import urlsplit


@dataclass(frozen=True, kw_only=True)
class Hosts:
    """The accounts' hosts: `<account>.<domain>`; `is_secure` where people reach them by HTTPS.

    `api_host` is where REST is reached, if that is under the same domain: no account can have its name.
    """

    domain: str
    is_secure: bool
    api_host: str = ""

    @classmethod
    def of(cls, template: str, *, api_host: str = "") -> "Hosts":
        """Read them from the address of the login page, `{name}` for the account's."""
        address = urlsplit(template.format(name="account"))
        return cls(domain=(address.hostname or "").removeprefix("account."), is_secure=address.scheme == "https", api_host=api_host.lower())

    def account_name(self, host: str) -> str | None:
        """Tell the account of a Host header, whatever its port; None where it is no host of an account."""
        asked = host.partition(":")[0].lower()
        name, _, domain = asked.partition(".")
        return name if domain == self.domain and name and asked != self.api_host else None


LOCAL = Hosts(domain="localhost", is_secure=False)
"""As the accounts are on a machine of one's own."""
