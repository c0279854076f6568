"""One call by `activecampaign`: asked on standard input, answered on standard output, as JSON."""

import json
import sys

from activecampaign.client import ActiveCampaignClient

asked = json.load(sys.stdin)
client = ActiveCampaignClient(asked["url"], asked["key"])
response = client.request(asked["method"], asked["action"], list(asked["parameters"].items()))
json.dump({"status": response.status_code, "said": response.json()}, sys.stdout)
