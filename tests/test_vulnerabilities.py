"""What ``make audit`` says of pip-audit's findings, and of its failures."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.vulnerabilities import AuditOutcome, audit

SOUND = {"name": "wheels", "version": "1.0", "vulns": []}
UNKNOWN = {"name": "tyres", "skip_reason": "Dependency not found on PyPI and could not be audited: tyres (1.0)"}
WEAK = {"name": "brakes", "version": "2.0", "vulns": [{"id": "PYSEC-0000-1", "fix_versions": ["2.1"], "aliases": []}]}


def said(folder: Path, script: str, within_s: float = 60.0) -> AuditOutcome:
    """Return the outcome where a shell script stands for pip-audit."""
    (folder / "python").write_text(f"#!/bin/sh\n{script}\n")
    (folder / "python").chmod(0o755)
    return audit([str(folder / "python")], within_s)


@pytest.mark.parametrize(
    ("packages", "sentence", "status"),
    [
        ([SOUND], "1 pinned packages, no known vulnerability", 0),
        ([SOUND, UNKNOWN], "1 of 2 packages are not known there", 0),
        ([SOUND, UNKNOWN, WEAK], "brakes 2.0: PYSEC-0000-1, mended in ['2.1']", 1),
    ],
)
def test_what_is_found_is_told_and_fails(tmp_path: Path, packages: list[object], sentence: str, status: int) -> None:
    (tmp_path / "found").write_text(json.dumps({"dependencies": packages, "fixes": []}))
    outcome = said(tmp_path, f"cat '{tmp_path / 'found'}'; echo Found >&2; exit 1")
    assert (sentence in outcome.sentence, outcome.status) == (True, status)


def test_without_a_network_it_is_one_sentence_and_no_failure(tmp_path: Path) -> None:
    outcome = said(tmp_path, "printf 'Traceback\\nrequests.exceptions.ConnectionError: no route\\n' >&2; exit 1")
    assert (outcome.sentence.count("\n"), outcome.status) == (0, 0)
    assert outcome.sentence.endswith("requests.exceptions.ConnectionError: no route")
    assert said(tmp_path, "exec sleep 60", 0.05).status == 0


@pytest.mark.parametrize("script", ["echo 'No module named pip_audit' >&2; exit 1", "exit 3", "echo '[]'; exit 0"])
def test_where_it_does_not_run_it_fails_and_says_what_to_do(tmp_path: Path, script: str) -> None:
    outcome = said(tmp_path, script)
    assert ("make tools" in outcome.sentence, outcome.sentence.count("\n"), outcome.status) == (True, 0, 1)


def test_tools_that_are_gone_fail(tmp_path: Path) -> None:
    assert audit([str(tmp_path / "nowhere")]).status == 1
