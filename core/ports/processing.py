"""The port between what receives messages and what answers them, which may be processes of their own."""

from __future__ import annotations

from typing import Protocol

from core.ports.delivery import Outlet
from core.types import Message


class MessageProcessor(Protocol):
    """Answers questions and carries out commands that were admitted, placed and permitted.

    ``Message.locale`` is the language to reply in, ``Message.others`` what else may be read there.
    """

    async def process(self, message: Message, outlet: Outlet) -> None:
        """Answer a message through ``outlet``. Errors become sentences there; raises cancellation alone."""
        ...

    async def process_unaddressed(self, message: Message, outlet: Outlet) -> None:
        """Answer a question that was not addressed to AION if the gate is confident, else send nothing.

        Raises ``BadInput`` when it asks nothing.
        """
        ...
