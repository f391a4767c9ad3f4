"""The compose file and the image: little is granted, and what is mounted exists."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).parents[2]
COMPOSE = yaml.safe_load((ROOT / "docker-compose.yml").read_text(encoding="utf-8"))
SERVICES: dict[str, dict[str, Any]] = COMPOSE["services"]
HADOLINT = Path(sys.executable).with_name("hadolint")
TOOLS = ROOT / ".venv" / "tools" / "bin" / "python"


@pytest.mark.skipif(not TOOLS.exists(), reason="no schema of compose files: run `make tools`")
def test_the_file_is_what_compose_accepts(tmp_path: Path) -> None:
    (tmp_path / "broken.yml").write_text(json.dumps({"services": {"aion": {"image": "aion", "read_onyl": True}}}))
    accepted = {}
    for path in (ROOT / "docker-compose.yml", tmp_path / "broken.yml"):
        call = [TOOLS, "-m", "check_jsonschema", "--builtin-schema", "vendor.compose-spec", path]
        accepted[path.name] = subprocess.run(call, capture_output=True, text=True).returncode == 0
    assert accepted == {"docker-compose.yml": True, "broken.yml": False}


@pytest.mark.parametrize("name", SERVICES)
def test_a_service_is_granted_the_least(name: str) -> None:
    service = SERVICES[name]
    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"]
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert service["restart"] == "unless-stopped"
    assert service["user"].partition(":")[0] not in ("", "0", "root")
    assert service["healthcheck"]["test"][0] == "CMD"
    assert service["pids_limit"] > 0
    assert not service.get("privileged")
    assert all(port.startswith("127.0.0.1:") for port in service.get("ports", []))
    # Compose refuses to start a read-only container with secrets or configurations that are no files of the host.
    assert not service.keys() & {"secrets", "configs", "cap_add", "devices", "network_mode", "pid", "ipc"}
    assert ":" in service["image"]


def test_the_bot_alone_is_started_without_a_profile() -> None:
    assert [name for name, service in SERVICES.items() if "profiles" not in service] == ["aion"]
    profiles = {profile for service in SERVICES.values() for profile in service.get("profiles", [])}
    assert profiles == {"postgres", "serve", "searxng", "metrics"}
    text = (ROOT / "docker-compose.yml").read_text(encoding="utf-8")
    for profile in profiles:
        assert f"\n#   {profile} " in text, "what it needs is said at the top"


def test_what_needs_no_internet_has_none() -> None:
    assert COMPOSE["networks"]["inner"]["internal"] is True
    assert [name for name, service in SERVICES.items() if service["networks"] == ["inner"]] == [
        "postgres",
        "prometheus",
    ]


@pytest.mark.parametrize("name", SERVICES)
def test_what_is_mounted_exists_and_is_read_only(name: str) -> None:
    for mount in SERVICES[name]["volumes"]:
        source, _, target = mount.partition(":")
        if source.startswith("."):
            assert (ROOT / source).exists()
            assert target.endswith(":ro")
        else:
            assert source in COMPOSE["volumes"]


def test_prometheus_reads_the_bot_with_its_token() -> None:
    (job,) = yaml.safe_load((ROOT / "deploy/prometheus/prometheus.yml").read_text(encoding="utf-8"))["scrape_configs"]
    port = SERVICES["aion"]["environment"]["AION_HEALTH_PORT"]
    assert job["static_configs"] == [{"targets": [f"aion:{port}"]}]
    (command,) = SERVICES["prometheus"]["command"]
    written = re.search(r'"\$\$AION_METRICS_TOKEN" > (\S+) ', command)
    assert written
    assert job["authorization"]["credentials_file"] == written[1]
    assert str(Path(written[1]).parent) in SERVICES["prometheus"]["tmpfs"]


def test_grafana_finds_its_data_and_its_dashboard() -> None:
    provisioning = ROOT / "deploy" / "grafana" / "provisioning"
    (source,) = yaml.safe_load((provisioning / "datasources/prometheus.yml").read_text(encoding="utf-8"))["datasources"]
    (provider,) = yaml.safe_load((provisioning / "dashboards/aion.yml").read_text(encoding="utf-8"))["providers"]
    assert source["url"] == "http://prometheus:9090"
    assert any(mount.split(":")[1].startswith(provider["options"]["path"]) for mount in SERVICES["grafana"]["volumes"])


def test_the_image_does_not_run_as_root() -> None:
    lines = (ROOT / "Dockerfile").read_text(encoding="utf-8").splitlines()
    assert [line for line in lines if line.startswith("USER ")] == ["USER 10001"]


@pytest.mark.skipif(not HADOLINT.exists(), reason="no hadolint: its package has no build for this system")
def test_a_linter_has_nothing_to_say_about_the_image() -> None:
    done = subprocess.run([HADOLINT, ROOT / "Dockerfile"], capture_output=True, text=True)
    assert done.returncode == 0, done.stdout
