"""How an account looks, as far as the two have words for the same."""

from gateway.agency_api.accounts import account_of
from gateway.agency_api.asking import Asked, Said
from gateway.clients import Json, services
from gateway.errors import NotOffered

KEPT = {"site_name": "brand_name", "footer_html": "footer_text"}
NOT_KEPT = ("branding_url", "logo_source", "copyright", "header_html")
MEMBERS = ("site_name", "branding_url", "logo_source", "copyright", "header_html", "footer_html")
COLOURS = ("primary_colour", "text_colour", "logo")


def view(asked: Asked) -> Said:
    """Show how the account looks."""
    account = account_of(asked)
    return Said(members=_shown(services().accounts.ask("branding", agency_id=asked.caller.agency_id, account_id=account["id"])))


def edit(asked: Asked) -> Said:
    """Change its name and footer; colours and logo stay as they are."""
    refused = [name for name in NOT_KEPT if asked.get(name)]
    if refused:
        names = ", ".join(refused)
        raise NotOffered(reason=f"{names} cannot be set here: leave it out, and set logo and colours by REST. Nothing was changed.")
    if "<" in (asked.get("footer_html") or ""):
        raise asked.invalid("footer_html", "the footer is plain text here, without tags")
    about = {"agency_id": asked.caller.agency_id, "account_id": account_of(asked)["id"]}
    now = services().accounts.ask("branding", **about)
    wanted = {name: now[name] for name in (*KEPT.values(), *COLOURS)} | {
        inner: asked[public] for public, inner in KEPT.items() if asked.get(public)
    }
    return Said(members=_shown(services().accounts.tell("set_branding", idempotency_key=None, **about, **wanted)))


def _shown(branding: Json) -> Json:
    return {name: (branding[KEPT[name]] or "") if name in KEPT else "" for name in MEMBERS}
