"""The Kubernetes manifests as an operator applies them: built by kustomize, with secrets filled in."""

from __future__ import annotations

import shutil
import subprocess
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import yaml

ROOT = Path(__file__).parents[2]
K8S = ROOT / "deploy" / "k8s"
KUBECTL = ROOT / ".venv" / "tools" / "bin" / "kubectl"
OVERLAYS = sorted(path.name for path in (K8S / "overlays").iterdir())

Manifest = dict[str, Any]


@cache
def built(overlay: str) -> tuple[Manifest, ...]:
    """Return every object of an overlay."""
    with TemporaryDirectory() as folder:
        shutil.copytree(K8S, Path(folder) / "k8s")
        here = Path(folder) / "k8s" / "overlays" / overlay
        for example in here.rglob("*.env.example"):
            example.with_suffix("").write_text(example.read_text(encoding="utf-8").replace("=", "=made-up"))
        done = subprocess.run([KUBECTL, "kustomize", here], capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
        assert "Warning" not in done.stderr
    return tuple(yaml.safe_load_all(done.stdout))


def of_kind(overlay: str, *kinds: str) -> dict[str, Manifest]:
    """Return an overlay's objects of some kinds by name."""
    return {each["metadata"]["name"]: each for each in built(overlay) if each["kind"] in kinds}


def workloads(overlay: str) -> dict[str, Manifest]:
    """Return whatever makes pods, by name."""
    return of_kind(overlay, "Deployment", "StatefulSet", "Job", "DaemonSet", "CronJob")


def pod_of(workload: Manifest) -> Manifest:
    """Return the pod's specification."""
    pod: Manifest = workload["spec"]["template"]["spec"]
    return pod


def selects(selector: Manifest, workload: Manifest) -> bool:
    """Return whether a selector's labels are all those of a workload's pods."""
    labels = workload["spec"]["template"]["metadata"]["labels"]
    return all(labels.get(name) == value for name, value in selector.get("matchLabels", {}).items())
