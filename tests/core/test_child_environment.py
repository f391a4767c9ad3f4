from __future__ import annotations

import json
import re
import sys
from pathlib import Path
from subprocess import check_output

import pytest

from core.child_environment import child_environment
from core.generation.providers.catalogue import read_providers
from core.settings import Settings

SECRET = "made-up-secret-value"


def secret_names() -> list[str]:
    """Return the name of every variable that may hold a secret of AION's."""
    fields = Settings.model_fields.values()
    settings = [str(field.alias) for field in fields if "SecretStr" in str(field.annotation)]
    keys = [name for provider in read_providers() for name in (provider.key_env, f"{provider.key_env}_2")]
    return [*settings, *keys, "HF_TOKEN", "AWS_SECRET_ACCESS_KEY", "POSTGRES_PASSWORD", "DATABASE_URL"]


def test_a_child_gets_no_token_and_all_it_needs(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in secret_names():
        monkeypatch.setenv(name, SECRET)
    monkeypatch.setenv("AION_DATA_DIR", "data")
    monkeypatch.setenv("OMP_NUM_THREADS", "2")
    code = "import json, os; print(json.dumps(dict(os.environ)))"
    environment = json.loads(check_output([sys.executable, "-c", code], env=child_environment(ADDED="yes")))
    assert SECRET not in environment.values()
    assert (environment["AION_DATA_DIR"], environment["OMP_NUM_THREADS"], environment["ADDED"]) == ("data", "2", "yes")
    assert "PATH" in environment


def test_every_process_that_is_started_gets_that_environment() -> None:
    starts = re.compile(r"\bPopen\(|create_subprocess_\w+\(|subprocess\.run\(|check_output\(")
    root = Path(__file__).parents[2]
    for path in [path for folder in ("bot", "core", "plugins") for path in (root / folder).rglob("*.py")]:
        text = path.read_text(encoding="utf-8")
        for match in starts.finditer(text):
            assert "child_environment" in text[match.start() : match.start() + 400], path
