"""``aion tokens``: programs that may ask, with their counts. Works while AION runs."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from bot.terminal.open_data_folder import open_data_folder
from bot.terminal.output import print_line, print_sentence
from core.programs.registry import Programs, ProgramUse
from core.types import SpaceId

MAX_NAME_CHARS = 100


@asynccontextmanager
async def _open_programs() -> AsyncIterator[Programs]:
    async with open_data_folder() as folder:
        yield Programs(folder.database)


async def print_programs() -> None:
    """Print every program with its space and the number of its requests by outcome."""
    async with _open_programs() as programs:
        uses = await programs.all()
    for use in uses:
        _print(use)
    if not uses:
        print_sentence("program.none")


async def add_program(name: str, space: str) -> None:
    """Add a program of ``space`` and print its token."""
    async with _open_programs() as programs:
        program, token = await programs.add(SpaceId(space), " ".join(name.split())[:MAX_NAME_CHARS])
    print_sentence("program.added", number=program.id, name=program.name, space=program.space)
    print_line(token)


async def revoke_program(number: int) -> None:
    """Revoke the token of the program ``number``. Raises ``BadInput`` when there is none."""
    async with _open_programs() as programs:
        program = await programs.revoke(number)
    print_sentence("program.revoked", number=program.id, name=program.name)


def _print(use: ProgramUse) -> None:
    program, n = use.program, sum(use.counts.values())
    counts = ", ".join(f"{outcome} {count}" for outcome, count in sorted(use.counts.items()))
    values = {"number": program.id, "name": program.name, "space": program.space, "n": n}
    if program.is_revoked:
        print_sentence("program.line_revoked", **values)
    else:
        print_sentence("program.line", counts=counts or "–", last=use.last_day or "–", **values)
