"""What `docker compose up` would run: every service, after what it needs."""

import re
from typing import Any

import pytest

from .deployment import COMPOSE_FILE, REPOSITORY, composed, run, services, services_with_a_database, variables

with_a_database = pytest.mark.parametrize("service", services_with_a_database())


def conditions(process: dict[str, Any]) -> dict[str, str]:
    """Say what a process waits for, and until when."""
    return {name: dependency["condition"] for name, dependency in process["depends_on"].items()}


def test_the_file_is_as_compose_wants_it() -> None:
    run("docker-compose", "--file", str(COMPOSE_FILE), "--profile", "demo", "config", "--quiet")


@with_a_database
def test_a_service_serves_and_relays_once_it_is_migrated(service: str) -> None:
    served, relay, migration = composed()[service], composed()[f"{service}-relay"], composed()[f"{service}-migrate"]
    assert served.get("command") is None, "serve is what the image does"
    assert relay["command"] == ["relay"]
    assert migration["command"] == ["migrate"]
    assert conditions(migration) == {"postgres": "service_healthy"}
    for process in (served, relay):
        assert conditions(process) == {f"{service}-migrate": "service_completed_successfully", "rabbitmq": "service_healthy"}
    assert {process["build"]["args"]["SERVICE"] for process in (served, relay, migration)} == {service}


@with_a_database
def test_a_service_has_a_database_that_nobody_else_has(service: str) -> None:
    made = (REPOSITORY / "deploy" / "databases.sql").read_text()
    assert re.search(rf"^CREATE ROLE {service} LOGIN PASSWORD '{service}';$", made, re.MULTILINE)
    assert re.search(rf"^CREATE DATABASE {service} OWNER {service};$", made, re.MULTILINE)
    urls = {composed()[name]["environment"]["DATABASE_URL"] for name in (service, f"{service}-relay", f"{service}-migrate")}
    assert urls == {f"postgresql://{service}:{service}@postgres/{service}"}


@pytest.mark.parametrize("service", services())
def test_a_service_is_given_what_it_cannot_start_without_and_nothing_it_does_not_read(service: str) -> None:
    for process in composed().values():
        if "build" in process and process["build"]["args"]["SERVICE"] == service:
            assert variables(service, required=True) <= set(process["environment"]) <= variables(service)


def test_the_gateway_opens_when_every_service_is_ready() -> None:
    gateway = composed()["gateway"]
    assert conditions(gateway) == {"rabbitmq": "service_healthy"} | dict.fromkeys(services_with_a_database(), "service_healthy")
    assert gateway["ports"] == ["127.0.0.1:8000:8000"]


def test_no_process_of_ours_can_write_or_do_more_than_its_work() -> None:
    ours = [process for process in composed().values() if "build" in process]
    assert len(ours) == 3 * len(services_with_a_database()) + 1
    for process in ours:
        assert process["read_only"] is True
        assert process["cap_drop"] == ["ALL"]
        assert process["security_opt"] == ["no-new-privileges:true"]
        assert process["tmpfs"] == ["/tmp"]  # noqa: S108  the one place a container may write to


def test_every_process_says_whether_it_is_well() -> None:
    for name, process in composed().items():
        if name == "mail":  # its image has a check of its own
            continue
        if name == "demo" or name.endswith("-migrate"):  # these end
            assert process["healthcheck"] == {"disable": True}
        else:
            assert process["healthcheck"]["test"][0] == "CMD"


def test_every_service_of_the_tree_is_in_the_file_and_no_other() -> None:
    assert {process["build"]["args"]["SERVICE"] for process in composed().values() if "build" in process} == set(services())


def test_the_demo_agency_is_that_of_the_local_platform_and_only_made_when_asked_for() -> None:
    demo = composed()["demo"]
    assert demo["profiles"] == ["demo"]
    source, target, mode = demo["volumes"][0].split(":")
    assert (REPOSITORY / source).is_file()
    assert demo["entrypoint"] == ["python", target]
    assert mode == "ro"
    assert set(conditions(demo)) <= set(services())
