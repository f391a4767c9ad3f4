"""``aion serve`` without a model: everything real but the engine, which writes ``TEXT`` with a pause between words."""

from __future__ import annotations

import os

from bot import cli
from bot.operator import serve
from tests.fakes import TickingGenerator


class Quick(TickingGenerator):
    """An engine that can be closed."""

    async def close(self) -> None:
        """Hold nothing."""

    async def use_lora(self, version: object) -> None:
        """Have no weights to exchange."""

    async def try_lora(self, version: object, share: float = 0.0) -> None:
        """Have no weights to exchange."""


def quick(settings: object, tell: object) -> Quick:
    """Return an engine without a model."""
    return Quick(os.environ.get("TEXT", "tick tock"), float(os.environ.get("PAUSE_S", "0")))


if __name__ == "__main__":
    serve.open_local = quick  # type: ignore[assignment]
    cli.main()
