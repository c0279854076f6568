"""The account's own pages, on the account's own host: login, forgotten password, reset, settings, and where an SSO link lands.

Real pages for people: they work without a script, with a keyboard and with a screen reader, in the account's language and colours.
"""

from flask import Flask

from chassis.errors import Refusal
from gateway.account_pages import views
from gateway.account_pages.host import Hosts
from gateway.clients import Clients

BODY_LIMIT_BYTES = 20_000


def create_pages(clients: Clients, hosts: Hosts) -> Flask:
    """Put the pages together."""
    app = Flask("gateway.account_pages", static_folder=None, template_folder="templates")
    app.config.update(MAX_CONTENT_LENGTH=BODY_LIMIT_BYTES, PROVIDE_AUTOMATIC_OPTIONS=False)
    app.jinja_env.trim_blocks = app.jinja_env.lstrip_blocks = True
    app.extensions["comptoir-services"] = clients
    app.extensions["comptoir-hosts"] = hosts
    app.register_blueprint(views.pages)
    app.register_error_handler(Refusal, views.of_refusal)
    app.register_error_handler(Exception, views.of_failure)
    return app
