"""Has the local model follow the registry of LoRA versions: what is promoted writes, what is on trial writes its share.

A look at the registry costs one look at a file, so every process that answers does it every few seconds; another
process promotes or rolls back (``core.models.registry``) and need not know who follows.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Protocol

from core.errors import StorageCorrupt, UserError
from core.models.registry import LoraRegistry, Trial
from core.offload import offload
from core.types import EngineState, LoraVersion

log = logging.getLogger(__name__)

POLL_S = 2.0


class SwappableModel(Protocol):
    """A local model whose weights can be exchanged while it writes, all or for a share of the replies."""

    def state(self) -> EngineState:
        """Return how it stands."""
        ...

    async def use_lora(self, version: LoraVersion | None) -> None:
        """Write with these weights from now on."""
        ...

    async def try_lora(self, version: LoraVersion | None, share: float = 0.0) -> None:
        """Write a share of the replies with these weights."""
        ...


class LoraFollower:
    """Keeps one local model at what the registry says."""

    def __init__(self, local: SwappableModel, registry: LoraRegistry) -> None:
        self._local = local
        self._registry = registry
        self._stamp = 0
        self._promoted: str | None = None
        self._trial: Trial | None = None

    async def run(self) -> None:
        """Follow until cancelled."""
        while True:
            await self.look()
            await asyncio.sleep(POLL_S)

    async def look(self) -> None:
        """Follow what has changed since the last look. A model that is not loaded yet follows once it is.

        Weights that cannot be used are named in the log, and what wrote before goes on writing.
        """
        stamp = self._registry.stamp()
        if stamp == self._stamp or not self._local.state().is_warm:
            return
        self._stamp = stamp
        try:
            await self._follow()
        except (UserError, StorageCorrupt) as error:
            log.warning("LoRA: %s", error)

    async def _follow(self) -> None:
        state = await offload(self._registry.state)
        if state.promoted != self._promoted:
            await self._local.use_lora(self._version(state.promoted))
            log.info("answers are written by %s now", state.promoted or "the base model")
            self._promoted = state.promoted
        if state.trial != self._trial:
            trial = state.trial
            await self._local.try_lora(self._version(trial.version if trial else None), trial.share if trial else 0.0)
            log.info("on trial: %s", f"{trial.version}, {trial.share:.0%} of the answers" if trial else "nothing")
            self._trial = trial

    def _version(self, name: str | None) -> LoraVersion | None:
        return LoraVersion(name, self._registry.folder / name) if name else None


@asynccontextmanager
async def following(local: SwappableModel, registry: LoraRegistry) -> AsyncIterator[None]:
    """Have a local model follow a registry while the block lasts."""
    task = asyncio.create_task(LoraFollower(local, registry).run(), name="follow LoRA versions")
    try:
        yield
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task
