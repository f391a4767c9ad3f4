"""``/index`` and ``/learn``: how moderators teach, from files, from web pages and by naming a theme; ``/review``."""

from __future__ import annotations

import re
import textwrap
from collections import Counter
from typing import Protocol

from core.commands import Command, Context, Parameter, Registry
from core.errors import BadInput, UserError
from core.services import Finding, ReviewPolicy
from core.types import Indexed

_ADDRESS = re.compile(r"\S+://\S+|[^\s/]+\.[^\s/]{2,}(/\S*)?")
_POLICIES: dict[str, ReviewPolicy] = {"all": "all", "found": "found", "none": "none"}
_MAX_TITLE_CHARS = 80


def outcome(context: Context, indexed: Indexed) -> str:
    """Say what became of one document."""
    return context.say(
        f"indexed.{indexed.outcome}",
        name=indexed.name,
        n_passages=indexed.n_passages,
        duplicate_of=indexed.duplicate_of or "",
    )


def is_address(what: str) -> bool:
    """Tell whether what was typed is a page's address rather than a theme."""
    return _ADDRESS.fullmatch(what.strip("<>")) is not None


async def index(context: Context) -> None:
    """Store the text of every attached file; one that cannot be read does not stop the others."""
    lines = []
    for attachment in context.message.attachments:
        await context.progress(context.say("indexed.reading", name=attachment.name))
        try:
            lines.append(outcome(context, await context.knowledge.index_attachment(attachment)))
        except UserError as error:
            lines.append(context.explain(error))
    await context.reply("\n".join(lines))


async def learn(context: Context) -> None:
    """Learn one web page, or look for the best pages about a theme."""
    what = context.message.arguments["what"].strip()
    if is_address(what) and await context.curation.policy() != "all":
        await context.progress(context.say("indexed.fetching", name=what))
        return await context.reply(outcome(context, await context.curation.index_page(what)))

    async def tell(findings: tuple[Finding, ...]) -> None:
        await context.progress(report(context, findings))

    if is_address(what):
        return await context.reply(report(context, await context.curation.learn_page(what, tell)))
    await context.progress(context.say("curation.searching", theme=what))
    findings = await context.curation.learn_theme(what, tell)
    await context.reply(f"{summary(context, what, findings)}\n{report(context, findings)}")


def summary(context: Speaks, theme: str, findings: tuple[Finding, ...]) -> str:
    """Say how many pages about a theme were read, and what became of them."""
    counts = Counter(finding.outcome for finding in findings)
    return context.say(
        "curation.summary",
        theme=theme,
        n_pages=len(findings),
        n_proposed=counts["proposed"],
        n_learned=counts["learned"],
        n_rejected=counts["rejected"],
    )


class Speaks(Protocol):
    """Whoever can say a sentence of the catalogue: a command's context, or the terminal."""

    def say(self, key: str, **values: object) -> str:
        """Return a sentence in the reader's language."""
        ...


def report(context: Speaks, findings: tuple[Finding, ...]) -> str:
    """Say what became of each page, and why."""
    return "\n".join(_line(context, finding) for finding in findings)


def _line(context: Speaks, finding: Finding) -> str:
    """Say what became of one page, and why."""
    title = textwrap.shorten(finding.title or finding.url, _MAX_TITLE_CHARS, placeholder="…")
    line = context.say(f"finding.{finding.outcome}", **{**finding.values, "title": title, "url": finding.url})
    if not finding.reason:
        return line
    values = {"url": finding.url, **finding.values}
    return f"{line} {context.say(finding.reason, **values)}"


async def review(context: Context) -> None:
    """Set or, without an argument, show what waits for approval."""
    typed = context.message.arguments.get("policy", "").strip().lower()
    if typed:
        policy = _POLICIES.get(typed)
        if policy is None:
            raise BadInput("policy.unknown", policy=typed)
        await context.curation.set_policy(policy)
    await context.reply(context.say(f"policy.{await context.curation.policy()}"))


def register(registry: Registry) -> None:
    """Add ``/index``, ``/learn`` and ``/review``."""
    registry.add(
        Command(
            name="index",
            description={
                "en": "Teach me a file (.md .txt .html .pdf, chat logs, code)",
                "pt": "Ensine-me um arquivo (.md .txt .html .pdf, conversas, código)",
            },
            handler=index,
            parameters=(
                Parameter("file", {"en": "The file to learn", "pt": "O arquivo a aprender"}, kind="attachment"),
            ),
            permission="moderator",
        )
    )
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
            ),
            permission="moderator",
        )
    )
    registry.add(
        Command(
            name="review",
            description={"en": "What must be approved before I learn it", "pt": "O que precisa de aprovação"},
            handler=review,
            parameters=(
                Parameter(
                    "policy",
                    {
                        "en": "all: everything; found: what I find by searching; none: nothing you ask for",
                        "pt": "all: tudo; found: o que eu encontro ao procurar; none: nada que me peçam",
                    },
                    choices=("all", "found", "none"),
                    required=False,
                ),
            ),
            permission="moderator",
        )
    )
