"""Status of the workers, as the last check by any process left it."""

from __future__ import annotations

from typing import Literal

from core.ops.remote_workers import worker_addresses
from core.services import ProviderStatus
from core.storage.alerts import LastAlerts


class WorkerStatusList:
    """The workers named in ``text`` (``core.ops.remote_workers.worker_addresses``), as the last alerts left them."""

    def __init__(self, text: str, last: LastAlerts) -> None:
        """Know their names. Raises ``Unavailable`` for a text that cannot be understood."""
        self._names = tuple(worker_addresses(text))
        self._last = last

    async def status(self) -> tuple[ProviderStatus, ...]:
        """Return the status of each, in the order they are asked."""
        last = await self._last.all() if self._names else {}
        told = [(name, *last.get(f"worker:{name}", ("", {}))) for name in self._names]
        return tuple(ProviderStatus(name, values.get("model", ""), None, _state(key)) for name, key, values in told)


def _state(key: str) -> Literal["online", "offline", "refused", "unseen"]:
    match key.rpartition(".")[2]:
        case "":
            return "unseen"
        case "online":
            return "online"
        case "refused":
            return "refused"
        case _:
            return "offline"
