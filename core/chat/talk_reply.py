"""Replies to small talk and to requests about what AION knows, from the catalogue and the documents' own outlines.

No model writes them. A request about a document that a space does not have is left to the search.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath

from core.chat.outline import DocumentSection, document_sections
from core.chat.outline_request import OutlineRequest, outline_request
from core.chat.pleasantries import ReadMessage, read_message
from core.chat.small_talk import TalkKind, shipped_model
from core.offload import offload
from core.retrieval.analyzer import query_terms
from core.storage.documents import Documents
from core.texts import say
from core.types import Document, Language, Scope, SpaceId

MAX_THEMES = 10
MAX_HEADINGS = 4
"""Headings named of each theme."""

MAX_SECTIONS = 8
MAX_STEPS = 20
N_CHANGES = 5
N_EXAMPLES = 2

_MAX_LINE_CHARS = 160
_JOINS = re.compile(r"_|(?<=\w)-(?!\d{1,2}(?!\d))(?=\w)")


@dataclass(frozen=True, slots=True)
class ReadTalk:
    """A message as read: ``asked`` is to be looked up unless there is a ``reply`` to it."""

    asked: str
    reply: str | None = None


async def _unnamed(space: SpaceId) -> str:
    """Return the name where nobody gave another."""
    return "AION"


@dataclass(frozen=True, slots=True)
class TalkReplies:
    """Replies to what needs no search, in any space. ``name`` returns what AION is called in a space."""

    documents: Documents
    name: Callable[[SpaceId], Awaitable[str]] = _unnamed

    async def read(self, scope: Scope, text: str, language: Language) -> ReadTalk:
        """Return the reply to a message that asks nothing to be looked up; of any other, what it asks."""
        said = await offload(read_talk, text)
        request = outline_request(said.asked)
        kind = "knowledge" if request is not None and not request.words else said.kind
        if kind is not None:
            return ReadTalk(said.asked, await self._reply(kind, scope, language))
        if request is not None:
            return ReadTalk(said.asked, await self._outline(request, scope, language))
        return ReadTalk(said.asked)

    async def _reply(self, kind: TalkKind, scope: Scope, language: Language) -> str:
        match kind:
            case "ability":
                titled = sorted(_largest(await self._documents(scope)), key=_is_file_name)
                titles = [shown_title(each) for each in titled[:N_EXAMPLES]]
                examples = [say(language, f"talk.example_{n}", title=title) for n, title in enumerate(titles, start=1)]
                return "\n".join([say(language, "talk.ability"), *examples, say(language, "talk.commands")])
            case "knowledge":
                return await self._themes(scope, language)
            case "changes":
                latest = sorted(await self._documents(scope), key=lambda each: each.updated_at, reverse=True)
                lines = [f"• {shown_title(each)} ({each.updated_at:%Y-%m-%d})" for each in latest[:N_CHANGES]]
                return "\n".join([say(language, "talk.changes"), *lines]) if lines else say(language, "docs.none")
            case "identity":
                return say(language, "talk.identity", name=await self.name(scope.space))
            case _:
                return say(language, f"talk.{kind}")

    async def _themes(self, scope: Scope, language: Language) -> str:
        known = await self._documents(scope)
        if not known:
            return say(language, "docs.none")
        if len(known) > MAX_THEMES and len(folders := Counter(map(_folder, known))) > 1:
            lines = [
                say(language, "talk.theme", name=name, titles=_some_titles(known, name))
                for name, _ in folders.most_common(MAX_THEMES)
            ]
        else:
            lines = [await self._document_line(each) for each in _largest(known)[:MAX_THEMES]]
        return "\n".join([say(language, "talk.knowledge", n_documents=len(known)), *lines])

    async def _document_line(self, document: Document) -> str:
        headings = [each.heading for each in await self._sections(document) if _is_part(each, document)]
        named = ", ".join(headings[:MAX_HEADINGS]) + ("…" if len(headings) > MAX_HEADINGS else "")
        return f"• {shown_title(document)}" + (f": {named}" if named else "")

    async def _outline(self, request: OutlineRequest, scope: Scope, language: Language) -> str | None:
        """Return what a document says on the whole; ``None`` where no title has all words of the request.

        The same where steps are asked for and the document has several lists that no headings tell apart.
        """
        named = [each for each in await self._documents(scope) if request.is_called(_words(each.title))]
        if not named:
            return None
        document = min(named, key=lambda each: len(_words(each.title)))
        sections = await self._sections(document)
        lists = [(each.heading, items) for each in sections for items in each.lists]
        if request.kind == "steps" and lists:
            lines = _step_lines(lists)
        else:
            lines = [line for each in sections if (line := _section_line(each, document))][:MAX_SECTIONS]
        return "\n".join([f"**{shown_title(document)}**", *lines]) if lines else None

    async def _documents(self, scope: Scope) -> list[Document]:
        """Return the documents of ``scope``."""
        return [each for readable in scope.readable for each in await self.documents.list(readable)]

    async def _sections(self, document: Document) -> Sequence[DocumentSection]:
        text = await self.documents.text(document.space, document.id)
        return await offload(document_sections, text or "")


def read_talk(text: str) -> ReadMessage:
    """Return a message as the shipped model reads it. Blocks."""
    return read_message(text, shipped_model())


def shown_title(document: Document) -> str:
    """Return a document's title; the name of a file as words, without its ending."""
    title = PurePosixPath(document.title)
    name = title.stem if title.suffix in (".md", ".txt", ".pdf", ".html") else document.title
    is_file_name = name != document.title or (" " not in name and len(_JOINS.findall(name)) > 1)
    return _JOINS.sub(" ", name) if is_file_name else name


def _largest(documents: Sequence[Document]) -> list[Document]:
    return sorted(documents, key=lambda each: -each.n_passages)


def _is_file_name(document: Document) -> bool:
    """Tell whether a document is called as a file is, and not by a title."""
    return " " not in document.title


def _folder(document: Document) -> str:
    parent = PurePosixPath(document.names[0]).parent.name if document.names else ""
    return parent or document.title


def _some_titles(documents: Sequence[Document], folder: str) -> str:
    titles = [shown_title(each) for each in _largest(documents) if _folder(each) == folder]
    return ", ".join(titles[:MAX_HEADINGS]) + ("…" if len(titles) > MAX_HEADINGS else "")


def _is_part(section: DocumentSection, document: Document) -> bool:
    return bool(section.heading and section.text) and section.level <= 2 and section.heading != document.title


def _section_line(section: DocumentSection, document: Document) -> str:
    """Return a section as one line: its heading and first sentence, or what it has of them."""
    sentence = _cut(section.key_sentence)
    if not _is_part(section, document):
        return f"• {sentence}" if sentence else ""
    return f"• **{section.heading}**" + (f": {sentence}" if sentence else "")


def _step_lines(lists: Sequence[tuple[str, Sequence[str]]]) -> list[str]:
    """Return a document's only list, or its lists under their headings; nothing where two are under the same."""
    headings = [heading for heading, _ in lists]
    if len(lists) > 1 and ("" in headings or len(set(headings)) < len(headings)):
        return []
    lines = []
    for heading, items in lists:
        lines += [f"**{heading}**"] * (len(lists) > 1)
        lines += [f"{n}. {_cut(item)}" for n, item in enumerate(items, start=1)]
    return lines[:MAX_STEPS]


def _cut(text: str) -> str:
    return text if len(text) <= _MAX_LINE_CHARS else text[:_MAX_LINE_CHARS].rsplit(" ", 1)[0] + " …"


def _words(title: str) -> frozenset[str]:
    return frozenset(term.text for term in query_terms(title.replace("_", " ")))
