"""What deploy/ and docker-compose.yml come to: the manifests as kubectl renders them, the processes that Docker would run."""

import importlib
import os
import shutil
import subprocess
import sys
from dataclasses import MISSING, fields
from functools import cache
from pathlib import Path
from typing import Any

import yaml

REPOSITORY = Path(__file__).resolve().parents[2]
BASE = REPOSITORY / "deploy" / "base"
PRODUCTION = REPOSITORY / "deploy" / "overlays" / "production"
COMPOSE_FILE = REPOSITORY / "docker-compose.yml"
TOOL_SECONDS = 60

Manifest = dict[str, Any]


def services() -> list[str]:
    """Name every deployable of services/, the gateway among them."""
    return sorted(folder.name for folder in (REPOSITORY / "services").iterdir() if (folder / folder.name).is_dir())


def services_with_a_database() -> list[str]:
    """Name the services that have tables of their own: these relay and migrate."""
    return [service for service in services() if (REPOSITORY / "services" / service / "migrations").is_dir()]


def variables(service: str, *, required: bool = False) -> set[str]:
    """Name the environment variables that a service reads, or those among them that it cannot start without."""
    config = importlib.import_module(f"{service}.config").Config
    return {each.metadata["variable"] for each in fields(config) if not required or each.default is MISSING}


@cache
def rendered(folder: Path) -> list[Manifest]:
    """Render every object that `kubectl apply -k folder` would apply."""
    return [manifest for manifest in yaml.safe_load_all(run("kubectl", "kustomize", str(folder))) if manifest]


@cache
def composed() -> dict[str, Manifest]:
    """Read the services of docker-compose.yml, anchors and merges resolved."""
    processes: dict[str, Manifest] = yaml.safe_load(COMPOSE_FILE.read_text())["services"]
    return processes


def objects(manifests: list[Manifest], kind: str, *, service: str | None = None) -> list[Manifest]:
    """List the objects of one kind, of one service or of all."""
    return [
        manifest
        for manifest in manifests
        if manifest["kind"] == kind and service in (None, manifest["metadata"].get("labels", {}).get("app.kubernetes.io/name"))
    ]


def workloads(manifests: list[Manifest], *, service: str | None = None) -> list[Manifest]:
    """List everything that runs pods."""
    return [*objects(manifests, "Deployment", service=service), *objects(manifests, "Job", service=service)]


def pod_of(workload: Manifest) -> Manifest:
    """Find the spec of the pods that a workload runs."""
    pod: Manifest = workload["spec"]["template"]["spec"]
    return pod


def container_of(workload: Manifest) -> Manifest:
    """Find the only container of a workload's pods."""
    [container] = pod_of(workload)["containers"]
    assert isinstance(container, dict)
    return container


def selects(selector: Manifest, labels: dict[str, str]) -> bool:
    """Say whether a selector by labels chooses what carries `labels`."""
    return all(labels.get(key) == value for key, value in selector.get("matchLabels", {}).items())


def undeployed() -> list[str]:
    """Say what any service is missing to run on the cluster and with Docker; nothing when all are deployed."""
    manifests, processes = rendered(BASE), composed()
    missing = []
    for service in services():
        roles = ["serve", "relay", "migrate"] if service in services_with_a_database() else ["serve"]
        running = [container_of(workload).get("args") for workload in workloads(manifests, service=service)]
        for role in roles:
            if [role] not in running:
                missing.append(f"deploy/base/{service}: nothing runs `python -m {service} {role}`")
            if (service if role == "serve" else f"{service}-{role}") not in processes:
                missing.append(f"docker-compose.yml: nothing runs `python -m {service} {role}`")
    return missing


def run(tool: str, *arguments: str) -> str:
    """Run a tool of the virtual environment, or else of the machine; its absence fails, it never skips."""
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", os.defpath)])
    program = shutil.which(tool, path=path)
    assert program is not None, f"{tool} is missing: `make setup` installs it"
    done = subprocess.run([program, *arguments], capture_output=True, text=True, timeout=TOOL_SECONDS, check=False)
    assert done.returncode == 0, f"{tool} {' '.join(arguments)} refused: {done.stderr}"
    return done.stdout
