"""Whether a question goes on from the session's last one: told from its words and from what both find.

A logistic regression (``follow_up.json``, fitted by ``bench/dialogues.py``) over what is found for the question before,
for the question alone, and for both together. A question that names its subject, and finds it elsewhere or nowhere, is
not joined with the one before.
"""

from __future__ import annotations

import asyncio
import json
import math
from collections.abc import Mapping
from dataclasses import replace
from functools import cache
from importlib.resources import files

import numpy as np

from core.chat.conversation import CondensedQuestion
from core.chat.own_words import as_typed, is_elsewhere, own_words, unmentioned, weighing
from core.chat.question_recognition import is_follow_up, names_another
from core.ports import Searcher
from core.types import Language, Scope, SearchResult

FEATURES = ("leans", "gain", "same", "held", "named")
"""``leans``: its wording refers to something said before. ``gain``: of the first passage, the cosine with the question
before less that without, in standard deviations of the cosines of what was found without, at most ``MAX_GAIN`` either
way. ``same``: 1 where the first passage is among the first ``N_SAID`` of the question before. ``held``: the share of
the content words in the first passage. ``named``: how many content words there are, at most ``MAX_NAMED``. All of them
compare across embedders."""

ELSEWHERE = "elsewhere"
"""Beside these, fitted by nothing: 1 where the first passage found for it alone has all of its own words, and that of
both together, though they weigh most, none (``core.chat.own_words.is_elsewhere``)."""

MAX_GAIN = 3.0
MAX_NAMED = 6

N_SAID = 3
"""The first passages that a question found, those its answer was made of; at most a quarter of all it found."""

_MIN_SPREAD = 1e-3

_MIN_NAMED = 2
"""Content words of a question that names a subject of its own."""


async def search_in_session(
    searcher: Searcher, scope: Scope, condensed: CondensedQuestion, language: Language
) -> tuple[CondensedQuestion, SearchResult]:
    """Search for a question, joined with the session's last one where it goes on from it; return it with its topic.

    Of a joined one its own words weigh most; where it only names another thing, and nothing found mentions that, it is
    ``AnalyzedQuestion.unmentioned``.
    """
    asked, earlier = condensed.asked, condensed.earlier
    if earlier is None or earlier == asked:
        return condensed, await searcher.search(scope, asked, language)
    joined = replace(condensed, topic=earlier)
    before, alone, both = await asyncio.gather(
        *(searcher.search(scope, text, language) for text in (earlier, asked, joined.search_text))
    )
    if not goes_on(asked, before, alone, both):
        return condensed, alone
    own = own_words(alone.question, before.question)
    found = weighing(both, own)
    missing = unmentioned(found, own) if names_another(asked) else ()
    return joined, replace(found, question=replace(found.question, unmentioned=as_typed(missing, asked)))


def goes_on(asked: str, before: SearchResult, alone: SearchResult, both: SearchResult) -> bool:
    """Return whether ``asked`` is to be searched together with the question before it."""
    if not (before.hits and alone.hits and both.hits):
        return is_follow_up(asked)
    return log_odds(follow_up_features(asked, before, alone, both)) > 0


def follow_up_features(
    asked: str, before: SearchResult, alone: SearchResult, both: SearchResult
) -> Mapping[str, float]:
    """Return the ``FEATURES``, and ``ELSEWHERE``, of three searches that found something."""
    n_said = min(N_SAID, max(1, len(before.hits) // 4))
    said, first = {hit.passage.id for hit in before.hits[:n_said]}, alone.hits[0]
    terms = alone.question.terms
    own = own_words(alone.question, before.question)
    spread = float(np.std([hit.dense for hit in alone.hits])) + _MIN_SPREAD
    return {
        "leans": float(is_follow_up(asked)),
        "gain": min(max((both.hits[0].dense - first.dense) / spread, -MAX_GAIN), MAX_GAIN),
        "same": float(first.passage.id in said),
        "held": len(first.matched) / len(terms) if terms else 0.0,
        "named": float(min(sum(not term.is_framing for term in terms), MAX_NAMED)),
        ELSEWHERE: float(is_elsewhere(alone, weighing(both, own), own)),
    }


def log_odds(features: Mapping[str, float]) -> float:
    """Return the log-odds that a question with these features goes on from the one before.

    Minus infinity for one that does not lean on it, and names what is nowhere near, so that only the question before
    would find anything for it, or what is elsewhere.
    """
    if features[ELSEWHERE] and not features["leans"]:
        return -math.inf
    is_nowhere = features["named"] >= _MIN_NAMED and not (features["leans"] or features["held"] or features["same"])
    if is_nowhere:
        return -math.inf
    fitted = _fitted()
    return fitted["intercept"] + math.fsum(fitted[name] * features[name] for name in FEATURES)


@cache
def _fitted() -> Mapping[str, float]:
    told = json.loads((files("core.chat") / "follow_up.json").read_text(encoding="utf-8"))
    return {"intercept": told["intercept"], **told["weights"]}
