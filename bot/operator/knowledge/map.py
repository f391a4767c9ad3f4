"""``aion map``: draws a space's passages in three dimensions, as an HTML page or a PNG picture."""

from __future__ import annotations

from pathlib import Path

from bot.control.commands import handed_over
from bot.terminal.caller import caller
from bot.terminal.language import terminal_language
from bot.terminal.open_aion import open_aion
from bot.terminal.output import TerminalConsole, print_sentence, status_printer
from core.errors import BadInput
from core.knowledge.map_image import as_html, as_png
from core.offload import offload
from core.texts import say
from core.types import Scope, SpaceId


@handed_over
async def draw_map(space: str, html: Path | None, png: Path | None) -> None:
    """Draw the passages of ``space`` to the files named. Raises ``BadInput`` when a file cannot be written."""
    language = terminal_language()
    console = TerminalConsole(soft_wrap=True)
    async with open_aion(status_printer(console)) as aion:
        with console.status(say(language, "map.drawing")):
            chart = await aion.services.documents.of(Scope(SpaceId(space))).knowledge_map()
            heading = say(language, "map.heading")
            if png is not None:
                await _write(png, await offload(as_png, chart, heading))
            if html is not None:
                await _write(html, (await offload(as_html, chart, heading)).encode())


async def _write(path: Path, data: bytes) -> None:
    try:
        print_sentence("file.saved", path=await caller().write(path, data))
    except OSError as error:
        raise BadInput("map.unwritable", path=path, problem=error.strerror or error) from error
