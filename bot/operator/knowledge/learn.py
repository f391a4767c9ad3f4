"""``aion learn``: indexes one web page, or searches the web for pages about a theme and proposes them for review."""

from __future__ import annotations

from rich.live import Live
from rich.text import Text

from bot.control.commands import handed_over
from bot.operator.knowledge.index import outcome
from bot.terminal.changes import note_change
from bot.terminal.language import terminal_language
from bot.terminal.open_aion import open_aion
from bot.terminal.output import TerminalConsole, print_line, print_markdown, print_sentence, status_printer
from bot.terminal.speaker import TerminalSpeaker
from core.curation.watch import OPERATOR
from core.markdown import plain_text
from core.services import Finding
from core.texts import say
from core.types import Person, Scope, SpaceId
from plugins.knowledge.learn import is_address, report, summary


@handed_over
async def learn_page_or_theme(what: str, space: str) -> None:
    """Index the page at the address ``what``, or search the web for the theme ``what``; print each page's outcome."""
    console = TerminalConsole(soft_wrap=True)
    terminal = TerminalSpeaker()
    async with open_aion(status_printer(console)) as aion:
        learning = aion.services.learning.of(Scope(SpaceId(space)), Person(OPERATOR, OPERATOR), terminal_language())
        if is_address(what):
            with console.status(say(terminal_language(), "indexed.fetching", name=what)):
                indexed = await learning.index_page(what)
            await note_change(aion.stores.database, space, "teach", indexed.name)
            return print_line(outcome(indexed))
        searching = Text(say(terminal_language(), "curation.searching", theme=what))
        with Live(searching, console=console, transient=True) as live:

            async def tell(findings: tuple[Finding, ...]) -> None:
                live.update(Text(plain_text(report(terminal, findings))))

            await note_change(aion.stores.database, space, "research", what)
            findings = await learning.learn_theme(what, tell)
    print_markdown(summary(terminal, what, findings))
    print_markdown(report(terminal, findings))
    if any(finding.outcome == "proposed" for finding in findings):
        print_sentence("review.in_terminal", space=space)
