"""What would run on the cluster: every service, restricted, watched, and reachable by those it names alone."""

import os
import subprocess
import time
from pathlib import Path
from typing import Any

import kubernetes_validate  # type: ignore[import-untyped]  # it ships no types
import pytest

from chassis.config import ServiceConfig
from gateway.config import Config as Gateway

from .deployment import (
    BASE,
    PRODUCTION,
    Manifest,
    container_of,
    objects,
    pod_of,
    rendered,
    selects,
    services,
    services_with_a_database,
    undeployed,
    variables,
    workloads,
)

OLDEST_KUBERNETES = "1.30.0"
HEALTH_PORT = 8080
REDIS = {"app.kubernetes.io/component": "redis"}
BROKER = {"app.kubernetes.io/component": "rabbitmq"}

with_a_database = pytest.mark.parametrize("service", services_with_a_database())
every_service = pytest.mark.parametrize("service", services())
both = pytest.mark.parametrize("folder", [BASE, PRODUCTION], ids=["base", "production"])


def test_every_service_is_deployed() -> None:
    assert undeployed() == []


def test_nothing_is_deployed_that_is_not_a_service() -> None:
    named = {manifest["metadata"]["labels"]["app.kubernetes.io/name"] for manifest in workloads(rendered(BASE))}
    assert named == set(services())


@both
@pytest.mark.parametrize("version", [OLDEST_KUBERNETES, kubernetes_validate.latest_version()])
def test_every_object_is_as_the_cluster_wants_it(folder: Path, version: str) -> None:
    for manifest in rendered(folder):
        kubernetes_validate.validate(manifest, version, strict=True)


@with_a_database
def test_a_service_is_three_workloads_of_one_image(service: str) -> None:
    ours = workloads(rendered(BASE), service=service)
    assert {(workload["kind"], workload["metadata"]["name"]) for workload in ours} == {
        ("Deployment", service),
        ("Deployment", f"{service}-relay"),
        ("Job", f"{service}-migrate"),
    }
    assert {container_of(workload)["image"] for workload in ours} == {f"comptoir/{service}"}


@both
def test_no_pod_can_do_more_than_its_work(folder: Path) -> None:
    for workload in workloads(rendered(folder)):
        pod, container = pod_of(workload), container_of(workload)
        assert pod["automountServiceAccountToken"] is False
        assert pod["securityContext"]["runAsNonRoot"] is True
        assert pod["securityContext"]["runAsUser"] > 0
        assert pod["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
        assert container["securityContext"] == {
            "allowPrivilegeEscalation": False,
            "readOnlyRootFilesystem": True,
            "capabilities": {"drop": ["ALL"]},
        }
        assert container["volumeMounts"] == [{"name": "tmp", "mountPath": "/tmp"}]  # noqa: S108  the one place a pod may write to
        assert set(container["resources"]["requests"]) == {"cpu", "memory"}
        assert "memory" in container["resources"]["limits"]


@every_service
def test_a_service_runs_under_an_account_of_its_own_that_may_do_nothing(service: str) -> None:
    [account] = objects(rendered(BASE), "ServiceAccount", service=service)
    assert account["automountServiceAccountToken"] is False
    for workload in workloads(rendered(BASE), service=service):
        assert pod_of(workload)["serviceAccountName"] == account["metadata"]["name"]


@both
def test_every_selector_chooses_its_own_pods_alone(folder: Path) -> None:
    for deployment in objects(rendered(folder), "Deployment"):
        chosen = [
            other["metadata"]["name"]
            for other in workloads(rendered(folder))
            if selects(deployment["spec"]["selector"], other["spec"]["template"]["metadata"]["labels"])
        ]
        assert chosen == [deployment["metadata"]["name"]]


@both
def test_no_secret_is_in_the_tree_and_every_one_is_referred_to_by_name(folder: Path) -> None:
    assert objects(rendered(folder), "Secret") == []
    for workload in workloads(rendered(folder)):
        service = workload["metadata"]["labels"]["app.kubernetes.io/name"]
        for variable in container_of(workload)["env"]:
            assert variable["valueFrom"]["secretKeyRef"]["name"].startswith(service)


@every_service
def test_a_service_is_given_what_it_cannot_start_without_and_nothing_it_does_not_read(service: str) -> None:
    for workload in workloads(rendered(PRODUCTION), service=service):
        given = {variable["name"] for variable in container_of(workload)["env"]}
        assert variables(service, required=True) <= given <= variables(service)


@both
def test_what_all_are_told_is_read_by_some(folder: Path) -> None:
    [told] = objects(rendered(folder), "ConfigMap")
    assert set(told["data"]) <= set().union(*(variables(service) for service in services()))


# Living and dying


def workers(manifests: list[Manifest]) -> list[Manifest]:
    """List the processes without a front door: those that consume, and those that relay."""
    return [deployment for deployment in objects(manifests, "Deployment") if deployment["metadata"]["name"] != "gateway"]


@both
def test_a_worker_lives_by_its_heartbeat_alone_and_is_ready_by_its_health_port(folder: Path) -> None:
    for worker in workers(rendered(folder)):
        container = container_of(worker)
        assert set(container["livenessProbe"]) & {"exec", "httpGet", "tcpSocket", "grpc"} == {"exec"}
        assert set(container["startupProbe"]) & {"exec", "httpGet", "tcpSocket", "grpc"} == {"exec"}
        assert container["readinessProbe"]["httpGet"] == {"path": "/readyz", "port": "health"}
        assert {"name": "health", "containerPort": HEALTH_PORT} in container["ports"]


def test_the_liveness_probe_believes_a_fresh_heartbeat_and_nothing_else(tmp_path: Path) -> None:
    heartbeat = tmp_path / "heartbeat"

    def alive() -> bool:
        command = container_of(workers(rendered(BASE))[0])["livenessProbe"]["exec"]["command"]
        environment = {**os.environ, "HEARTBEAT_FILE": str(heartbeat)}
        return subprocess.run(command, env=environment, capture_output=True, timeout=10, check=False).returncode == 0

    assert not alive()
    heartbeat.touch()
    assert alive()
    long_ago = time.time() - 60
    os.utime(heartbeat, (long_ago, long_ago))
    assert not alive()


@both
def test_a_worker_may_wait_for_its_servers_before_it_is_given_up(folder: Path) -> None:
    for worker in workers(rendered(folder)):
        probe = container_of(worker)["startupProbe"]
        assert probe["periodSeconds"] * probe["failureThreshold"] > ServiceConfig(database_url="").startup_seconds


@both
def test_a_worker_has_time_to_drain(folder: Path) -> None:
    for worker in workers(rendered(folder)):
        assert pod_of(worker)["terminationGracePeriodSeconds"] == 40
        assert ServiceConfig(database_url="").drain_seconds < 40


@both
def test_the_gateway_leaves_the_balancers_before_it_stops(folder: Path) -> None:
    [gateway] = objects(rendered(folder), "Deployment", service="gateway")
    assert container_of(gateway)["lifecycle"]["preStop"]["exec"]["command"] == ["sleep", "5"]
    assert pod_of(gateway)["terminationGracePeriodSeconds"] == 45
    assert 5 + Gateway().drain_seconds < 45
    assert container_of(gateway)["readinessProbe"]["httpGet"]["path"] == "/readyz"
    assert container_of(gateway)["livenessProbe"]["httpGet"]["path"] == "/healthz"


@every_service
def test_a_service_is_scaled_and_is_never_all_evicted_at_once(service: str) -> None:
    [autoscaler] = objects(rendered(BASE), "HorizontalPodAutoscaler", service=service)
    [budget] = objects(rendered(BASE), "PodDisruptionBudget", service=service)
    [served] = [each for each in objects(rendered(BASE), "Deployment", service=service) if container_of(each)["args"] == ["serve"]]
    assert autoscaler["spec"]["scaleTargetRef"]["name"] == served["metadata"]["name"]
    assert "replicas" not in served["spec"], "the autoscaler says how many: an apply must not"
    assert autoscaler["spec"]["minReplicas"] >= 2
    assert budget["spec"]["maxUnavailable"] == 1
    assert selects(budget["spec"]["selector"], served["spec"]["template"]["metadata"]["labels"])


def test_a_migration_ends_and_is_tried_again() -> None:
    for job in objects(rendered(BASE), "Job"):
        assert job["spec"]["backoffLimit"] > 0
        assert job["spec"]["activeDeadlineSeconds"] > 0
        assert pod_of(job)["restartPolicy"] == "Never"


# Who may talk to whom


def allowed(manifests: list[Manifest], workload: Manifest, direction: str) -> list[tuple[Any, Any]]:
    """List the peers and the ports that the policies allow to a workload's pods, `ingress` or `egress`."""
    labels = workload["spec"]["template"]["metadata"]["labels"]
    return [
        (peer, sorted(port["port"] for port in rule["ports"]))
        for policy in objects(manifests, "NetworkPolicy")
        if selects(policy["spec"]["podSelector"], labels)
        for rule in policy["spec"].get(direction, [])
        for peer in rule["from" if direction == "ingress" else "to"]
    ]


def pods(**labels: str) -> Manifest:
    return {"podSelector": {"matchLabels": labels}}


@both
def test_what_no_policy_names_is_denied(folder: Path) -> None:
    [denial] = [policy for policy in objects(rendered(folder), "NetworkPolicy") if policy["metadata"]["name"] == "default-deny"]
    assert set(denial["spec"]) == {"podSelector", "policyTypes"}
    assert set(denial["spec"]["policyTypes"]) == {"Ingress", "Egress"}
    for workload in workloads(rendered(folder)):
        assert selects(denial["spec"]["podSelector"], workload["spec"]["template"]["metadata"]["labels"])


@with_a_database
def test_a_service_reaches_its_own_database_and_the_broker_and_no_pod_else(service: str) -> None:
    for workload in workloads(rendered(BASE), service=service):
        inside = [each for each in allowed(rendered(BASE), workload, "egress") if set(each[0]) == {"podSelector"}]
        assert inside == [(pods(**{"cnpg.io/cluster": f"{service}-database"}), [5432]), (pods(**BROKER), [5672])]


def test_the_gateway_reaches_the_broker_and_redis_alone() -> None:
    [gateway] = workloads(rendered(BASE), service="gateway")
    inside = [each for each in allowed(rendered(BASE), gateway, "egress") if set(each[0]) == {"podSelector"}]
    assert inside == [(pods(**BROKER), [5672]), (pods(**REDIS), [6379])]


@both
def test_only_the_ingress_controller_and_the_scraper_come_in(folder: Path) -> None:
    for workload in workloads(rendered(folder)):
        expected = {("monitoring", (HEALTH_PORT,))}
        if workload["metadata"]["name"] == "gateway":
            expected.add(("ingress-nginx", (8000,)))
        came = allowed(rendered(folder), workload, "ingress")
        assert {(peer["namespaceSelector"]["matchLabels"]["kubernetes.io/metadata.name"], tuple(ports)) for peer, ports in came} == expected


@both
def test_the_outside_is_never_an_address_of_the_cluster(folder: Path) -> None:
    for policy in objects(rendered(folder), "NetworkPolicy"):
        for rule in policy["spec"].get("egress", []):
            for block in [peer["ipBlock"] for peer in rule["to"] if "ipBlock" in peer]:
                assert {"10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "169.254.0.0/16"} <= set(block["except"])


# Production


def test_production_is_one_release_in_a_restricted_namespace() -> None:
    manifests = rendered(PRODUCTION)
    [namespace] = objects(manifests, "Namespace")
    assert namespace["metadata"]["labels"]["pod-security.kubernetes.io/enforce"] == "restricted"
    assert {manifest["metadata"].get("namespace") for manifest in manifests if manifest is not namespace} == {namespace["metadata"]["name"]}
    assert len({container_of(workload)["image"].partition(":")[2] for workload in workloads(manifests)} - {""}) == 1


def test_each_release_brings_migrations_of_its_own_name() -> None:
    for job in objects(rendered(PRODUCTION), "Job"):
        release = container_of(job)["image"].partition(":")[2]
        assert job["metadata"]["name"].endswith(f"-migrate-{release}")
