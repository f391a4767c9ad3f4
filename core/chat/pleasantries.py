"""Reading a message that greets, thanks and asks: what of it is small talk, and what of it is asked.

A message is read part by part, cut at punctuation, emoji and line breaks, and at a greeting that opens it without any.
One that is small talk in every part is small talk; of any other the parts before and after the question are left out.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass

from core.chat.small_talk import MAX_CHARS, SmallTalkModel, TalkKind

_PLEASANTRIES: frozenset[TalkKind] = frozenset(
    ("greeting", "wellbeing", "thanks", "goodbye", "praise", "reaction", "acknowledgement", "test")
)
"""What may stand before a question without being a part of it."""

_CLOSINGS: frozenset[TalkKind] = frozenset(("thanks", "goodbye", "reaction"))
"""What may stand after one."""

_BY_WEIGHT: tuple[TalkKind, ...] = (
    "knowledge",
    "changes",
    "ability",
    "identity",
    "insult",
    "test",
    "thanks",
    "praise",
    "goodbye",
    "wellbeing",
    "greeting",
    "acknowledgement",
    "reaction",
)
"""Which of several kinds in one message is replied to: the first of these."""

_MAX_PARTS = 8
"""Of a message of more parts only these are read: it is a question, perhaps after a greeting."""

_MIN_WORDS_AFTER_OPENING = 3

_END_OF_PART = re.compile(r"(?<=[.!?;…])\s++|(?<!\s)(?:\s*+[,:—–]\s++|(?=[^\S\n]*+\n)\s++|\s++-\s++)")
_GREETING = (
    r"(?:oi+e?|ol[aá]|opa|e\s+a[ií]|bom\s+dia|boa\s+(?:tarde|noite)"
    r"|hi+|hello|hey+|hiya|good\s+(?:morning|afternoon|evening))"
)
_ADDRESSEE = (
    r"(?:\s+(?:a?\s*todos|pessoal|gente|galera|malta|povo|all|everyone|everybody|guys|folks|there|team|bot|aion))?"
)
_HOW_ARE_YOU = r"(?:\s+(?:tudo\s+(?:bem|bom)|td\s+b[eo]m|blz|how\s+are\s+you))?"
_OPENING = re.compile(rf"{_GREETING}{_ADDRESSEE}{_HOW_ARE_YOU}\s+(?=\S)", re.IGNORECASE)
_EMOTICON = re.compile(r"[:;=xX]['-]?[()DdPp3|/]+|<3|\^\^")


@dataclass(frozen=True, slots=True)
class ReadMessage:
    """A message as read: ``asked`` is its question without pleasantries; ``kind`` is set where it only talks."""

    asked: str
    kind: TalkKind | None = None


def read_message(text: str, model: SmallTalkModel) -> ReadMessage:
    """Return what a message asks, or which small talk it is. Time is linear in its length."""
    parts = _parts(text)
    if not parts:
        return ReadMessage(text)
    kinds = [_kind(part, model) for part in parts[:_MAX_PARTS]] + [None] * len(parts[_MAX_PARTS:])
    if all(kinds):
        return ReadMessage(text, min((kind for kind in kinds if kind), key=_BY_WEIGHT.index))
    if len(text) <= MAX_CHARS and len(parts) > 1 and not any(kinds) and (whole := model.kind(text)):
        return ReadMessage(text, whole)
    first = next(n for n, kind in enumerate(kinds) if kind not in _PLEASANTRIES)
    last = next(n for n in range(len(kinds) - 1, -1, -1) if kinds[n] not in _CLOSINGS)
    start, end = text.find(parts[first]), text.rfind(parts[last]) + len(parts[last])
    return ReadMessage(text[start:end] if any(kinds) else text)


def _kind(part: str, model: SmallTalkModel) -> TalkKind | None:
    if not any(character.isalnum() for character in part):
        return "reaction"
    return model.kind(part)


def _parts(text: str) -> Sequence[str]:
    """Return the parts of a message in order, each a substring of it; without those that are only punctuation."""
    opening = _OPENING.match(text)
    if opening and len(text[opening.end() :].split()) >= _MIN_WORDS_AFTER_OPENING:
        return [opening.group().strip(), *_pieces(text[opening.end() :])]
    return _pieces(text)


def _pieces(text: str) -> list[str]:
    return [part for piece in _END_OF_PART.split(text) for part in _without_symbols(piece)]


def _without_symbols(piece: str) -> list[str]:
    """Return a piece, cut at emoji; each run of them is a part of its own."""
    parts = [""]
    for character in piece:
        if _is_symbol(character) != _is_symbol(parts[-1][-1:]) and not character.isspace():
            parts.append("")
        parts[-1] += character
    return [part.strip() for part in parts if says_something(part)]


def says_something(text: str) -> bool:
    """Tell whether a text has a word, an emoji or an emoticon."""
    return any(character.isalnum() or _is_symbol(character) for character in text) or bool(_EMOTICON.search(text))


def _is_symbol(character: str) -> bool:
    """Tell whether a character is a pictograph or a part of one; also false for no character."""
    return (
        bool(character)
        and character not in "$€£+<>=|~^`"
        and (unicodedata.category(character) in ("So", "Sk") or character in "\u200d\ufe0f")
    )
