"""Who may call which command: checked here for every platform, whatever a client hides."""

from __future__ import annotations

from core.commands import Command
from core.errors import Refused
from core.types import Person


def require(person: Person, command: Command) -> None:
    """Raise ``Refused`` when ``person`` may not call ``command``."""
    if command.permission == "moderator" and not person.is_moderator:
        raise Refused("command.moderators_only", command=command.name)
