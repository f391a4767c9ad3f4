"""The overlay of replicas: cores as many as the specification says, two gateways and never more by themselves."""

from __future__ import annotations

from fractions import Fraction

import pytest

from bot.operator.core import DRAIN_S
from core.settings import Settings
from tests.deploy.manifests import KUBECTL, Manifest, of_kind, pod_of, selects, workloads

pytestmark = pytest.mark.skipif(not KUBECTL.exists(), reason="no kubectl: run `make tools` (its package is for Linux)")
OVERLAY = "postgres"


def targets(metrics: list[Manifest]) -> dict[str, Fraction]:
    return {
        each["resource"]["name"]: Fraction(each["resource"]["target"]["averageUtilization"], 100)
        for each in metrics
        if each["resource"]["target"]["type"] == "Utilization"
    }


def test_cores_are_scaled_as_the_specification_says_and_gateways_never() -> None:
    (scaler,) = of_kind(OVERLAY, "HorizontalPodAutoscaler").values()
    spec = scaler["spec"]
    assert spec["scaleTargetRef"] == {"apiVersion": "apps/v1", "kind": "Deployment", "name": "aion-core"}
    assert (spec["minReplicas"], spec["maxReplicas"]) == (2, 10)
    assert targets(spec["metrics"]) == {"cpu": Fraction(60, 100), "memory": Fraction(70, 100)}
    assert "replicas" not in workloads(OVERLAY)["aion-core"]["spec"]
    assert workloads(OVERLAY)["aion-gateway"]["spec"]["replicas"] == 2


def test_one_of_each_stays_while_nodes_are_emptied() -> None:
    budgets = of_kind(OVERLAY, "PodDisruptionBudget")
    assert (budgets["aion-core"]["spec"]["maxUnavailable"], budgets["aion-gateway"]["spec"]["minAvailable"]) == (1, 1)
    for name, budget in budgets.items():
        assert selects(budget["spec"]["selector"], workloads(OVERLAY)[name])
        strategy = workloads(OVERLAY)[name]["spec"]["strategy"]["rollingUpdate"]
        assert strategy == {"maxSurge": 1, "maxUnavailable": 0}


def test_a_core_has_the_time_to_finish() -> None:
    pod = pod_of(workloads(OVERLAY)["aion-core"])
    leaving_s = pod["containers"][0]["lifecycle"]["preStop"]["sleep"]["seconds"]
    assert pod["terminationGracePeriodSeconds"] > leaving_s + DRAIN_S


def test_gateways_find_the_cores_by_a_name_of_all_their_addresses() -> None:
    (settings,) = (each["data"] for each in of_kind(OVERLAY, "ConfigMap").values())
    (service,) = of_kind(OVERLAY, "Service").values()
    assert service["spec"]["clusterIP"] == "None"
    read = Settings.model_validate(settings)
    assert read.core_urls == f"http://{service['metadata']['name']}:{read.core_port}"


def test_each_is_given_the_secrets_that_it_needs() -> None:
    secrets = {name.rpartition("-")[0]: set(each["data"]) for name, each in of_kind(OVERLAY, "Secret").items()}
    given = {
        name: set().union(*(secrets[named] for named in named_secrets(workload)))
        for name, workload in workloads(OVERLAY).items()
    }
    assert {"DISCORD_TOKEN", "TELEGRAM_TOKEN"} <= given["aion-gateway"]
    assert not {"DISCORD_TOKEN", "TELEGRAM_TOKEN"} & (given["aion-core"] | given["aion-upgrade"])
    assert "GROQ_API_KEY" in given["aion-core"] - given["aion-gateway"]
    shared = {"AION_DATABASE_URL", "AION_CORE_TOKEN", "AION_PERSON_KEY", "AION_METRICS_TOKEN"}
    assert given["aion-upgrade"] == given["aion-core"] & given["aion-gateway"] == shared


def named_secrets(workload: Manifest) -> list[str]:
    sources = pod_of(workload)["containers"][0]["envFrom"]
    return [each["secretRef"]["name"].rpartition("-")[0] for each in sources if "secretRef" in each]
