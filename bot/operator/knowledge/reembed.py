"""``aion reembed``: computes the vectors that passages lack of the embedder in the settings."""

from __future__ import annotations

from bot.control.commands import handed_over
from bot.terminal.open_aion import open_aion
from bot.terminal.output import TerminalConsole, print_sentence, status_printer
from bot.terminal.progress import progress_bar


@handed_over
async def reembed_passages() -> None:
    """Embed every stored passage with the current embedder, showing progress."""
    console = TerminalConsole(stderr=True)
    async with open_aion(status_printer(console)) as aion:
        with progress_bar(console) as bar:
            task = bar.add_task("", total=None)
            n_passages = await aion.reembedding.run(
                lambda n_done, n_total: bar.update(task, completed=n_done, total=n_total)
            )
    print_sentence("indexed.reembedded", n_passages=n_passages)
