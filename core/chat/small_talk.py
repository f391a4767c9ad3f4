"""Small talk: tells greetings, thanks and questions about AION itself from questions that are to be looked up.

Two logistic regressions over one set of features, the hashed n-grams of a short text: whether it is small talk, and of
which kind. Both languages and mixtures of them. A text with a word that no small talk is known to have (a misspelt one
is known by the right one) asks for something. Fitted by ``bench/small_talk_fit.py`` on sentences of our own writing and
stored in ``small_talk.npz``; time is linear in the length of the text, which is at most ``MAX_CHARS``.
Does not cover a message that greets and asks (``core.chat.pleasantries``).
"""

from __future__ import annotations

import re
import zlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Literal, get_args

import numpy as np
from numpy.typing import NDArray

from core.chat.question_recognition import names_another
from core.retrieval.analyzer import fold, stop_words
from core.retrieval.speller import slang_words
from core.types import LANGUAGES

TalkKind = Literal[
    "greeting",
    "wellbeing",
    "thanks",
    "goodbye",
    "identity",
    "ability",
    "insult",
    "praise",
    "test",
    "reaction",
    "acknowledgement",
    "knowledge",
    "changes",
]
"""What somebody says who asks nothing of the documents. ``knowledge``: what AION knows; ``changes``: what is new."""

TALK_KINDS: tuple[TalkKind, ...] = get_args(TalkKind)

MAX_CHARS = 120
"""A longer text is no small talk."""

N_BUCKETS = 1 << 14

_MIN_CHARS_TO_MISSPELL = 5

_NAMED: frozenset[TalkKind] = frozenset(("greeting", "wellbeing", "thanks", "goodbye"))
"""What may name somebody: one word more, of any name."""

_SURE_THOUGH_UNKNOWN = 2.5
"""Log-odds of small talk from which one unknown word is taken for a name."""

_ASKING: frozenset[TalkKind] = frozenset(("identity", "ability", "knowledge", "changes"))
"""What is asked of AION itself, also with *how do I*; nothing else is."""

_HOW_TO = re.compile(
    r"\b(?:how (?:do|can|could|should|would|did) (?:i|we)|how to"
    r"|como (?:eu |a gente )?(?:faco|faz|posso|consigo|devo))\b"
    r"|^\W*(?:where|when|how (?:much|many)|a?onde|quando|quant[oa]s?) "
)

_E_AI = re.compile(r"\W*e\s+ai\b")
"""The one greeting that begins as *e os visitantes?* does."""

_WORD_GRAMS = (1, 2, 3)
_CHARACTER_GRAMS = (2, 3, 4, 5)
_REPEATED = re.compile(r"(.{1,2}?)\1{2,}")
_TOKEN = re.compile(r"\w+|[^\w\s.,!;…]")


@dataclass(frozen=True, slots=True)
class SmallTalkModel:
    """Fitted weights: column 0 is the log-odds of small talk, the others those of ``TALK_KINDS`` in order.

    ``weights`` has shape ``(N_BUCKETS, 1 + len(TALK_KINDS))``; ``threshold`` is the least log-odds of small talk;
    ``spellings`` are the words of small talk, folded, each also without any one of its letters.
    """

    weights: NDArray[np.float32]
    intercepts: NDArray[np.float32]
    threshold: float
    spellings: frozenset[str]

    def scores(self, text: str) -> NDArray[np.float32]:
        """Return the scores of a text, shape ``(1 + len(TALK_KINDS),)``."""
        buckets = hashed_ngrams(text)
        total: NDArray[np.float32] = self.weights[list(buckets)].sum(axis=0) / max(1, len(buckets)) ** 0.5
        return total + self.intercepts

    def kind(self, text: str) -> TalkKind | None:
        """Return which small talk a text is; ``None`` for a question, and for a text of no words."""
        if len(text) > MAX_CHARS or not text.strip():
            return None
        scores = self.scores(text)
        if scores[0] < self.threshold:
            return None
        kind = TALK_KINDS[int(scores[1:].argmax())]
        if kind not in _ASKING and _HOW_TO.search(fold(text)):
            return None
        if kind == "greeting" and names_another(text) and not _E_AI.match(fold(text)):
            return None
        n_unknown = sum(not self._is_known(word) for word in words(text))
        is_named = n_unknown == 1 and kind in _NAMED and scores[0] >= _SURE_THOUGH_UNKNOWN
        return kind if not n_unknown or is_named else None

    def _is_known(self, word: str) -> bool:
        return word in _function_words() or any(spelling in self.spellings for spelling in spellings(word))


@cache
def _function_words() -> frozenset[str]:
    """Return the words that name nothing that could be asked about, phone slang included."""
    return slang_words().union(*map(stop_words, LANGUAGES))


@cache
def shipped_model() -> SmallTalkModel:
    """Return the model stored in ``small_talk.npz``. Blocks the first time."""
    with (files("core.chat") / "small_talk.npz").open("rb") as file, np.load(file) as fitted:
        weights = fitted["weights"].astype(np.float32) * fitted["scales"]
        known = spellings_of(fitted["words"].tolist())
        return SmallTalkModel(weights, fitted["intercepts"], float(fitted["threshold"]), known)


def words(text: str) -> list[str]:
    """Return the words of a text in order, folded; what is repeated more than twice is there once."""
    return [token for token in _tokens(text) if token[0].isalnum()]


def spellings(word: str) -> Iterator[str]:
    """Yield a word, and unless it is very short the word without any one of its letters (symmetric deletion)."""
    yield word
    if len(word) >= _MIN_CHARS_TO_MISSPELL:
        yield from (word[:n] + word[n + 1 :] for n in range(len(word)))


def spellings_of(known: Iterable[str]) -> frozenset[str]:
    """Return the spellings of all these words."""
    return frozenset(spelling for word in known for spelling in spellings(word))


def hashed_ngrams(text: str) -> Sequence[int]:
    """Return the distinct buckets of a text's n-grams of characters within words and of whole words, ascending.

    What is repeated more than twice (*oiii*, *hahaha*) is there once; case, accents and ``.,!;`` are ignored.
    """
    return sorted({zlib.crc32(gram.encode()) % N_BUCKETS for gram in _grams(_tokens(text))})


def _tokens(text: str) -> list[str]:
    return _TOKEN.findall(_REPEATED.sub(r"\1", fold(text)))


def _grams(tokens: Sequence[str]) -> Iterator[str]:
    for token in tokens:
        padded = f" {token} "
        for n in _CHARACTER_GRAMS:
            yield from (padded[start : start + n] for start in range(len(padded) - n + 1))
    bounded = ["^", *tokens, "$"]
    for n in _WORD_GRAMS:
        yield from ("#" + " ".join(bounded[start : start + n]) for start in range(len(bounded) - n + 1))
