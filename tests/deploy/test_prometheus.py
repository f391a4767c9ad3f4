"""Alerts, runbook and dashboard: they ask for metrics that exist, and each alert fires when it should."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import yaml

from bot.watchdog import AdapterHealth
from bot.web.metrics import adapter_families, state_families
from core.ops.answer_metrics import AnswerMetrics
from core.ops.figures import Figures, QualityFigures
from core.services import Allowance, ProviderStatus
from core.storage.job_runs import JobRun

DEPLOY = Path(__file__).parents[2] / "deploy"
RULES = DEPLOY / "prometheus" / "alerts.yml"
DASHBOARD = json.loads((DEPLOY / "grafana" / "aion.json").read_text(encoding="utf-8"))
ALERTS: list[dict[str, Any]] = yaml.safe_load(RULES.read_text(encoding="utf-8"))["groups"][0]["rules"]
NOW = datetime(2026, 1, 31, tzinfo=UTC)

needs_promtool = pytest.mark.skipif(
    shutil.which("promtool") is None, reason="no promtool: Debian's package prometheus has it"
)


def exported() -> set[str]:
    """Return the name of every series that ``/metrics`` may show."""
    allowance = Allowance("day", "requests", 5, 10, NOW)
    figures = Figures(
        *(1, 2, 3, 4, 5, 6),
        providers=[ProviderStatus("groq", "m", "abcd", "ready", (allowance,))],
        jobs={"watch": JobRun("watch", NOW, NOW, "done", "")},
        backup_age=timedelta(hours=1),
        quality=QualityFigures(0.9, 0.9, 3),
    )
    metrics = AnswerMetrics(["groq"])
    metrics._fallback.labels("groq", "discord")
    metrics._steps.labels("total")
    metrics._tokens.labels("groq")
    families = [
        *metrics.registry.collect(),
        *state_families(figures),
        *adapter_families({"discord": AdapterHealth(1.0, 0, False)}),
    ]
    names = {sample.name for family in families for sample in family.samples}
    ours = {"aion_loop_late_seconds", "aion_threads_late_seconds", "aion_models_warm"}
    return names | ours | {"up", "process_resident_memory_bytes", "process_cpu_seconds_total"}


def series(expression: str) -> set[str]:
    bare = re.sub(r'"[^"]*"|by \([^)]*\)', "", expression)
    return set(re.findall(r"\b(?:aion|process)_[a-z_]+\b|\bup\b", bare))


def dashboard_expressions() -> list[str]:
    return [target["expr"] for panel in DASHBOARD["panels"] for target in panel["targets"]]


@pytest.mark.parametrize("expression", [*(rule["expr"] for rule in ALERTS), *dashboard_expressions()])
def test_every_series_that_is_asked_for_is_exported(expression: str) -> None:
    assert series(expression)
    assert series(expression) <= exported()


@pytest.mark.parametrize("rule", ALERTS, ids=[rule["alert"] for rule in ALERTS])
def test_every_alert_has_its_page_in_the_runbook(rule: dict[str, Any]) -> None:
    assert f"## {rule['alert']}\n" in (DEPLOY / "runbook.md").read_text(encoding="utf-8")
    assert rule["annotations"]["runbook"] == f"deploy/runbook.md#{rule['alert'].lower()}"
    assert rule["labels"]["severity"] in ("warning", "critical")


def test_the_specifications_alerts_are_there() -> None:
    by_name = {rule["alert"]: rule for rule in ALERTS}
    assert by_name["HighFallbackRate"]["expr"] == (
        "sum(rate(aion_fallback_total[5m])) / sum(rate(aion_answers_total[5m])) > 0.25"
    )
    assert by_name["HighFallbackRate"]["for"] == "10m"
    assert by_name["LowNDCG"]["expr"].startswith("avg_over_time(aion_ndcg[30m]) < 0.82")
    assert (by_name["LowNDCG"]["for"], by_name["LowNDCG"]["labels"]["severity"]) == ("30m", "critical")


def test_every_alert_is_tested() -> None:
    tested = (DEPLOY / "prometheus" / "alerts_test.yml").read_text(encoding="utf-8")
    assert {rule["alert"] for rule in ALERTS} == set(re.findall(r"alertname: (\w+)\n\s+exp_alerts", tested))


@needs_promtool
def test_every_alert_fires_when_it_should_and_not_before() -> None:
    done = subprocess.run(
        ["promtool", "test", "rules", DEPLOY / "prometheus" / "alerts_test.yml"], capture_output=True, text=True
    )
    assert done.returncode == 0, done.stdout + done.stderr


@needs_promtool
def test_prometheus_understands_every_expression_of_the_dashboard(tmp_path: Path) -> None:
    expressions = [text.replace("$__rate_interval", "5m") for text in dashboard_expressions()]
    rules = [{"record": f"panel:{n}", "expr": text} for n, text in enumerate(expressions)]
    (tmp_path / "rules.yml").write_text(yaml.safe_dump({"groups": [{"name": "panels", "rules": rules}]}))
    done = subprocess.run(["promtool", "check", "rules", tmp_path / "rules.yml"], capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr


def test_no_two_panels_of_the_dashboard_overlap() -> None:
    taken: set[tuple[int, int]] = set()
    for panel in DASHBOARD["panels"]:
        place = panel["gridPos"]
        columns, rows = (range(place[at], place[at] + place[size]) for at, size in (("x", "w"), ("y", "h")))
        cells = {(x, y) for x in columns for y in rows}
        assert not cells & taken
        assert max(x for x, _ in cells) < 24
        taken |= cells
