"""``/learn``: learning a web page by its address, or the best pages found about a theme."""

from __future__ import annotations

import re
import textwrap
from collections import Counter
from typing import Protocol

from core.commands import Command, Context, Parameter, Registry
from core.markdown import Markdown
from core.services import Finding
from plugins.knowledge.index import AUDIENCE, audience_lines, indexed_line, note_indexed

_ADDRESS = re.compile(r"\S+://\S+|[^\s/]+\.[^\s/]{2,}(/\S*)?")
_MAX_TITLE_CHARS = 80


def is_address(what: str) -> bool:
    """Tell whether what was typed is a page's address rather than a theme."""
    return _ADDRESS.fullmatch(what.strip("<>")) is not None


async def learn(context: Context) -> None:
    """Learn one web page, or look for the best pages about a theme."""
    what = context.message.arguments["what"].strip()
    if is_address(what) and await context.services.learning.policy() != "all":
        await context.progress(context.say("indexed.fetching", name=what))
        indexed = await context.services.learning.index_page(what)
        await note_indexed(context, indexed)
        return await _reply(context, indexed_line(context, indexed))

    async def tell(findings: tuple[Finding, ...]) -> None:
        await context.progress(report(context, findings))

    if is_address(what):
        await context.note("research", what)
        return await _reply(context, report(context, await context.services.learning.learn_page(what, tell)))
    await context.progress(context.say("curation.searching", theme=what))
    await context.note("research", what)
    findings = await context.services.learning.learn_theme(what, tell)
    await _reply(context, summary(context, what, findings), report(context, findings))


async def _reply(context: Context, *lines: Markdown) -> None:
    await context.reply(Markdown("\n").join([*lines, *audience_lines(context)]))


def summary(context: Speaker, theme: str, findings: tuple[Finding, ...]) -> Markdown:
    """Return the sentence that counts the pages read about a theme by outcome."""
    counts = Counter(finding.outcome for finding in findings)
    return context.say(
        "curation.summary",
        theme=theme,
        n_pages=len(findings),
        n_proposed=counts["proposed"],
        n_learned=counts["learned"],
        n_rejected=counts["rejected"],
    )


class Speaker(Protocol):
    """Anything that renders sentences of the catalogue: a command's context, or the terminal."""

    def say(self, key: str, **values: object) -> Markdown:
        """Return a sentence in the reader's language."""
        ...


def report(context: Speaker, findings: tuple[Finding, ...]) -> Markdown:
    """Return one line for each page: its outcome, with the reason where there is one."""
    return Markdown("\n").join(_line(context, finding) for finding in findings)


def _line(context: Speaker, finding: Finding) -> Markdown:
    title = textwrap.shorten(finding.title or finding.url, _MAX_TITLE_CHARS, placeholder="…")
    line = context.say(f"finding.{finding.outcome}", **{**finding.values, "title": title, "url": finding.url})
    if not finding.reason:
        return line
    values = {"url": finding.url, **finding.values}
    return Markdown(" ").join([line, context.say(finding.reason, **values)])


def register(registry: Registry) -> None:
    """Add ``/learn``."""
    registry.add(
        Command(
            name="learn",
            description={
                "en": "Teach me a web page, or let me look for pages about a theme",
                "pt": "Ensine-me uma página, ou deixe-me procurar páginas sobre um tema",
            },
            handler=learn,
            parameters=(
                Parameter("what", {"en": "A page's address, or a theme", "pt": "O endereço de uma página, ou um tema"}),
                AUDIENCE,
            ),
            permission="teacher",
        )
    )
