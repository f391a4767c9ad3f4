"""What is shipped for deployment names only settings that exist."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from core.settings import Settings

ROOT = Path(__file__).parents[2]
SETTINGS = {field.alias for field in Settings.model_fields.values()}
SHIPPED = [
    ROOT / "docker-compose.yml",
    ROOT / "Dockerfile",
    *sorted(path for path in (ROOT / "deploy").rglob("*") if path.is_file() and path.suffix != ".ipynb"),
]


@pytest.mark.parametrize("path", SHIPPED, ids=lambda path: str(path.relative_to(ROOT)))
def test_every_setting_that_is_named_exists(path: Path) -> None:
    named = set(re.findall(r"\bAION_[A-Z0-9_]+\b", path.read_text(encoding="utf-8")))
    assert named <= SETTINGS
