"""Gives an answer again to a question that asks the same: the semantic cache.

Only what AION was sure of, and nobody disliked; only within the space, the language, and the very state of what the
space may read, of the gate and of the model that wrote it. A follow-up is the same only together with what it follows.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass

from core.generation.draft import Draft
from core.generation.question_match import asked
from core.ports import Gate, InspectableModel, LocalModel, PassageStore
from core.storage.cached_answers import CachedAnswers
from core.texts import say
from core.types import SearchResult, SpaceId, readable_spaces

CACHE = "cache"
"""What an answer that was given before is said to come from."""

NEAR = 0.94
"""The least cosine of two questions that ask the same.

Of pairs that differ in wording alone, the farthest with the default embedder is at 0.949. Nearness proves nothing: of
4,632 pairs of different questions of the development sets beyond 0.90, 57 are beyond 0.98. It is the telling words
(``core.generation.question_match``) that let none of them through.
"""


@dataclass(frozen=True, slots=True)
class AnswerCache:
    """Finds answers to give again. ``made_by`` names the gate and the model, with their versions, that write now."""

    answers: CachedAnswers
    passages: PassageStore
    made_by: Callable[[], str]

    async def find(self, space: SpaceId, found: SearchResult) -> Draft | None:
        """Return the answer given before to what ``found`` was searched for, saying so; ``None``: there is none."""
        question, state = found.question, await self._state(space)
        wording = asked(question.text, question.language)
        for kept in await self.answers.find(space, question.language, state, wording):
            if float(kept.vector @ found.query_vector) >= NEAR:
                if await self.answers.is_disliked(space, kept.answer_id, kept.text):
                    return None
                return Draft(f"{kept.text}\n\n{say(question.language, 'answer.reused')}", CACHE, sources=kept.sources)
        return None

    async def keep(self, space: SpaceId, answer_id: int, found: SearchResult) -> None:
        """Have an answer that was given to ``found`` given again."""
        question = found.question
        wording = asked(question.text, question.language)
        if wording.strip():
            state = await self._state(space)
            await self.answers.keep(space, answer_id, question.language, state, wording, found.query_vector)

    async def _state(self, space: SpaceId) -> str:
        revisions = [str(await self.passages.revision(each)) for each in readable_spaces(space)]
        return f"{'.'.join(revisions)} {self.made_by()}"


def written_by(gate: Gate, local: LocalModel) -> str:
    """Return a name for what writes confident answers now: the gate, the model and its LoRA weights."""
    lora = local.state().lora_version if isinstance(local, InspectableModel) else None
    return f"{fingerprint(gate)} {local.model} {lora or '-'}"


def fingerprint(part: object) -> str:
    """Return a short name of what ``part`` is made of, by its representation: others behave differently."""
    return hashlib.blake2b(repr(part).encode(), digest_size=6).hexdigest()
