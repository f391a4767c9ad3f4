"""``aion train cycle``: thumbs in, a version on trial out."""

from __future__ import annotations

from pathlib import Path

import pytest

from core.models.registry import LoraRegistry
from core.types import SpaceId
from tests.e2e.process import aion
from tests.lessons import few_lessons, store_liked

pytestmark = [pytest.mark.model, pytest.mark.slow, pytest.mark.timeout(1200)]


async def test_one_command_exports_trains_compares_and_tries_the_version_out(data_dir: Path) -> None:
    await store_liked(data_dir, SpaceId("terminal:local"), few_lessons("Vale Verde says"))
    done = await aion(data_dir, "train", "cycle", patience_s=1100)
    assert done.status == 0, done.err[-2000:]
    assert "v1 writes 10% of the answers now" in done.out
    registry = LoraRegistry(data_dir / "loras")
    assert registry.state().trial and registry.get("v1").stage == "trial"
    assert (
        registry.get("v1").manifest.metrics["held_out_loss"]
        < registry.get("v1").manifest.metrics["held_out_loss_before"]
    )
    assert (registry.folder / "reports" / "v1" / "gains.png").is_file()
