"""stock, the front: Flask and nameko's own ClusterRpcProxy, one a thread."""

import json
import os
import threading

from flask import Flask, Response
from nameko.standalone.rpc import ClusterRpcProxy

app = Flask(__name__)
local = threading.local()
AGENCY_ID = os.environ["BENCH_AGENCY_ID"]


@app.get("/v1/accounts/<account_id>")
def account(account_id: str) -> Response:
    """Read one."""
    if not hasattr(local, "proxy"):
        local.context = ClusterRpcProxy({"AMQP_URI": os.environ["AMQP_URI"]}, timeout=10)
        local.proxy = local.context.start()
    result = local.proxy.stock.account({"account_id": account_id, "agency_id": AGENCY_ID})
    return Response(json.dumps(result), mimetype="application/json")
