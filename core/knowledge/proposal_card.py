"""The card of a proposal for moderators: title, origin, score, excerpts, changes, and buttons."""

from __future__ import annotations

import difflib
import textwrap

from core.control_characters import without_controls
from core.markdown import Markdown, escape
from core.texts import say, say_markdown
from core.types import Button, Language, Proposal, Reply

MAX_CHANGES = 6
"""The most changed lines on a card."""

MAX_LINE_CHARS = 160
MAX_SITE_BYTES = 40
"""A longer host does not fit in a button's data, so there is no button for it."""


def changed_lines(held: str, proposed: str) -> tuple[str, ...]:
    """Return the first ``MAX_CHANGES`` lines of the diff, ``- old`` and ``+ new``, and ``…`` when there are more."""
    lines = [
        f"{line[0]} {_line(line[2:])}"
        for line in difflib.ndiff(held.splitlines(), proposed.splitlines())
        if line[0] in "+-" and line[2:].strip()
    ]
    return (*lines[:MAX_CHANGES], *("…" for _ in lines[MAX_CHANGES : MAX_CHANGES + 1]))


def card(proposal: Proposal, changes: tuple[str, ...], language: Language) -> Reply:
    """Return a proposal as a message with buttons to approve and reject it; ``changes`` are of ``changed_lines``."""
    lines = [
        say_markdown(
            language, "review.card", number=proposal.id, title=_line(proposal.title), name=_line(proposal.name)
        ),
        say_markdown(language, "review.origin", origin=_line(proposal.origin)) if proposal.origin else "",
        say_markdown(language, "review.score", score=proposal.score) if proposal.score is not None else "",
        *(Markdown(f"> {escape(_line(excerpt))}") for excerpt in proposal.excerpts),
    ]
    if changes:
        fenced = "\n".join(without_controls(change).replace("`", "'") for change in changes)
        replaces = say_markdown(language, "review.replaces", document=proposal.replaces)
        lines += [replaces, Markdown(f"```\n{fenced}\n```")]
    return Reply(Markdown("\n").join(filter(None, lines)), language, buttons=_buttons(proposal, language))


def _buttons(proposal: Proposal, language: Language) -> tuple[Button, ...]:
    number = str(proposal.id)
    decide = (
        Button(say(language, "review.approve"), "approve", number),
        Button(say(language, "review.reject"), "reject", number),
    )
    if not proposal.site or len(proposal.site.encode()) > MAX_SITE_BYTES:
        return decide
    label = textwrap.shorten(say(language, "review.approve_site", site=proposal.site), 40, placeholder="…")
    return (*decide, Button(label, "approve", proposal.site))


def _line(text: str) -> str:
    """Return untrusted text as one line of at most ``MAX_LINE_CHARS``."""
    return textwrap.shorten(" ".join(text.split()), MAX_LINE_CHARS, placeholder="…")
