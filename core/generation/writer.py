"""Writes the answer that the gate decided on: from the passages, by a provider, or "I don't know".

The local model's text is shown only as far as the support check passed: it is read sentence by sentence and stopped at
the first that its passages do not support. Workers, other machines with a model of their own, are asked before the
local model and before any provider.
"""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import aclosing
from dataclasses import dataclass, replace
from typing import Literal

from core.errors import GenerationFailed, Unavailable
from core.generation.draft import Draft, Show, unknown
from core.generation.grounding.answer_type import none_can_answer
from core.generation.grounding.citations import cited
from core.generation.grounding.extractive import closest, extract
from core.generation.grounding.quote_ranking import ScoredQuotation, rank_quotations
from core.generation.grounding.sentence_ranking import ScoredSentence, rank
from core.generation.grounding.support import SupportCheck, SupportResult
from core.generation.prompting import prompt as prompts
from core.generation.providers.router import Router
from core.generation.remote_models import RemoteModels, RemoteReply
from core.offload import offload
from core.ports import Embedder, LocalModel
from core.retrieval.sentences import sentences
from core.stopwatch import Stopwatch
from core.texts import say
from core.types import GLOBAL, AnalyzedQuestion, Generation, Language, Passage, Piece, Sampling, SearchResult, SpaceId

log = logging.getLogger(__name__)

NeighbourReader = Callable[[Sequence[Passage]], Awaitable[Sequence[Passage]]]
"""Reads the passages right before and after some passages, in their documents."""

LOCAL_PROMPT_TOKENS = 700
"""Prompt size of the local model: on a CPU every hundred tokens of prompt take about a third of a second."""

PROVIDER_PROMPT_TOKENS = 3_500
"""Prompt size of a provider: free plans limit the tokens of a minute."""

SHRUNK_PROMPT_TOKENS = 1_500
"""Prompt size for a provider that refuses the larger one."""

BRIEF = Sampling(temperature=0.0, max_new_tokens=120)
"""For small models, which only rephrase what they read: greedy decoding, and a short reply."""


@dataclass(frozen=True, slots=True)
class Writers:
    """Every model that may write an answer. ``workers`` returns the other machines that may be asked now, in order.

    ``outside`` says whether a provider may answer from its own knowledge. ``so_far`` is always the start of an answer
    that broke off, to be continued. ``refuses_training_plans`` says of the space of a question whether providers that
    train on what they are sent are left out.
    """

    local: LocalModel
    router: Router
    embedder: Embedder
    outside: Literal["abstain", "provider"]
    workers: Callable[[], Sequence[LocalModel]] = tuple
    neighbours: NeighbourReader | None = None
    refuses_training_plans: Callable[[SpaceId], bool] = lambda space: False

    async def grounded(self, found: SearchResult, show: Show) -> Draft:
        """Answer from the passages on this machine: in the local model's words where supported, else in quotes."""
        language, clock = found.question.language, Stopwatch()
        draft, models = None, [model for model in (*self.workers(), self.local) if language in model.languages]
        if models:
            with clock.step("rank"):
                ranked = await offload(rank, found, self.embedder)
            if _none_can_answer(found, [best.sentence.passage for best in ranked[:1]]):
                return replace(unknown(language), latency_ms=_steps(clock))
            with clock.step("generate"):
                draft = await self._generated(models, found, ranked, show)
        if draft is None:
            with clock.step("quote"):
                draft = await self._quoted(found)
        return replace(draft, latency_ms=_steps(clock))

    async def closest(self, found: SearchResult) -> Draft:
        """Quote what comes closest to an answer, and say that it may be none; without passages, "I don't know"."""
        language, clock = found.question.language, Stopwatch()
        with clock.step("quote"):
            quoted = closest(await self._ranked_quotations(found), language)
        if quoted is None:
            return unknown(language)
        return Draft(quoted.text, "closest", sources=quoted.sources, latency_ms=_steps(clock))

    async def provided(self, found: SearchResult, show: Show, so_far: str = "", space: SpaceId = GLOBAL) -> Draft:
        """Answer from the passages in a provider's words; without a provider, "I don't know"."""
        question, language, remote = found.question, found.question.language, self._remote(space)
        if not remote.any_for(language):
            return unknown(language)
        near = await self._neighbours(found)
        full, shrunk = (
            prompts.grounded(question.text, found.context, language, n_tokens, prompts.estimate_tokens, near)
            for n_tokens in (PROVIDER_PROMPT_TOKENS, SHRUNK_PROMPT_TOKENS)
        )
        reply = await remote.write((full.turns, shrunk.turns), language, show, so_far)
        if reply is None:
            return unknown(language)
        generation = reply.generation
        grounded = cited(generation.text, full.used)
        if not grounded.sources:  # it read the passages and cited none of them
            return _ungrounded(reply, language)
        text = _with_break_note(grounded.text, reply, language)
        return Draft(text, generation.generator, generation.model, grounded.sources, generation)

    async def ungrounded(
        self, question: AnalyzedQuestion, show: Show, so_far: str = "", space: SpaceId = GLOBAL
    ) -> Draft:
        """Answer from a provider's own knowledge and say so, where ``outside`` allows it; else "I don't know"."""
        language, remote = question.language, self._remote(space)
        if self.outside == "abstain" or not remote.any_for(language):
            return unknown(language)
        prompt = prompts.ungrounded(question.text, language)
        reply = await remote.write((prompt.turns,), language, show, so_far)
        return _ungrounded(reply, language) if reply else unknown(language)

    def _remote(self, space: SpaceId) -> RemoteModels:
        refused = self.router.training if self.refuses_training_plans(space) else frozenset[tuple[str, str]]()
        return RemoteModels(self.workers(), self.router, refused)

    async def _quoted(self, found: SearchResult) -> Draft:
        """Return the passages' own words; "I don't know" where they cannot answer."""
        ranked = await self._ranked_quotations(found)
        if _none_can_answer(found, [best.quotation.passage.passage for best in ranked[:1]]):
            return unknown(found.question.language)
        quoted = extract(ranked)
        return Draft(quoted.text, "extract", sources=quoted.sources) if quoted else unknown(found.question.language)

    async def _ranked_quotations(self, found: SearchResult) -> list[ScoredQuotation]:
        return await offload(rank_quotations, found, await self._neighbours(found), self.embedder)

    async def _neighbours(self, found: SearchResult) -> Sequence[Passage]:
        return await self.neighbours([hit.passage for hit in found.context]) if self.neighbours else ()

    async def _generated(
        self, models: Sequence[LocalModel], found: SearchResult, ranked: Sequence[ScoredSentence], show: Show
    ) -> Draft | None:
        """Return the supported text of the first model that writes; ``None`` when there is none."""
        check = SupportCheck(found.question, ranked)
        if not check.can_pass:
            return None
        for model in models:
            try:
                return await self._checked(model, check, found, ranked, show)
            except (GenerationFailed, Unavailable) as error:
                log.warning("%s did not write: %s", model.name, error)
        return None

    async def _checked(
        self,
        model: LocalModel,
        check: SupportCheck,
        found: SearchResult,
        ranked: Sequence[ScoredSentence],
        show: Show,
    ) -> Draft | None:
        """Let a model write while its sentences are supported; ``None`` when its first one is not.

        Raises ``GenerationFailed`` or ``Unavailable`` when it wrote nothing at all.
        """
        sampling = _sampling(model)
        prompt = await offload(_local_prompt, model, found, ranked)
        text, log_probs, lora_version = "", list[float](), None
        support = SupportResult("", (), "")
        try:
            async with aclosing(model.stream(prompt.turns, sampling)) as pieces:
                async for piece, is_sentence in _by_sentence(pieces):
                    text = piece.appended_to(text)
                    log_probs += piece.log_probs
                    lora_version = piece.lora_version
                    if is_sentence:
                        support = check.check(text)
                        if support.reason:
                            break
                        await show(support.text)
        except (GenerationFailed, Unavailable) as error:
            if not text:
                raise
            log.warning("%s broke off: %s", model.name, error)
            return None
        log.info("%s: %s", model.name, support.reason or "supported")
        if not support.is_supported:
            return None
        generation = Generation(text, model.name, model.model, prompt.turns, sampling, tuple(log_probs), lora_version)
        return Draft(support.text, model.name, model.model, support.sources, generation)


def _none_can_answer(found: SearchResult, passages: Sequence[Passage]) -> bool:
    return none_can_answer(found.question.answer_types, [passage.text for passage in passages])


def _sampling(model: LocalModel) -> Sampling:
    return BRIEF if model.style == "brief" else Sampling()


def _local_prompt(model: LocalModel, found: SearchResult, ranked: Sequence[ScoredSentence]) -> prompts.Prompt:
    question = found.question
    if model.style == "brief":
        return prompts.brief(question.text, found.context, ranked[0].sentence)
    budget = min(LOCAL_PROMPT_TOKENS, model.context_tokens - _sampling(model).max_new_tokens)
    return prompts.grounded(question.text, found.context, question.language, budget, model.count_tokens)


async def _by_sentence(pieces: AsyncIterator[Piece]) -> AsyncIterator[tuple[Piece, bool]]:
    """Yield pieces joined into whole sentences, the last perhaps cut short, each with ``True``.

    Log-probabilities without text at the end, and a restart, come with ``False``.
    """
    text, log_probs, version = "", list[float](), None
    async for piece in pieces:
        version = piece.lora_version
        if piece.is_restart:
            yield Piece("", tuple(log_probs), version, is_restart=True), False
            text, log_probs = "", []
        text += piece.text
        log_probs += piece.log_probs
        spans = sentences(text)
        if len(spans) > 1:
            end = spans[-1].start
            yield Piece(text[:end], tuple(log_probs), version), True
            text, log_probs = text[end:], []
    if text.strip() or log_probs:
        yield Piece(text, tuple(log_probs), version), bool(text.strip())


def _ungrounded(reply: RemoteReply, language: Language) -> Draft:
    """Return a reply as an answer that says it is not from what the community taught."""
    generation = reply.generation
    told = f"{say(language, 'answer.outside', generator=generation.generator)}\n\n{generation.text}"
    text = _with_break_note(told, reply, language)
    return Draft(text, generation.generator, generation.model, generation=generation)


def _with_break_note(text: str, reply: RemoteReply, language: Language) -> str:
    """Return ``text``, for a reply that broke off with a note that it did and how to continue."""
    return f"{text}\n\n{say(language, 'answer.broken_off')}" if reply.is_broken else text


def _steps(clock: Stopwatch) -> Mapping[str, float]:
    return {step: ms for step, ms in clock.read().items() if step != "total"}
