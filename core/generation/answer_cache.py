"""Semantic answer cache: reuses a confident or confirmed answer for a question that asks the same.

Keyed by space, language, and the state of the readable passages (whose may be read, at which revision), the gate and
the model; answers that somebody disliked are not reused. A follow-up matches only together with the question that it
follows.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass

from core.generation.draft import CLOSEST, Draft
from core.generation.question_match import normalised_question
from core.ports import Gate, InspectableModel, LocalModel, PassageStore
from core.storage.cached_answers import CachedAnswer, CachedAnswers
from core.texts import say
from core.types import Language, Scope, SearchResult

CACHE = "cache"
"""The ``used`` of an answer from the cache."""

NEAR = 0.94
"""Least cosine of two questions that ask the same.

Of pairs that differ in wording alone, the least cosine with the default embedder is 0.949. A cosine is not sufficient:
of 4,632 pairs of different questions of the development sets above 0.90, 57 are above 0.98. The comparison of content
words (``core.generation.question_match``) rejects all of them.
"""


@dataclass(frozen=True, slots=True)
class AnswerCache:
    """Finds and stores reusable answers. ``made_by`` returns the current versions of gate and model."""

    answers: CachedAnswers
    passages: PassageStore
    made_by: Callable[[], str]

    async def find(self, scope: Scope, found: SearchResult) -> Draft | None:
        """Return the cached answer to the question of ``found``, marked as reused; ``None`` when there is none."""
        question, state = found.question, await self._state(scope)
        wording = normalised_question(question.text, question.language)
        for kept in await self.answers.find(scope.space, question.language, state, wording):
            if float(kept.vector @ found.query_vector) >= NEAR:
                if await self.answers.is_disliked(scope.space, kept.answer_id, kept.text):
                    return None
                return _given_again(kept, question.language)
        return None

    async def keep(self, scope: Scope, answer_id: int, found: SearchResult) -> None:
        """Store the answer to the question of ``found`` for reuse."""
        question = found.question
        wording = normalised_question(question.text, question.language)
        if wording.strip():
            state = await self._state(scope)
            await self.answers.keep(scope.space, answer_id, question.language, state, wording, found.query_vector)

    async def _state(self, scope: Scope) -> str:
        """Return what is read and by whom: an answer is not given again once its place may read less, or more."""
        revisions = [f"{each} {await self.passages.revision(each)}" for each in scope.readable]
        return f"{fingerprint(revisions)} {self.made_by()}"


def _given_again(kept: CachedAnswer, language: Language) -> Draft:
    """Return a cached answer, marked; a confirmed closest one without the words up to those that called it so."""
    before, introduction, quoted = kept.text.partition(say(language, "extract.closest"))
    is_introduced = kept.used == CLOSEST and introduction and "\n" not in before
    text = quoted.lstrip() if is_introduced else kept.text
    note = "closest.reused" if kept.used == CLOSEST else "answer.reused"
    return Draft(f"{text}\n\n{say(language, note)}", CACHE, sources=kept.sources)


def written_by(gate: Gate, local: LocalModel) -> str:
    """Return the versions that confident answers depend on: the gate, the model and its LoRA weights."""
    lora = local.state().lora_version if isinstance(local, InspectableModel) else None
    return f"{fingerprint(gate)} {local.model} {lora or '-'}"


def fingerprint(part: object) -> str:
    """Return a short hash of the representation of ``part``."""
    return hashlib.blake2b(repr(part).encode(), digest_size=6).hexdigest()
