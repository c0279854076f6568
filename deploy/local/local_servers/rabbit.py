"""A private RabbitMQ node: its own name, ports, cookie, port mapper and data folder."""

import os
import shutil
import signal
import socket
import subprocess
import time
from pathlib import Path
from urllib.parse import quote

from local_servers.ports import LOOPBACK, accepts_connections, free_port
from local_servers.processes import POLL_SECONDS, ServerFailed, end, kill_group, launch, wait_until

NODE = "comptoir@localhost"  # its port mapper is private, so every node may have the same name, and keeps its data when its port changes
SCRIPTS = Path("/usr/lib/rabbitmq/bin")  # the wrapper in /usr/sbin changes to the system's user and folders
START_SECONDS = 60
STOP_SECONDS = 30
CALL_SECONDS = 20
MEMORY_LIMIT = "512MB"
DISK_LIMIT = "100MB"
AMQP_GREETING = b"AMQP\x00\x00\x09\x01"
METHOD_FRAME = b"\x01"
# The Erlang VM: small carriers, two schedulers' worth of threads; this node serves one machine.
VM_ARGUMENTS = "+S 2:2 +sbwt none +A 16"


class RabbitNode:
    """A RabbitMQ node whose data is in one folder; it listens on the loopback address, user and password `guest`."""

    def __init__(self, folder: Path, port: int | None = None) -> None:
        self.folder = folder.absolute()
        self.port = port or free_port()
        self._mapper_port = free_port()
        self._distribution_port = free_port()
        self._log = self.folder / "console.log"
        self._mapper: subprocess.Popen[bytes] | None = None
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start the node, on the data it finds; return when it takes connections."""
        self.launch()
        self.wait_until_ready()

    def launch(self) -> None:
        """Start the node without waiting."""
        self._write_configuration()
        self._wait_for_a_predecessor()
        if self._mapper is None or self._mapper.poll() is not None:
            mapper = launch(["epmd", "-port", str(self._mapper_port)], output=self._log, environment=self._environment())
            wait_until(lambda: accepts_connections(self._mapper_port), process=mapper, log=self._log, seconds=10, what="epmd")
            self._mapper = mapper
        self._process = launch([_script("rabbitmq-server")], output=self._log, environment=self._environment())
        self._pid_file.write_text(str(self._process.pid))

    def wait_until_ready(self) -> None:
        """Wait until the node speaks AMQP."""
        wait_until(self.answers, process=self._running(), log=self._log, seconds=START_SECONDS, what="RabbitMQ")

    def answers(self) -> bool:
        """Whether the node greets an AMQP client now."""
        try:
            with socket.create_connection((LOOPBACK, self.port), timeout=2) as client:
                client.sendall(AMQP_GREETING)
                return client.recv(1) == METHOD_FRAME
        except OSError:
            return False

    def uri(self, vhost: str = "/") -> str:
        """Return the AMQP address of a vhost."""
        return f"amqp://guest:guest@{LOOPBACK}:{self.port}/{quote(vhost, safe='')}"

    def add_vhost(self, name: str) -> str:
        """Add a vhost that guest may use, unless it exists; return its address."""
        vhost = _binary(name)
        self.erlang(
            f'rabbit_vhost:exists({vhost}) orelse rabbit_vhost:add({vhost}, <<"guest">>),'
            f' rabbit_auth_backend_internal:set_permissions(<<"guest">>, {vhost}, <<".*">>, <<".*">>, <<".*">>, <<"guest">>).'
        )
        return self.uri(name)

    def remove_vhost(self, name: str) -> None:
        """Remove a vhost and everything in it, if it exists."""
        vhost = _binary(name)
        self.erlang(f'rabbit_vhost:exists({vhost}) andalso rabbit_vhost:delete({vhost}, <<"guest">>).')

    def set_memory_alarm(self, raised: bool) -> None:  # noqa: FBT001 - a switch has one argument
        """Raise or clear the memory alarm: while it is raised, publishers are blocked."""
        alarm = "{resource_limit, memory, node()}"
        self.erlang(f"rabbit_alarm:set_alarm({{{alarm}, []}})." if raised else f"rabbit_alarm:clear_alarm({alarm}).")

    def write_down(self) -> None:
        """Make the node write what it holds back for some seconds: which quorum queues there are. Before a `kill`, in a hurry."""
        self.erlang("[dets:sync(Table) || Table <- dets:all()], ok.")

    def close_all_connections(self) -> None:
        """Close every client's connection, as an operator would."""
        self.erlang('[rabbit_networking:close_connection(P, "closed for a test") || P <- rabbit_networking:connections()], ok.')

    def erlang(self, expressions: str) -> str:
        """Evaluate Erlang expressions inside the node; return the printed value of the last one. Some milliseconds each."""
        guarded = f"try {expressions.rstrip('. ')} catch _:Reason -> {{failed, Reason}} end.\n"
        result = subprocess.run(
            ["erl_call", "-c", self._cookie, "-sname", NODE, "-e"],
            input=guarded.encode(),
            capture_output=True,
            env=self._environment(),
            timeout=CALL_SECONDS,
            check=False,
        )
        answer = result.stdout.decode().strip()
        if result.returncode or not answer.startswith("{ok") or answer.startswith("{ok, {failed"):
            raise ServerFailed(f"RabbitMQ answered {answer or result.stderr.decode()!r} to {expressions!r}")
        return answer.removeprefix("{ok, ").removesuffix("}")

    def stop(self) -> None:
        """Stop the node in order; its data (durable queues, persistent messages) is kept."""
        if self._process is not None:
            end(self._process, with_signal=signal.SIGTERM, seconds=STOP_SECONDS)
            self._process = None
        if self._mapper is not None:
            kill_group(self._mapper)
            self._mapper = None

    def kill(self) -> None:
        """End the node as a crash would; queues declared in the last few seconds may be lost with it (see `write_down`)."""
        if self._process is not None:
            kill_group(self._process)
            self._process = None

    def ended(self) -> bool:
        """Whether the node was started and is not running any more."""
        return self._process is not None and self._process.poll() is not None

    @property
    def _pid_file(self) -> Path:
        return self.folder / "process"

    @property
    def _cookie(self) -> str:
        return (self.folder / ".erlang.cookie").read_text()

    def _running(self) -> subprocess.Popen[bytes]:
        if self._process is None:
            raise ServerFailed("RabbitMQ was not started.")
        return self._process

    def _write_configuration(self) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        cookie = self.folder / ".erlang.cookie"
        if not cookie.exists():
            cookie.touch(mode=0o600)
            cookie.write_text(os.urandom(16).hex())
            cookie.chmod(0o400)
        (self.folder / "enabled_plugins").write_text("[].\n")
        (self.folder / "rabbitmq.conf").write_text(
            f"listeners.tcp.1 = {LOOPBACK}:{self.port}\n"
            f"vm_memory_high_watermark.absolute = {MEMORY_LIMIT}\n"
            f"disk_free_limit.absolute = {DISK_LIMIT}\n"
            "log.console = true\n"
            "log.console.use_colors = off\n"
            "log.file = false\n"
        )

    def _environment(self) -> dict[str, str]:
        """Only what we say: nothing of the system's node, of the user's home or of another node."""
        return {
            "PATH": os.pathsep.join([str(SCRIPTS), "/usr/lib/erlang/bin", os.environ.get("PATH", os.defpath)]),
            "HOME": str(self.folder),
            "LC_ALL": "C.UTF-8",
            "ERL_EPMD_PORT": str(self._mapper_port),
            "ERL_EPMD_ADDRESS": LOOPBACK,
            "RABBITMQ_NODENAME": NODE,
            "RABBITMQ_DIST_PORT": str(self._distribution_port),
            "RABBITMQ_CONF_ENV_FILE": str(self.folder / "no-environment-file"),
            "RABBITMQ_CONFIG_FILE": str(self.folder / "rabbitmq.conf"),
            "RABBITMQ_CONFIG_FILES": str(self.folder / "no-more-files"),
            "RABBITMQ_ADVANCED_CONFIG_FILE": str(self.folder / "advanced.config"),
            "RABBITMQ_ENABLED_PLUGINS_FILE": str(self.folder / "enabled_plugins"),
            "RABBITMQ_GENERATED_CONFIG_DIR": str(self.folder / "generated"),
            "RABBITMQ_MNESIA_BASE": str(self.folder / "data"),
            "RABBITMQ_LOG_BASE": str(self.folder / "log"),
            "RABBITMQ_PID_FILE": str(self.folder / "rabbitmq.pid"),
            "RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS": VM_ARGUMENTS + " -kernel inet_dist_use_interface {127,0,0,1}",
        }

    def _wait_for_a_predecessor(self) -> None:
        """Wait for the node of a process that has just died: it is on its way down and still holds the data."""
        deadline = time.monotonic() + STOP_SECONDS
        while self._predecessor_runs():
            if time.monotonic() > deadline:
                raise ServerFailed(f"Another RabbitMQ (process {self._pid_file.read_text()}) is using {self.folder}.")
            time.sleep(POLL_SECONDS)

    def _predecessor_runs(self) -> bool:
        try:
            environment = Path(f"/proc/{int(self._pid_file.read_text())}/environ").read_bytes()
        except (FileNotFoundError, ProcessLookupError, ValueError):
            return False
        return f"RABBITMQ_MNESIA_BASE={self.folder}/".encode() in environment


def _script(name: str) -> str:
    path = SCRIPTS / name
    if path.exists():
        return str(path)
    if found := shutil.which(name):
        return found
    raise ServerFailed("RabbitMQ is not installed: run `make setup`, or `apt-get install rabbitmq-server`.")


def _binary(text: str) -> str:
    """Write the text as an Erlang binary, byte by byte, so that no name can be code."""
    return f"<<{','.join(str(byte) for byte in text.encode())}>>"
