"""Every call: how it is made, who may make it, what it needs and takes, and what does it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from gateway.agency_api import accounts, branding, credits, people  # noqa: A004  the credits of accounts
from gateway.agency_api.asking import Asked, Said
from gateway.auth import Scope

READ: tuple[str, ...] = ("GET", "HEAD", "POST")
"""What only reads may also come as a form; so may what changes something, where programs send it in the address."""
FORM: tuple[str, ...] = ("POST",)

LOOKS = ("site_name", "branding_url", "logo_source", "copyright", "header_html", "footer_html")
CALLED: Mapping[str, str] = {
    "name": "account",
    "client_name": "name",
    "client_email": "email",
    "notification_email": "notification",
    "time_zone": "timezone",
    "custom_domain": "cname",
    "snapshot_id": "snapshot",
    "billing_profile_id": "billing_profile",
    "selection.contacts": "contacts",
    "selection.frequency": "frequency",
    "selection.product": "product",
    "selection.plan": "plan",
    "selection": "plan",
    "account_id": "account",
    "units": "credits",
    "footer_text": "footer_html",
    "brand_name": "site_name",
    "q": "search",
}
"""What services call it → what programs do."""


@dataclass(frozen=True, kw_only=True)
class Action:
    """One call."""

    verbs: tuple[str, ...] = READ
    scope: Scope
    needs: tuple[str, ...] = ()
    takes: tuple[str, ...] = ()
    does: Callable[[Asked], Said] = field(repr=False)


ACTIONS: Mapping[str, Action] = {
    "account_add": Action(
        verbs=FORM,
        scope=Scope.ACCOUNTS_WRITE,
        needs=("account", "name", "email"),
        takes=(
            *("plan", "free", "cname", "notification", "language", "timezone", "snapshot"),
            *("country", "product", "frequency", "contacts", "billing_profile"),
        ),
        does=accounts.add,
    ),
    "account_cancel": Action(scope=Scope.ACCOUNTS_WRITE, needs=("account",), takes=("reason", "retaindata"), does=accounts.cancel),
    "account_conversations": Action(scope=Scope.ACCOUNTS_WRITE, takes=("account", "status", "seats"), does=people.conversations),
    "account_credits_apply": Action(scope=Scope.CREDITS_WRITE, needs=("account", "credits"), takes=("kind",), does=credits.apply),
    "account_edit": Action(
        verbs=FORM, scope=Scope.ACCOUNTS_WRITE, needs=("account",), takes=("cname", "notification", "plan", "free"), does=accounts.edit
    ),
    "account_emailtest_credits_apply": Action(
        verbs=FORM, scope=Scope.CREDITS_WRITE, needs=("account", "credits"), does=credits.apply_previews
    ),
    "account_list": Action(scope=Scope.ACCOUNTS_READ, takes=("search", "planfilter", "page"), does=accounts.list_),
    "account_name_check": Action(scope=Scope.ACCOUNTS_READ, needs=("account",), does=accounts.check_name),
    "account_plans": Action(scope=Scope.BILLING_READ, takes=("account",), does=accounts.show_plans),
    "account_scoring": Action(scope=Scope.ACCOUNTS_WRITE, takes=("account", "status"), does=people.scoring),
    "account_status": Action(scope=Scope.ACCOUNTS_READ, needs=("account",), does=accounts.status),
    "account_status_set": Action(scope=Scope.ACCOUNTS_WRITE, needs=("account", "status"), takes=("message",), does=accounts.set_status),
    "account_view": Action(scope=Scope.ACCOUNTS_READ, takes=("account",), does=accounts.view),
    "branding_edit": Action(verbs=FORM, scope=Scope.ACCOUNTS_WRITE, needs=("account",), takes=LOOKS, does=branding.edit),
    "branding_view": Action(scope=Scope.ACCOUNTS_READ, needs=("account",), does=branding.view),
    "group_view": Action(scope=Scope.ACCOUNTS_READ, needs=("id",), does=people.group),
    "singlesignon": Action(
        scope=Scope.ACCOUNTS_WRITE, needs=("account",), takes=("sso_addr", "sso_user", "sso_duration"), does=people.sign_on
    ),
    "user_me": Action(scope=Scope.ACCOUNTS_READ, does=people.me),
}
"""`api_action` → the call."""
