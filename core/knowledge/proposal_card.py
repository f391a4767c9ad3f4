"""The card of a proposal for moderators: title, origin, score, excerpts, changes, and buttons."""

from __future__ import annotations

import textwrap
from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import islice
from operator import itemgetter

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
    """Return the first ``MAX_CHANGES`` lines that only one text has, ``- old`` and ``+ new``, and ``…`` for more.

    Linear: lines are counted, so one that has only moved is no change. Blocks.
    """
    old, new = held.splitlines(), proposed.splitlines()
    only = [(n, "-", line) for n, line in _without(old, new)] + [(n, "+", line) for n, line in _without(new, old)]
    lines = [f"{sign} {_line(line)}" for _, sign, line in sorted(only, key=itemgetter(0))]
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


def _without(lines: Sequence[str], others: Sequence[str]) -> Iterator[tuple[int, str]]:
    """Yield the lines that ``others`` has less often, each with its number, at most as many as are needed."""
    left = Counter(others)

    def is_missing(line: str) -> bool:
        left[line] -= 1
        return left[line] < 0 and bool(line.strip())

    return islice(((n, line) for n, line in enumerate(lines) if is_missing(line)), MAX_CHANGES + 1)


def _line(text: str) -> str:
    """Return untrusted text as one line of at most ``MAX_LINE_CHARS``."""
    return textwrap.shorten(" ".join(text.split()), MAX_LINE_CHARS, placeholder="…")
