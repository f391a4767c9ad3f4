"""A conflict as moderators see it: both statements with their dates, and what can be decided."""

from __future__ import annotations

import textwrap
from datetime import datetime

from core.markdown import Markdown, escape
from core.services.conflicts import VERDICTS
from core.texts import say, say_markdown
from core.types import Button, Conflict, DatedStatement, Language, Reply

MAX_QUOTE_CHARS = 400
MAX_TITLE_CHARS = 100


def card(conflict: Conflict, language: Language) -> Reply:
    """Return a conflict with a button for each decision, or with one that undoes the decision."""
    head = "conflict.card" if conflict.status == "open" else f"conflict.is_{conflict.status}"
    lines = [
        say_markdown(language, head, number=conflict.id),
        _statement(1, conflict.first),
        _statement(2, conflict.second),
    ]
    if conflict.is_automatic:
        lines.insert(1, say_markdown(language, "conflict.automatic"))
    return Reply(Markdown("\n").join(lines), language, buttons=buttons(conflict, language))


def buttons(conflict: Conflict, language: Language) -> tuple[Button, ...]:
    """Return the decisions on an open conflict; on a decided one, the button that undoes it."""
    if conflict.status != "open":
        return (Button(say(language, "conflict.undo"), "settle_conflict", f"{conflict.id} open"),)
    return tuple(
        Button(say(language, f"conflict.{verdict}"), "settle_conflict", f"{conflict.id} {verdict}")
        for verdict in VERDICTS
    )


def shown_date(at: datetime) -> str:
    """Return a date as both languages write it alike: ``2026-03-01``."""
    return f"{at:%Y-%m-%d}"


def short(text: str, n_chars: int) -> str:
    """Return untrusted text as one line of at most ``n_chars``."""
    return textwrap.shorten(" ".join(text.split()), n_chars, placeholder="…")


def _statement(n: int, statement: DatedStatement) -> Markdown:
    title, date = escape(short(statement.title, MAX_TITLE_CHARS)), shown_date(statement.said_at)
    return Markdown(f"**{n}** · {date} · {title}\n> {escape(short(statement.quote, MAX_QUOTE_CHARS))}")
