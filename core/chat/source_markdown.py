"""Sources as Markdown: document, headings and quote, with untrusted text escaped."""

from __future__ import annotations

import re
from collections.abc import Sequence

from core.retrieval.markup import plain
from core.texts import say
from core.types import Language, Source

_SPECIAL = re.compile(r"([\\`*_~|\[\]<])")
_ADDRESS = re.compile(r"https?://[^\s<>]+")


def escape(text: str) -> str:
    """Return ``text`` so that Markdown shows it as it is."""
    return _SPECIAL.sub(r"\\\1", text)


def source_path(source: Source) -> tuple[str, ...]:
    """Return the path of a source: the document, then the headings below it, outermost first and without markup.

    A document is mostly called by its first heading, which need not be said twice.
    """
    path = [plain(heading) for heading in source.heading.split(" > ")] if source.heading else []
    return (source.document, *(path[1:] if path[:1] == [source.document] else path))


def source_list(sources: Sequence[Source], text: str) -> str:
    """Return a line ``📖 document › heading`` for each source, after the number that ``text`` cites it by, if any."""
    return "\n".join(f"📖 {cited_number(each, text)}{_where(each)}" for each in sources)


def cited_number(source: Source, text: str) -> str:
    """Return ``[n] `` for a source that ``text`` cites by its number; empty for any other."""
    return f"[{source.n}] " if f"[{source.n}]" in text else ""


def quoted_source_list(sources: Sequence[Source], language: Language) -> str:
    """Return the list of sources, each with the words it is quoted for; a sentence when there are none."""
    if not sources:
        return say(language, "sources.none")
    entries = [f"[{each.n}] {_where(each)}\n> {escape(plain(each.quote))}" for each in sources]
    return "\n".join([f"**{say(language, 'sources.title')}**", *entries])


def _where(source: Source) -> str:
    # An address in angle brackets is a link without the preview that a bare one unfolds into.
    document, *headings = source_path(source)
    shown = f"<{document}>" if _ADDRESS.fullmatch(document) else escape(document)
    return " › ".join([shown, *map(escape, headings)])
