"""Keeps the local model's LoRA weights in step with the registry: the promoted version, and the trial with its share.

Every answering process polls the registry's stamp, one file, every ``POLL_S`` seconds; promotions and rollbacks happen
in another process (``core.models.registry``).
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

from core.errors import StorageCorrupt, UserError
from core.generation.local.generator import LocalGenerator
from core.models.registry import LoraRegistry, Trial
from core.offload import offload
from core.types import LoraVersion

log = logging.getLogger(__name__)

POLL_S = 2.0


class LoraFollower:
    """Polls the registry and exchanges one local model's weights."""

    def __init__(self, local: LocalGenerator, registry: LoraRegistry) -> None:
        self._local = local
        self._registry = registry
        self._stamp = 0
        self._promoted: str | None = None
        self._trial: Trial | None = None

    async def run(self) -> None:
        """Poll until cancelled."""
        while True:
            await self.poll()
            await asyncio.sleep(POLL_S)

    async def poll(self) -> None:
        """Apply what changed since the last poll, once the model is loaded.

        Weights that cannot be used are logged, and the model keeps those it has.
        """
        stamp = self._registry.stamp()
        if stamp == self._stamp or not self._local.state().is_warm:
            return
        self._stamp = stamp
        try:
            await self._apply()
        except (UserError, StorageCorrupt) as error:
            log.warning("LoRA: %s", error)

    async def _apply(self) -> None:
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
async def following(local: LocalGenerator, registry: LoraRegistry) -> AsyncIterator[None]:
    """Run a ``LoraFollower`` while the block lasts."""
    task = asyncio.create_task(LoraFollower(local, registry).run(), name="follow LoRA versions")
    try:
        yield
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task
