"""Promotion of a LoRA version, by itself or by hand; webhooks of every space are told of it once."""

from __future__ import annotations

from dataclasses import dataclass

from core.models.lora import Base
from core.models.registry import LoraRegistry
from core.offload import offload
from core.storage.delivery.webhooks import Webhooks
from core.types import CommunityEvent


@dataclass(frozen=True, slots=True)
class Promotion:
    """Lets versions of a registry answer."""

    registry: LoraRegistry
    webhooks: Webhooks

    async def promote(self, name: str, base: Base) -> None:
        """Make a version write every answer. Raises as ``LoraRegistry.promote`` does.

        Nobody is told of one that wrote them already.
        """
        if await offload(self.registry.promote, name, base):
            await self.webhooks.post_everywhere(CommunityEvent("lora.promoted", {"version": name}))
