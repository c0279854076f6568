"""The account's own pages, on the account's own host: login, forgotten password, reset, settings, where an SSO link lands, transfers.

Real pages for people: they work without a script, with a keyboard and with a screen reader, in the account's language and colours.
"""

from flask import Flask, g
from flask.typing import ResponseReturnValue

from chassis import context as contexts
from chassis.errors import Refusal
from gateway.account_pages import doorway, logins, looks, passwords, problems, transfers
from gateway.account_pages.host import Hosts
from gateway.clients import Clients

BODY_LIMIT_BYTES = 20_000


class Pages(Flask):
    """Flask, working for the agency of the account whose host was asked: its clock decides when a lock-out ends (decision 0012)."""

    def dispatch_request(self) -> ResponseReturnValue:
        """Let the page of this address answer, for the agency."""
        with contexts.changed(agency_id=g.account["agency_id"]):
            return super().dispatch_request()


def create_pages(clients: Clients, hosts: Hosts) -> Pages:
    """Put the pages together."""
    app = Pages("gateway.account_pages", static_folder=None, template_folder="templates")
    app.config.update(MAX_CONTENT_LENGTH=BODY_LIMIT_BYTES, PROVIDE_AUTOMATIC_OPTIONS=False)
    app.jinja_env.trim_blocks = app.jinja_env.lstrip_blocks = True
    app.extensions["comptoir-services"] = clients
    app.extensions["comptoir-hosts"] = hosts
    app.before_request(doorway.find_account)
    for noun in (logins, passwords, transfers, looks):
        app.register_blueprint(noun.routes)
    app.register_error_handler(Refusal, problems.of_refusal)
    app.register_error_handler(Exception, problems.of_failure)
    return app
