"""Who answers the questions of the first run: a person at the terminal, or the environment."""

from __future__ import annotations

import os
import sys
from typing import Protocol

from core.errors import BadInput
from core.offload import offload


class Respondent(Protocol):
    """Whoever is asked. ``repeats``: a wrong answer may be followed by another."""

    @property
    def repeats(self) -> bool:
        """Return whether it is worth asking again."""
        ...

    async def ask(self, setting: str, question: str, *, secret: bool = False) -> str:
        """Return the answer, empty where there is none. Raises ``BadInput`` when there will be no more answers."""
        ...


class TerminalRespondent:
    """Whoever sits at the terminal, or writes into the standard input."""

    repeats = True

    async def ask(self, setting: str, question: str, *, secret: bool = False) -> str:
        """Ask; what is typed in answer to a ``secret`` question is not shown."""
        try:
            if sys.stdin.isatty():
                from prompt_toolkit import PromptSession

                typed: str = await PromptSession[str]().prompt_async(f"{question} ", is_password=secret)
                return typed.strip()
            line: str = await offload(sys.stdin.readline)
        except EOFError:
            line = ""
        if not line:
            raise BadInput("init.broken_off")
        return line.strip()


class EnvironmentRespondent:
    """What is set already, for ``--yes``."""

    repeats = False

    async def ask(self, setting: str, question: str, *, secret: bool = False) -> str:
        """Return the variable's value."""
        return os.environ.get(setting, "").strip()
