"""What was said last about a thing is not said again, also after a restart."""

from __future__ import annotations

from pathlib import Path

from core.storage.alerts import LastAlerts
from core.storage.database import Database


async def test_a_change_is_stored_once_and_survives_a_restart(tmp_path: Path) -> None:
    async with await Database.open(tmp_path) as database:
        alerts = LastAlerts(database)
        assert await alerts.raise_once("worker:colab", "workers.online", {"worker": "colab"})
        assert not await alerts.raise_once("worker:colab", "workers.online", {"worker": "colab"})
        assert await alerts.raise_once("worker:kaggle", "workers.online", {"worker": "kaggle"})
    async with await Database.open(tmp_path) as database:
        alerts = LastAlerts(database)
        assert not await alerts.raise_once("worker:colab", "workers.online", {"worker": "colab"})
        assert await alerts.raise_once("worker:colab", "workers.offline", {"worker": "colab"})
        assert await alerts.raise_once("worker:colab", "workers.online", {"worker": "colab"})
