"""One call by `active-campaign-python`: asked on standard input, answered on standard output, as JSON."""

import json
import sys
from urllib.parse import urlencode

import requests
from activecampaign.ActiveCampaign import ActiveCampaign, fmt_noparams, fmt_params

OWN = {"add", "cancel", "edit", "list", "name_check", "plans", "status", "status_set"}
"""The calls that it has a function for."""

asked = json.load(sys.stdin)
client = ActiveCampaign(asked["url"], asked["key"])
noun, _, verb = asked["action"].partition("_")
form = asked["parameters"] if asked["method"] == "POST" else {}
query = "" if form else urlencode(asked["parameters"])
if noun == "account" and verb in OWN:
    response = client.api(f"{noun}/{verb}{'?' if query else ''}{query}", form)
elif form:
    response = requests.post(fmt_noparams(client.url, asked["action"], client.output), data=form, timeout=15)
else:
    response = requests.get(fmt_params(client.url, asked["action"], client.output, query), timeout=15)
json.dump({"status": response.status_code, "said": response.json()}, sys.stdout)
