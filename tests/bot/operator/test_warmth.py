"""Models that cannot be loaded while the disk is full are loaded later, and the process goes on meanwhile."""

from __future__ import annotations

import errno
from dataclasses import dataclass

import pytest

from bot.operator import warmth
from bot.operator.warmth import Warmth


@dataclass
class Cold:
    """Of an application, what loads its models; ``n_failures`` times the disk is full."""

    n_failures: int

    async def warm(self) -> None:
        if self.n_failures:
            self.n_failures -= 1
            raise OSError(errno.ENOSPC, "No space left on device")


async def test_what_the_disk_refuses_is_loaded_later(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(warmth, "RETRY_S", 0.0)
    loading = Warmth(Cold(2))  # type: ignore[arg-type]  # a fake of the one method that is used
    assert not loading.is_warm()
    await loading.run()
    assert loading.is_warm()
    assert caplog.text.count("No space left") == 2
