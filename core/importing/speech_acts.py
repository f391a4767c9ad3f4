"""What a chat message does: thanks, confirms, rejects, doubts, asks back, chats; by phrases in every language at once.

Phrases are in ``speech_acts.toml``. Microseconds a message, linear in its length, no model.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable, Iterator, Sequence
from functools import cache
from importlib.resources import files
from typing import Any, Literal

from core.chat.question_recognition import is_question
from core.retrieval.analyzer import fold, query_terms
from core.types import LANGUAGES
from core.types.exported_message import Reactions

SpeechAct = Literal["thanks", "worked", "failed", "unsure", "same", "social", "passing", "clarify", "steps", "decided"]
ReactionMeaning = Literal["helped", "liked", "rejected"]

MAX_READ_CHARS = 2_000
"""What of a message is looked at for phrases."""

_SENTENCE = re.compile(r"[^.!?…\n]{1,1000}[.!?…]*")
_OPENING = re.compile(r"[^,:.!?\n]{1,80}[,:.!\n]")
_MAX_OPENING_WORDS = 7
_SPACES = re.compile(r"\s+")
_GREETING = re.compile(
    r"(?:hi{1,5}|hello|hey{1,5}|hiya|good (?:morning|afternoon|evening)"
    r"|oi{1,5}e?|ol[aá]|opa|bom dia|boa (?:tarde|noite)|e a[ií]|salve)"
    r"(?:\s{1,3}(?:all|everyone|everybody|folks|guys|there|team|pessoal|gente|galera|malta|povo|a? ?todos))?"
    r"\s{0,3}[,!.:-]{1,5}",
    re.IGNORECASE,
)


def does(text: str, act: SpeechAct) -> bool:
    """Tell whether a text has a phrase of an act, in any language."""
    return _phrases(act).search(_folded(text)) is not None


def asks(text: str) -> bool:
    """Tell whether a text asks for something that could be known a month later, and is not social."""
    text = text[:MAX_READ_CHARS]
    if _asked_in(text):
        return True
    return not does(text, "social") and any(map(is_question, _candidates(text)))


def means(reactions: Iterable[Reactions], meaning: ReactionMeaning) -> int:
    """Return how many people reacted with emoji of a meaning."""
    wanted = _tables()["reactions"][meaning]
    return sum(each.n_people for each in reactions if each.emoji.strip(":") in wanted)


def is_helper_role(role: str) -> bool:
    """Tell whether a role's name is one that communities give to those who know."""
    return not _names("roles").isdisjoint(_words(role))


def is_news_channel(name: str) -> bool:
    """Tell whether a channel's name says that announcements are made there."""
    return not _names("channels").isdisjoint(_words(name))


def is_solved_name(name: str) -> bool:
    """Tell whether a thread's name says that it is solved: ``[SOLVED] …``, ``✅ …``."""
    start = fold(name).lstrip("[( ")
    return name.startswith("✅") or start.startswith(tuple(_names("solved")))


def content_terms(text: str) -> frozenset[str]:
    """Return the telling words of a text, stemmed in every language."""
    found = (term for term in query_terms(text[:MAX_READ_CHARS]) if not term.is_framing)
    return frozenset(stem for term in found for stem in term.stems.values())


def asking_sentences(text: str) -> str:
    """Return the sentences of a text that ask, without a greeting; the whole text where none is marked."""
    plain = text[:MAX_READ_CHARS].strip()
    if greeting := _GREETING.match(plain):
        plain = plain[greeting.end() :]
    return _SPACES.sub(" ", " ".join(_asked_in(plain)) or plain).strip()


def _asked_in(text: str) -> list[str]:
    """Return the sentences with a question mark that ask for something that could be known."""
    asked = (match[0].strip() for match in _SENTENCE.finditer(text) if match[0].rstrip().endswith("?"))
    return [each for each in asked if is_question(each) and not does(each, "social")]


def _candidates(text: str) -> Iterator[str]:
    """Yield a text, and what of it follows a short opening (*Quick question: …*, *sorry to ask again, …*)."""
    yield text
    if (match := _OPENING.match(text)) and len(match[0].split()) <= _MAX_OPENING_WORDS:
        yield text[match.end() :]


def _folded(text: str) -> str:
    return fold(text[:MAX_READ_CHARS].replace("’", "'"))


def _words(name: str) -> Sequence[str]:
    return re.findall(r"[^\W_]+", fold(name))


@cache
def _phrases(act: SpeechAct) -> re.Pattern[str]:
    tables = _tables()
    phrases = sorted({phrase for language in LANGUAGES for phrase in tables[language][act]}, key=len, reverse=True)
    return re.compile(rf"(?<!\w)(?:{'|'.join(map(re.escape, phrases))})(?!\w)")


@cache
def _names(kind: str) -> frozenset[str]:
    return frozenset(name for language in LANGUAGES for name in _tables()[language][kind])


@cache
def _tables() -> dict[str, Any]:
    return tomllib.loads((files("core.importing") / "speech_acts.toml").read_text(encoding="utf-8"))
