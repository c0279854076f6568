"""`make fuzz`: ask the running platform for some minutes, as an agency made for it, and say whether anything was found."""

import os
import sys
from functools import partial

import requests

from chassis.parking_lot import parked_messages
from chassis.rpc_client import RpcClient
from local_platform import demo

from . import ask

CALL_SECONDS = 5.0
ANSWER_SECONDS = 10


def main(minutes: float) -> int:
    """Ask, and look whether something was parked meanwhile."""
    url, amqp_uri = os.environ["COMPTOIR_URL"], os.environ["COMPTOIR_AMQP_URI"]
    client = RpcClient(amqp_uri, name="fuzz").start()
    try:
        key = demo.make(partial(client.call, timeout_seconds=CALL_SECONDS))["api_key"]
    finally:
        client.stop()
    answer = requests.get(f"{url}/v1/api-keys", headers={"Authorization": f"Bearer {key}"}, timeout=ANSWER_SECONDS)
    answer.raise_for_status()
    [own] = answer.json()["data"]
    before = {each.id for each in parked_messages(amqp_uri)}
    code = ask("--max-time", str(int(minutes * 60)), url=url, key=key, key_id=own["id"], most_seconds=None)
    parked = [each for each in parked_messages(amqp_uri) if each.id not in before]
    for each in parked:
        sys.stderr.write(f"{each.event} was parked meanwhile: make parking-lot ACTION='show {each.id}'\n")
    return code or bool(parked)


if __name__ == "__main__":
    sys.exit(main(float(sys.argv[1])))
