"""What a program may do: read and ask in the space of its token, and nothing else."""

from __future__ import annotations

from typing import Protocol

from core.programs.results import AskResult, FoundPassage, OpenQuestion, ProgramIdentity

MAX_FOUND = 20
"""The most passages and gaps returned at a time."""


class ProgramPort(Protocol):
    """The knowledge of one space, for one program."""

    @property
    def identity(self) -> ProgramIdentity:
        """Return the program's name and its space."""
        ...

    async def ask(self, question: str) -> AskResult:
        """Answer a question. Raises ``BadInput`` when it asks nothing, ``Unavailable`` over a rate limit."""
        ...

    async def search(self, query: str, limit: int) -> tuple[FoundPassage, ...]:
        """Return the passages nearest to a query, at most ``MAX_FOUND``. Raises as ``ask`` does."""
        ...

    async def gaps(self, limit: int) -> tuple[OpenQuestion, ...]:
        """Return what people asked without a good answer, most people first, at most ``MAX_FOUND``."""
        ...


class ProgramsPort(Protocol):
    """Admits programs by their tokens."""

    async def admit(self, token: str) -> ProgramPort:
        """Return what the token's program may do. Raises ``PermissionRefused`` on an unknown or revoked token."""
        ...
