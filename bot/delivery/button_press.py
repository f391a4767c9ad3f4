"""What becomes of a press of a button: its command's reply, which may leave nothing more to press."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from core.commands import CommandLine, Registry
from core.ports import Outlet
from core.types import Message, Reply


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


def completed(calls: Iterable[CommandLine], words: str, registry: Registry) -> CommandLine | None:
    """Return the command that a reply in ``words`` completes, to a message whose buttons make these calls."""
    for call in calls:
        command = registry.get(call.name)
        if command is not None and command.takes_replies:
            return CommandLine(call.name, f"{call.rest} {words}")
    return None


def as_command(message: Message, line: CommandLine, registry: Registry) -> Message:
    """Return a message as the call of a command."""
    command = registry.get(line.name)
    return replace(message, command=line.name, arguments=line.arguments(command) if command else {})
