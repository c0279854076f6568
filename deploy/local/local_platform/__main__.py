"""Start the platform, say how to use it, watch it until Ctrl-C, stop it."""

import json
import signal
import subprocess
import sys
from contextlib import ExitStack
from pathlib import Path
from types import FrameType

from local_platform import keys
from local_platform.lock import AlreadyRunning, FolderLock
from local_platform.mailbox import MailCatcher
from local_platform.output import Output
from local_platform.programs import MIGRATION_SECONDS, gateway, migration, relays, services
from local_platform.servers import Servers
from local_platform.settings import SERVICES, Settings, local_folder, process_environment
from local_platform.supervision import NotReady, Supervisor
from local_servers import PortTaken, ServerFailed

READY_SECONDS = 90.0
DRAIN_SECONDS = 30
DEMO_SECONDS = 60


class StopRequested(BaseException):
    """Ctrl-C, or the signal of whoever started us."""


def main() -> int:
    """Run the platform; return the process's exit code."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, _request_stop)
    try:
        with ExitStack() as stack:
            lock = FolderLock(local_folder())
            lock.acquire()
            stack.callback(lock.release)
            up(Settings.from_environment(), stack)
    except StopRequested:
        print("Stopped.")
        return 0
    except (AlreadyRunning, PortTaken, ServerFailed, NotReady, StepFailed) as failure:
        print(f"\n{failure}", file=sys.stderr)
        return 1
    return 0


def up(settings: Settings, stack: ExitStack) -> None:
    """Start everything in the order in which it needs each other; whatever is started is stopped by `stack`, last first."""
    output = Output()
    servers = Servers.chosen(settings)
    stack.callback(servers.stop)
    output.step(f"starting {' and '.join(servers.ours()) or 'on the servers that were given'}")
    servers.launch()
    databases = servers.create_databases()
    output.step("PostgreSQL answers")
    mail = MailCatcher(settings.mailbox, settings.smtp_port)
    mail.start()
    stack.callback(mail.stop)

    supervisor = Supervisor(output, folder=settings.folder, drain_seconds=DRAIN_SECONDS)
    stack.callback(_stop_programs, supervisor, output)
    amqp_uri = servers.amqp_uri()
    if outdated := servers.outdated(databases):
        output.step(f"migrating the databases of {', '.join(outdated)}")
        _run_step("The migrations", migration(outdated), seconds=MIGRATION_SECONDS)
    output.step("the databases are up to date; starting the services")
    programs = [gateway(settings), *services(settings, databases), *relays(settings, databases)]
    supervisor.start(programs, environment=process_environment(amqp_uri=amqp_uri))
    while not servers.broker_answers():
        _turn(supervisor, servers)
    output.step("RabbitMQ answers")
    supervisor.wait_until_ready(READY_SECONDS)
    output.step("every service is ready")

    demo = _demo_agency(settings, amqp_uri=amqp_uri)
    _write_demo_file(settings, demo, amqp_uri=amqp_uri, databases=databases)
    output.banner(_what_to_try(settings, demo, output))
    output.step("ready")
    output.show_lines()
    while True:
        _turn(supervisor, servers)


class StepFailed(Exception):
    """A step of the start did not succeed; its output says why."""


def _request_stop(_number: int, _frame: FrameType | None) -> None:
    raise StopRequested


def _turn(supervisor: Supervisor, servers: Servers) -> None:
    """Look after the processes; give up when a server beneath them is gone, which no restart of theirs would mend."""
    supervisor.turn()
    if ended := servers.ended():
        raise ServerFailed(f"{' and '.join(ended)} ended by itself: see {servers.settings.folder}. The platform is stopped.")


def _stop_programs(supervisor: Supervisor, output: Output) -> None:
    output.step("stopping: work in hand is finished first (once more to stop at once)")
    try:
        supervisor.stop()
    except StopRequested:
        output.alarm("Stopped at once.")
        supervisor.kill()
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)  # the servers are about to stop in order, within their own deadlines


def _run_step(what: str, command: list[str], *, seconds: float, environment: dict[str, str] | None = None) -> str:
    """Run a command to its end and return what it printed; raise StepFailed with what it said when it failed."""
    try:
        result = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=seconds, check=False)
    except subprocess.TimeoutExpired as late:
        raise StepFailed(f"{what} took longer than {seconds:.0f} s:\n{late.stderr!r}") from None
    if result.returncode:
        raise StepFailed(f"{what} failed:\n{result.stdout}\n{result.stderr}")
    return result.stdout


def _demo_agency(settings: Settings, *, amqp_uri: str) -> dict[str, str]:
    """Return the demo agency of the last time if its key still opens the door, or make one."""
    if settings.demo_file.exists():
        kept = dict(line.split("=", 1) for line in settings.demo_file.read_text().splitlines() if "=" in line)
        demo = {"agency_id": kept.get("COMPTOIR_AGENCY_ID", ""), "api_key": kept.get("COMPTOIR_API_KEY", "")}
        try:
            if keys.opens(settings.address, demo["api_key"]):
                return demo
        except keys.NoAnswer as silence:
            raise StepFailed(str(silence)) from None
    command = [sys.executable, "-m", "local_platform.demo"]
    printed = _run_step("Making the demo agency", command, seconds=DEMO_SECONDS, environment=process_environment(amqp_uri=amqp_uri))
    made: dict[str, str] = json.loads(printed.splitlines()[-1])  # its log is above
    return made


def _write_demo_file(settings: Settings, demo: dict[str, str], *, amqp_uri: str, databases: dict[str, str]) -> None:
    values = {
        "COMPTOIR_URL": settings.address,
        "COMPTOIR_API_KEY": demo["api_key"],
        "COMPTOIR_AGENCY_ID": demo["agency_id"],
        "COMPTOIR_AMQP_URI": amqp_uri,
        "COMPTOIR_SMTP_MAILBOX": str(settings.mailbox),
        **{f"COMPTOIR_DATABASE_URL_{service.upper()}": databases[service] for service in SERVICES},
    }
    partial = settings.demo_file.with_suffix(".new")
    partial.write_text("".join(f"{name}={value}\n" for name, value in values.items()))
    partial.chmod(0o600)
    partial.replace(settings.demo_file)


def _what_to_try(settings: Settings, demo: dict[str, str], output: Output) -> str:
    here = Path.cwd()
    mailbox = settings.mailbox.relative_to(here) if settings.mailbox.is_relative_to(here) else settings.mailbox
    demo_file = settings.demo_file.relative_to(here) if settings.demo_file.is_relative_to(here) else settings.demo_file
    return f"""{output.emphasised("Comptoir is up.")}

  address     {settings.address}   (documentation: {settings.address}/docs)
  API key     {demo["api_key"]}
  agency      Atelier Démo, {demo["agency_id"]}
  mail        {mailbox}/new
  all this    source {demo_file}

Try:

  curl -s -H 'Authorization: Bearer {demo["api_key"]}' {settings.address}/v1/agency
  curl -s -H 'Authorization: Bearer {demo["api_key"]}' {settings.address}/v1/accounts

The README tells the whole story, from a quote to the mail. Ctrl-C stops all of it."""


if __name__ == "__main__":
    sys.exit(main())
