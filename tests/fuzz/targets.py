"""What is fuzzed, each with what must hold whatever it is given: it neither raises nor loses anything."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping

from bot.adapters.discord.markdown import discord_markdown
from bot.adapters.telegram.entities import formatted
from bot.delivery.split import cut, split, utf16_units
from core.control_characters import without_controls
from core.errors import BadInput
from core.generation.prompting.reasoning_tags import ReasoningFilter
from core.generation.providers.dialects import delta_of
from core.generation.providers.errors import ProviderFailed
from core.generation.providers.event_stream import DONE, EventStream
from core.knowledge.extract import SUFFIXES
from core.knowledge.parsing.feeds import feed_entries
from core.knowledge.parsing.parse import parse
from core.markdown import escape, sanitise
from core.retrieval.blocks import MarkedText
from core.types import Page

Target = Callable[[bytes], None]

FILE_SUFFIXES = sorted(SUFFIXES)
_LIMIT = 60


def readers(data: bytes) -> None:
    """Parse bytes as a file of some kind, the first byte says of which."""
    suffix = FILE_SUFFIXES[data[0] % len(FILE_SUFFIXES)] if data else ".txt"
    try:
        read = parse(data[1:], f"a{suffix}", "", "en")
    except BadInput:
        return
    assert without_controls(read.text) == read.text
    said = [read.text[chunk.start : chunk.end] for chunk in read.cut.chunks]
    assert said == [chunk.text for chunk in read.cut.chunks]
    assert set(read.text.split()) <= {word for text in said for word in text.split()} | _cut_words(read.text, said)


def _cut_words(text: str, said: list[str]) -> set[str]:
    """Return the words that are longer than a chunk, and so are in none as a whole."""
    longest = max(map(len, said), default=0)
    return {word for word in text.split() if len(word) >= longest // 2 or not any(map(str.isalnum, word))}


def feeds(data: bytes) -> None:
    """Read bytes as a feed."""
    feed_entries(Page("https://a.example/", "https://a.example/", "application/feed+json", data))


def splitters(data: bytes) -> None:
    """Split a text into messages: each fits, and only white space falls between two."""
    text, edge = data.decode("utf-8", "replace"), 0
    for part in cut(text, _LIMIT):
        assert not text[edge : part.start].strip()
        edge = part.end
    assert not text[edge:].strip()
    assert all(utf16_units(part) <= _LIMIT and part.strip() for part in split(text, _LIMIT, utf16_units))


def surfaces(data: bytes) -> None:
    """Show a text on Discord and Telegram, escaped and made harmless: entities stay within it."""
    text = data.decode("utf-8", "replace")
    for markdown in (escape(text), sanitise(text)):
        discord_markdown(markdown)
        shown, entities = formatted(markdown)
        assert all(0 <= each.offset <= each.offset + each.length <= utf16_units(shown) for each in entities)


def quotations(data: bytes) -> None:
    """Read the parts of a text that may be quoted: they lie within it, one after the other."""
    marked = MarkedText(data.decode("utf-8", "replace"))
    assert len(marked.masked) == len(marked.text)
    assert all(0 <= part.start < part.end <= len(marked.text) for part in marked.parts)


def provider_streams(data: bytes) -> None:
    """Read a provider's reply, cut anywhere by the network: the same is understood as when it comes whole."""
    step = data[0] % 7 + 1 if data else 1
    body = data[1:]
    pieces = [body[n : n + step] for n in range(0, len(body), step)]
    assert _texts(pieces) == _texts([body])
    shown = ReasoningFilter()
    for text in _texts([body]) or ():
        for choice in _choices(text):
            shown.feed(delta_of(choice).text or "")
    shown.end()


def _texts(pieces: list[bytes]) -> list[str] | None:
    stream, found = EventStream("text/event-stream", 100_000), list[str]()
    try:
        for piece in pieces:
            found += stream.feed(piece)
        found += stream.end()
    except ProviderFailed:
        return None
    return found


def _choices(text: str) -> list[dict[str, object]]:
    try:
        body = json.loads(text) if text != DONE else None
    except (ValueError, RecursionError):
        return []
    choices = body.get("choices") if isinstance(body, dict) else None
    return [each for each in choices if isinstance(each, dict)] if isinstance(choices, list) else []


TARGETS: Mapping[str, Target] = {
    each.__name__: each for each in (readers, feeds, splitters, surfaces, quotations, provider_streams)
}
"""The targets by name."""
