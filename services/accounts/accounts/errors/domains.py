"""Refusals about custom domains that are checked."""

from chassis.errors import Refusal


class CustomDomainMissing(Refusal):
    """The account has no custom domain that could be checked."""

    kind = "conflict"
    code = "custom_domain_missing"
    message = "The account has no custom domain: set custom_domain first."


class CustomDomainChanged(Refusal):
    """The custom domain became another one while it was looked up."""

    kind = "conflict"
    code = "custom_domain_changed"
    message = "The custom domain was changed from {custom_domain} while it was checked: check it again."
