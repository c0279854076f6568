"""`make endure`: load the running platform, kill each of its programs once, and compare what was asked with what is there.

The load is 80 % of the capacity, found before. Its rate is open: operations become due in even steps, and their time counts from then,
so whatever waits behind a slow one is slow too.
"""

import asyncio
import gc
import json
import os
import sys
from functools import partial
from time import monotonic
from urllib.parse import urlsplit

from chassis.audit import audit_all
from chassis.parking_lot import parked_messages
from chassis.rpc_client import RpcClient
from local_platform import demo
from local_platform.settings import local_folder

from .books import Books, NotSettled
from .inboxes import emptied
from .kills import PROGRAMS, Killer
from .load import Load
from .mix import Agency, Mix
from .report import Run, as_json, as_text
from .wire import Wire

AGENCIES = 8
"""So that none comes near the budget of a key."""
CLIENTS = 8
WARM_SECONDS, STRETCH_SECONDS, STRETCHES = 5.0, 10.0, 12
PART = 0.8
CALL_SECONDS = 5.0
BOOKS = ("billing", "credits")


def say(sentence: str) -> None:
    """Tell whoever waits."""
    sys.stdout.write(f"{sentence}\n")
    sys.stdout.flush()


def agencies(amqp_uri: str) -> list[Agency]:
    """Make agencies as the platform's operators would."""
    client = RpcClient(amqp_uri, name="endure").start()
    try:
        made = [demo.make(partial(client.call, timeout_seconds=CALL_SECONDS)) for _ in range(AGENCIES)]
    finally:
        client.stop()
    return [Agency(id=each["agency_id"], key=each["api_key"]) for each in made]


async def settled(books: list[Books], amqp_uri: str) -> list[str]:
    """Wait for all that follows from what was asked, until everybody who is told has been; say what is still open."""
    open_ = [sentence for each in await asyncio.gather(*(each.settled() for each in books)) for sentence in each]
    return open_ or await emptied(amqp_uri)


async def capacity(load: Load, books: list[Books], amqp_uri: str) -> float:
    """Operations a second that eight clients get answered when the machine is at its slowest, and what follows from them done as well.

    A machine of which others have a part is not equally quick all the time: what it does not give in every stretch of time is no capacity.
    """
    await load.closed(clients=CLIENTS, seconds=WARM_SECONDS)
    begin = monotonic()
    stretches = [await load.closed(clients=CLIENTS, seconds=STRETCH_SECONDS) / STRETCH_SECONDS for _ in range(STRETCHES)]
    asked = monotonic()
    if open_ := await settled(books, amqp_uri):
        raise NotSettled(f"no capacity is known: {open_}")
    found = min(stretches) * (asked - begin) / (monotonic() - begin)
    say(
        f"{CLIENTS} clients for {STRETCHES} × {STRETCH_SECONDS:.0f} s: {min(stretches):.0f} to {max(stretches):.0f} answers/s;"
        f" at the slowest, with all that follows from them, {found:.0f}/s"
    )
    return found


async def endure(seconds: float) -> Run:
    """Prepare, find the capacity, load and kill, wait, compare."""
    url, amqp_uri = os.environ["COMPTOIR_URL"], os.environ["COMPTOIR_AMQP_URI"]
    address = urlsplit(url)
    wire = Wire(address.hostname or "", address.port or 80)
    parked = {each.id for each in parked_messages(amqp_uri)}
    mix = Mix(await asyncio.to_thread(agencies, amqp_uri))
    load = Load(wire, mix)
    killer = Killer(local_folder(), gateway_url=url, refusals=load.refusals, say=say)
    killer.look()
    books = [Books(wire, agency) for agency in mix.agencies]
    for number, each in enumerate(books):
        await each.prepare(load, is_rich=bool(number % 2))
    say(f"{AGENCIES} agencies with {sum(len(agency.names) for agency in mix.agencies)} accounts are ready")
    found = await capacity(load, books, amqp_uri)
    wrong = [*load.wrong, *(f"{each.line}: {each.how}, before anything was killed" for each in load.refusals)]
    load.samples.clear()
    load.refusals.clear()
    load.wrong.clear()
    gc.collect()
    gc.freeze()
    gc.disable()  # a pause of ours is not the platform's
    await asyncio.gather(load.open(per_second=PART * found, seconds=seconds), killer.each_once(within_seconds=seconds))
    gc.enable()
    say("the load is over; waiting for all that follows from it")
    open_ = await settled(books, amqp_uri)
    not_found = open_ + [fault for faults in await asyncio.gather(*(each.faults() for each in books)) for fault in faults]
    audit = await asyncio.to_thread(audit_all, {service: os.environ[f"COMPTOIR_DATABASE_URL_{service.upper()}"] for service in BOOKS})
    wire.close()
    return Run(
        capacity=found,
        per_second=PART * found,
        seconds=seconds,
        samples=load.samples,
        refusals=load.refusals,
        windows=killer.windows,
        wrong=[*wrong, *load.wrong],
        effects=sum(agency.effects for agency in mix.agencies),
        not_found=not_found,
        audit=audit,
        parked=[f"{each.event} ({each.id})" for each in parked_messages(amqp_uri) if each.id not in parked],
        missing=sorted(set(PROGRAMS) - {window.program for window in killer.windows}),
    )


def main(minutes: float) -> int:
    """Run, report, and say by the exit code whether everything holds."""
    run = asyncio.run(endure(minutes * 60))
    (local_folder() / "endure.json").write_text(json.dumps(as_json(run), indent=2) + "\n")
    say(as_text(run))
    return bool(run.verdict())


if __name__ == "__main__":
    sys.exit(main(float(sys.argv[1])))
