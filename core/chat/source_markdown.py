"""Sources as Markdown: document, headings and quote, with untrusted text escaped."""

from __future__ import annotations

import re
from collections.abc import Sequence

from core.texts import say
from core.types import Language, Source

_SPECIAL = re.compile(r"([\\`*_~|\[\]<])")
_ADDRESS = re.compile(r"https?://[^\s<>]+")


def escape(text: str) -> str:
    """Return ``text`` so that Markdown shows it as it is."""
    return _SPECIAL.sub(r"\\\1", text)


def source_path(source: Source) -> tuple[str, ...]:
    """Return the path of a source: the document, then the headings below it, outermost first.

    A document is mostly called by its first heading, which need not be said twice.
    """
    path = source.heading.split(" > ") if source.heading else []
    return (source.document, *(path[1:] if path[:1] == [source.document] else path))


def source_list(sources: Sequence[Source], language: Language) -> str:
    """Return the numbered list of sources, one ``document › heading`` a line, or nothing when there are none."""
    if not sources:
        return ""
    return "\n".join([f"**{say(language, 'sources.title')}**", *(f"[{each.n}] {_where(each)}" for each in sources)])


def quoted_source_list(sources: Sequence[Source], language: Language) -> str:
    """Return the list of sources, each with the words it is quoted for; a sentence when there are none."""
    if not sources:
        return say(language, "sources.none")
    entries = [f"[{each.n}] {_where(each)}\n> {escape(' '.join(each.quote.split()))}" for each in sources]
    return "\n".join([f"**{say(language, 'sources.title')}**", *entries])


def _where(source: Source) -> str:
    # An address in angle brackets is a link without the preview that a bare one unfolds into.
    document, *headings = source_path(source)
    shown = f"<{document}>" if _ADDRESS.fullmatch(document) else escape(document)
    return " › ".join([shown, *map(escape, headings)])
