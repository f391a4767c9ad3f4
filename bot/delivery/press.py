"""What becomes of a press of a button: its command's reply, which may leave nothing more to press."""

from __future__ import annotations

from core.ports import Outlet
from core.types import Reply


class PressOutlet:
    """An outlet to somebody who pressed a button (``core.ports.Outlet``)."""

    def __init__(self, outlet: Outlet) -> None:
        self._outlet = outlet
        self._is_settled = False

    @property
    def is_settled(self) -> bool:
        """Tell whether the buttons, one of which was pressed, are of no more use."""
        return self._is_settled

    async def progress(self, text: str) -> None:
        """Show a passing status line."""
        await self._outlet.progress(text)

    async def partial(self, text: str) -> None:
        """Show the answer as written so far."""
        await self._outlet.partial(text)

    async def send(self, reply: Reply) -> None:
        """Deliver the reply to the press."""
        self._is_settled = reply.settles
        await self._outlet.send(reply)
