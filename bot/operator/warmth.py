"""Whether the models of a process are loaded."""

from __future__ import annotations

from core.assembly.aion import Aion


class Warmth:
    """Loads the models once, in the background."""

    def __init__(self, aion: Aion) -> None:
        self._aion = aion
        self._is_warm = False

    def is_warm(self) -> bool:
        """Return whether they are loaded."""
        return self._is_warm

    async def run(self) -> None:
        """Load them."""
        await self._aion.warm()
        self._is_warm = True
