"""Sources as Markdown: document, headings and quote."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from core.markdown import Markdown, escape
from core.retrieval.markup import plain
from core.texts import say_markdown
from core.types import Language, Source

_ADDRESS = re.compile(r"https?://[A-Za-z0-9./?=&%#:@~+-]{4,300}")


def source_path(source: Source) -> tuple[str, ...]:
    """Return the path of a source: the document, then the headings below it, outermost first and without markup.

    A document is mostly called by its first heading, which need not be said twice.
    """
    path = [plain(heading) for heading in source.heading.split(" > ")] if source.heading else []
    return (source.document, *(path[1:] if path[:1] == [source.document] else path))


def source_list(sources: Sequence[Source], text: str) -> Markdown:
    """Return a line ``📖 document › heading`` for each source, after the number that ``text`` cites it by, if any."""
    return Markdown("\n").join(Markdown(f"📖 {cited_number(each, text)}{_where(each)}") for each in sources)


def cited_number(source: Source, text: str) -> str:
    """Return ``[n] `` for a source that ``text`` cites by its number; empty for any other."""
    return f"[{source.n}] " if f"[{source.n}]" in text else ""


def quoted_source_list(
    sources: Sequence[Source], language: Language, texts: Mapping[int, str], links: Mapping[int, str] | None = None
) -> Markdown:
    """Return the list of sources, each with its whole passage; a sentence when there are none.

    ``texts`` are the passages as they are read, ``links`` where their documents are, both by the passage's id. Of one
    that is gone the words are shown that were quoted.
    """
    if not sources:
        return say_markdown(language, "sources.none")
    entries = [
        Markdown(f"[{each.n}] {_where(each)}{_link((links or {}).get(each.passage_id, ''))}\n{_quoted(each, texts)}")
        for each in sources
    ]
    title = say_markdown(language, "sources.title")
    return Markdown("\n").join([Markdown(f"**{title}**"), *entries])


def _link(address: str) -> Markdown:
    """Return an address as it may be shown; nothing for one with characters that could be markup."""
    return Markdown(f" · {address}" if _ADDRESS.fullmatch(address) else "")


def _quoted(source: Source, texts: Mapping[int, str]) -> Markdown:
    return _block(texts.get(source.passage_id) or plain(source.quote))


def _block(text: str) -> Markdown:
    """Return a text as a block quote, line by line."""
    return Markdown("\n").join(Markdown(f"> {escape(line)}") for line in text.split("\n") if line.strip())


def _where(source: Source) -> Markdown:
    return escape(" › ".join(source_path(source)))
