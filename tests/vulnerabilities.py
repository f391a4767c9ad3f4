"""Compares the pinned packages with known vulnerabilities, by pip-audit: ``python -m tests.vulnerabilities``.

Ends with status 1 where there are some, and where pip-audit does not run. Where its advisories cannot be reached
nothing is known, which is said in one sentence and is no failure: a machine without a network can be worked on.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

LOCKS = ("requirements.lock", "requirements.dev.lock")
WITHIN_S = 120.0
TOOLS = Path(".venv/tools/bin/python")
"""The Python of ``make tools``. pip-audit is its module: the script beside it names the folder it was installed in."""

NETWORK = ("ConnectionError", "ConnectTimeout", "ReadTimeout", "ProxyError", "SSLError", "HTTPError", "ServiceError")
"""What pip-audit's errors are called when it is the network that failed."""


@dataclass(frozen=True)
class AuditOutcome:
    """What is to be told, and the exit status."""

    sentence: str
    status: int


def audit(python: Sequence[str], within_s: float = WITHIN_S) -> AuditOutcome:
    """Run pip-audit by the command ``python`` and return what it found."""
    locks = [part for lock in LOCKS for part in ("-r", lock)]
    flags = ["--disable-pip", "--require-hashes", "--progress-spinner", "off", "--format", "json"]
    try:
        done = subprocess.run(
            [*python, "-m", "pip_audit", *flags, *locks], capture_output=True, text=True, timeout=within_s, check=False
        )
    except subprocess.TimeoutExpired:
        return _unknown(f"no answer within {within_s:.0f} s")
    except OSError as error:
        return _broken(str(error))
    try:
        packages = json.loads(done.stdout)["dependencies"]
    except (ValueError, KeyError, TypeError):
        last = (done.stderr.strip().splitlines() or [f"status {done.returncode}"])[-1]
        return _unknown(last) if any(name in done.stderr for name in NETWORK) else _broken(last)
    return _judged(packages)


def _judged(packages: Sequence[dict[str, Any]]) -> AuditOutcome:
    found = [(each, problem) for each in packages for problem in each.get("vulns", ())]
    if found:
        lines = (
            f"{each['name']} {each['version']}: {problem['id']}, mended in {problem['fix_versions'] or 'no version'}"
            for each, problem in found
        )
        return AuditOutcome("\n".join(["pip-audit: known vulnerabilities of what is pinned:", *lines]), 1)
    skipped = [each for each in packages if "skip_reason" in each]
    if skipped:
        return _unknown(f"{len(skipped)} of {len(packages)} packages are not known there")
    return AuditOutcome(f"pip-audit: {len(packages)} pinned packages, no known vulnerability", 0)


def _unknown(problem: str) -> AuditOutcome:
    return AuditOutcome(f"pip-audit: not everything was compared with the known vulnerabilities: {problem}", 0)


def _broken(problem: str) -> AuditOutcome:
    return AuditOutcome(f"pip-audit does not run: {problem}; remove .venv/tools, and `make tools` makes it anew", 1)


if __name__ == "__main__":
    outcome = audit([str(TOOLS)])
    print(outcome.sentence)
    sys.exit(outcome.status)
