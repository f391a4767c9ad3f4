"""What brings AION back when it exits, as shipped."""

from __future__ import annotations

import configparser
import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
UNIT = ROOT / "deploy" / "systemd" / "aion.service"


def test_systemd_starts_it_again_and_never_gives_up() -> None:
    unit = configparser.ConfigParser(interpolation=None)
    unit.optionxform = str  # type: ignore[assignment, method-assign]
    unit.read_string(UNIT.read_text(encoding="utf-8"))
    assert unit["Service"]["Restart"] == "on-failure"
    assert unit["Unit"]["StartLimitIntervalSec"] == "0"
    assert unit["Service"]["ExecStart"].endswith("/aion run")


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="needs systemd")
def test_systemd_understands_every_line(tmp_path: Path) -> None:
    text = UNIT.read_text(encoding="utf-8").replace("/opt/aion/.venv/bin/aion run", "/bin/true")
    (tmp_path / "aion.service").write_text(text, encoding="utf-8")
    done = subprocess.run(
        ["systemd-analyze", "verify", "--man=no", tmp_path / "aion.service"], capture_output=True, text=True
    )
    ours = [line for line in (done.stdout + done.stderr).splitlines() if "aion.service" in line]
    assert not [line for line in ours if "Unknown" in line or "Failed to parse" in line], ours


def test_compose_starts_it_again_and_asks_after_its_health() -> None:
    yaml = pytest.importorskip("yaml")
    aion = yaml.safe_load((ROOT / "docker-compose.yml").read_text(encoding="utf-8"))["services"]["aion"]
    assert aion["restart"] == "unless-stopped"
    port = aion["environment"]["AION_HEALTH_PORT"]
    assert f"127.0.0.1:{port}/health" in aion["healthcheck"]["test"][-1]
