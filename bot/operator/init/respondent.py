"""The source of answers to ``aion init``: a person at the terminal, or the environment."""

from __future__ import annotations

import os
import sys
from typing import Protocol

from core.errors import BadInput
from core.offload import offload


class Respondent(Protocol):
    """A source of answers. ``repeats``: a refused answer may be followed by another."""

    @property
    def repeats(self) -> bool:
        """Return whether a question can be asked again."""
        ...

    async def ask(self, setting: str, question: str, *, secret: bool = False) -> str:
        """Return the answer, empty where there is none. Raises ``BadInput`` at the end of the input."""
        ...


class TerminalRespondent:
    """A person at the terminal, or lines of the standard input."""

    repeats = True

    async def ask(self, setting: str, question: str, *, secret: bool = False) -> str:
        """Print the question and read the answer; a ``secret`` one is not echoed."""
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
    """Environment variables, for ``--yes``."""

    repeats = False

    async def ask(self, setting: str, question: str, *, secret: bool = False) -> str:
        """Return the value of the variable ``setting``."""
        return os.environ.get(setting, "").strip()
