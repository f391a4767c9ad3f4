"""Commands called by replying in words to a message whose buttons take such replies."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from core.commands import CommandLine, Registry
from core.types import Message


def reply_command(calls: Iterable[CommandLine], words: str, registry: Registry) -> CommandLine | None:
    """Return the first of ``calls``, those of the buttons replied to, that takes replies, with ``words`` appended.

    ``None`` where none of these commands takes replies.
    """
    for call in calls:
        command = registry.get(call.name)
        if command is not None and command.takes_replies:
            return CommandLine(call.name, f"{call.rest} {words}")
    return None


def declined_answer(calls: Iterable[CommandLine]) -> int | None:
    """Return the id of the answer whose button to ask a human is among ``calls``: one AION declined or doubted."""
    numbers = (call.rest for call in calls if call.name == "human")
    return next((int(number) for number in numbers if number.isdecimal()), None)


def as_command(message: Message, line: CommandLine, registry: Registry) -> Message:
    """Return ``message`` as the call of ``line``; the arguments of an unknown command stay empty."""
    command = registry.get(line.name)
    return replace(message, command=line.name, arguments=line.arguments(command) if command else {})
