"""Writes what the gate decided: from the passages, from a provider, or "I don't know".

A model's own words are shown only as far as they are checked: the local model is read sentence by sentence, and
stopped at the first one that its passages do not carry. Workers, other machines with a model of their own, are asked
before the local model, and before any provider.
"""

from __future__ import annotations

import logging
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import aclosing
from dataclasses import dataclass, field, replace
from typing import Literal

from core.errors import GenerationFailed, Unavailable
from core.generation.grounding.answer_type import Expectation
from core.generation.grounding.citations import cited
from core.generation.grounding.extractive import extract
from core.generation.grounding.sentence_ranking import ScoredSentence, rank
from core.generation.grounding.support import SupportCheck, SupportResult
from core.generation.prompting import prompt as prompts
from core.generation.providers.router import OpenStream, Router
from core.offload import offload
from core.ports import Embedder, LocalModel
from core.retrieval.chunk import sentences
from core.stopwatch import Stopwatch
from core.texts import say
from core.types import Generation, Language, Passage, Piece, PromptTurn, Sampling, SearchResult, Source

log = logging.getLogger(__name__)

Show = Callable[[str], Awaitable[None]]
"""Shows the whole text written so far."""

Beside = Callable[[Sequence[Passage]], Awaitable[Sequence[Passage]]]

LOCAL_PROMPT_TOKENS = 700
"""What the local model reads: on a CPU every hundred tokens of prompt cost about a third of a second."""

PROVIDER_PROMPT_TOKENS = 3_500
"""What a provider reads: free plans count the tokens of a minute."""

SHRUNK_PROMPT_TOKENS = 1_500
"""What is sent to a provider that finds that too much."""

BRIEF = Sampling(temperature=0.0, max_new_tokens=120)
"""For small models, which only repeat what they read: the likeliest words, and few of them."""


@dataclass(frozen=True, slots=True)
class Draft:
    """A written answer. ``generation`` is ``None`` when no model wrote it."""

    text: str
    used: str
    model: str | None = None
    sources: tuple[Source, ...] = ()
    generation: Generation | None = None
    latency_ms: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class _Written:
    """What somebody else wrote; ``is_broken`` when it stopped before its end."""

    generation: Generation
    is_broken: bool


@dataclass(frozen=True, slots=True)
class Writers:
    """Everyone who may write an answer. ``workers`` tells which other machines may be asked now, in order.

    ``beside`` reads the passages before and after those of a context, in their documents. ``so_far`` is always the
    start of an answer that broke off, to be gone on with.
    """

    local: LocalModel
    router: Router
    embedder: Embedder
    outside: Literal["abstain", "provider"]
    workers: Callable[[], Sequence[LocalModel]] = tuple
    beside: Beside | None = None

    async def grounded(self, question: str, found: SearchResult, show: Show) -> Draft:
        """Answer from the passages on this machine: in the local model's words where they stand, else in quotes."""
        clock = Stopwatch()
        with clock.step("rank"):
            ranked = await offload(rank, found, self.embedder)
        if Expectation(question).rules_out(scored.sentence.passage.text for scored in ranked[:1]):
            return replace(_unknown(found.language), latency_ms=_steps(clock))
        draft = None
        if models := [model for model in (*self.workers(), self.local) if found.language in model.languages]:
            with clock.step("generate"):
                draft = await self._in_own_words(models, question, found, ranked, show)
        if draft is None and (quoted := extract(ranked, found.language)):
            draft = Draft(quoted.text, "extract", sources=quoted.sources)
        return replace(draft or _unknown(found.language), latency_ms=_steps(clock))

    async def provided(self, question: str, found: SearchResult, show: Show, so_far: str = "") -> Draft:
        """Answer from the passages in a provider's words; without a provider, say that nobody knows."""
        if not (self.router or self._able(found.language)):
            return _unknown(found.language)
        beside = await self.beside([hit.passage for hit in found.context]) if self.beside else ()
        asked, smaller = (
            prompts.grounded(question, found.context, found.language, n_tokens, prompts.estimate_tokens, beside)
            for n_tokens in (PROVIDER_PROMPT_TOKENS, SHRUNK_PROMPT_TOKENS)
        )
        written = await self._asked((asked.turns, smaller.turns), found.language, show, so_far)
        if written is None:
            return _unknown(found.language)
        generation = written.generation
        grounded = cited(generation.text, asked.used)
        if not grounded.sources:  # it read the passages and leaned on none of them
            return _outside(written, found.language)
        text = _marked(grounded.text, written, found.language)
        return Draft(text, generation.generator, generation.model, grounded.sources, generation)

    async def ungrounded(self, question: str, language: Language, show: Show, so_far: str = "") -> Draft:
        """Answer from a provider's own knowledge and say so, where the operator wants that; else "I don't know"."""
        if self.outside == "abstain" or not (self.router or self._able(language)):
            return _unknown(language)
        written = await self._asked((prompts.ungrounded(question, language).turns,), language, show, so_far)
        return _outside(written, language) if written else _unknown(language)

    async def _in_own_words(
        self,
        models: Sequence[LocalModel],
        question: str,
        found: SearchResult,
        ranked: Sequence[ScoredSentence],
        show: Show,
    ) -> Draft | None:
        """Return what the first of these models that writes has to say; ``None`` when that does not stand."""
        check = SupportCheck(question, found.language, ranked)
        if not check.can_pass:
            return None
        for model in models:
            try:
                return await self._checked(model, check, question, found, ranked, show)
            except (GenerationFailed, Unavailable) as error:
                log.warning("%s did not write: %s", model.name, error)
        return None

    async def _checked(
        self,
        model: LocalModel,
        check: SupportCheck,
        question: str,
        found: SearchResult,
        ranked: Sequence[ScoredSentence],
        show: Show,
    ) -> Draft | None:
        """Let a model write while its sentences stand; ``None`` when its first one does not.

        Raises ``GenerationFailed`` or ``Unavailable`` when it wrote nothing at all.
        """
        sampling = _sampling(model)
        asked = await offload(_local_prompt, model, question, found, ranked)
        text, log_probs, lora_version = "", list[float](), None
        support = SupportResult("", (), "")
        try:
            async with aclosing(model.stream(asked.turns, sampling)) as pieces:
                async for said, is_sentence in _by_sentence(pieces):
                    text += said.text
                    log_probs += said.log_probs
                    lora_version = said.lora_version
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
        generation = Generation(text, model.name, model.model, asked.turns, sampling, tuple(log_probs), lora_version)
        return Draft(support.text, model.name, model.model, support.sources, generation)

    async def _asked(
        self, versions: Sequence[tuple[PromptTurn, ...]], language: Language, show: Show, so_far: str
    ) -> _Written | None:
        """Return what the first that writes has to say; what breaks off later is kept.

        ``versions`` are the same prompt, each smaller than the one before.
        """
        sampling, text = Sampling(), _whole_words(so_far)
        going_on = prompts.going_on(text, language) if text else ()
        try:
            opened = await self._open([(*turns, *going_on) for turns in versions], sampling, language)
        except GenerationFailed as failure:
            log.warning("no provider answered: %s", failure)
            return None
        is_broken = False
        try:
            async for piece in opened.pieces:
                text += piece.text
                await show(text)
        except GenerationFailed as failure:
            log.warning("%s broke off: %s", opened.generator, failure)
            is_broken = True
        return _Written(
            Generation(text.strip(), opened.generator, opened.model, versions[0], sampling), is_broken=is_broken
        )

    def _able(self, language: Language) -> list[LocalModel]:
        """Return the workers that can write without every sentence being checked."""
        return [worker for worker in self.workers() if worker.style == "full" and language in worker.languages]

    async def _open(
        self, versions: Sequence[tuple[PromptTurn, ...]], sampling: Sampling, language: Language
    ) -> OpenStream:
        for worker in self._able(language):
            try:
                return await _begun(worker, _fitting(worker, versions, sampling), sampling)
            except (GenerationFailed, Unavailable) as error:
                log.warning("%s did not write: %s", worker.name, error)
        return await self.router.open(versions[0], sampling, language, versions[1:])


def _fitting(
    model: LocalModel, versions: Sequence[tuple[PromptTurn, ...]], sampling: Sampling
) -> tuple[PromptTurn, ...]:
    """Return the largest version of a prompt that leaves the model room for its reply; else the smallest."""
    room = model.context_tokens - sampling.max_new_tokens
    sizes = [sum(prompts.estimate_tokens(turn.content) for turn in turns) for turns in versions]
    return next((turns for turns, size in zip(versions, sizes, strict=True) if size <= room), versions[-1])


async def _begun(model: LocalModel, turns: Sequence[PromptTurn], sampling: Sampling) -> OpenStream:
    """Return a model's reply once its first piece is there. Raises what the model does when there is none."""
    pieces = model.stream(turns, sampling)
    try:
        first = await anext(pieces)
    except StopAsyncIteration:
        raise GenerationFailed("an empty reply") from None

    async def whole() -> AsyncGenerator[Piece, None]:
        async with aclosing(pieces):
            yield first
            async for piece in pieces:
                yield piece

    return OpenStream(model.name, model.model, whole())


def _sampling(model: LocalModel) -> Sampling:
    return BRIEF if model.style == "brief" else Sampling()


def _local_prompt(
    model: LocalModel, question: str, found: SearchResult, ranked: Sequence[ScoredSentence]
) -> prompts.Prompt:
    if model.style == "brief":
        return prompts.brief(question, found.context, ranked[0].sentence)
    budget = min(LOCAL_PROMPT_TOKENS, model.context_tokens - _sampling(model).max_new_tokens)
    return prompts.grounded(question, found.context, found.language, budget, model.count_tokens)


async def _by_sentence(pieces: AsyncIterator[Piece]) -> AsyncIterator[tuple[Piece, bool]]:
    """Yield pieces joined into whole sentences (``True``), the last one also when it is cut short."""
    text, log_probs, version = "", list[float](), None
    async for piece in pieces:
        version = piece.lora_version
        text += piece.text
        log_probs += piece.log_probs
        spans = sentences(text)
        if len(spans) > 1:
            end = spans[-1].start
            yield Piece(text[:end], tuple(log_probs), version), True
            text, log_probs = text[end:], []
    if text.strip() or log_probs:
        yield Piece(text, tuple(log_probs), version), bool(text.strip())


def _outside(written: _Written, language: Language) -> Draft:
    """Mark a text as not from what the community taught."""
    generation = written.generation
    told = f"{say(language, 'answer.outside', generator=generation.generator)}\n\n{generation.text}"
    text = _marked(told, written, language)
    return Draft(text, generation.generator, generation.model, generation=generation)


def _marked(text: str, written: _Written, language: Language) -> str:
    """Say under a text that broke off that it did, and how to go on."""
    return f"{text}\n\n{say(language, 'answer.broken_off')}" if written.is_broken else text


def _whole_words(text: str) -> str:
    """Return ``text`` without the word it may have broken off in, ready to be gone on with; empty for one word."""
    kept = text[: max(text.rfind(" "), text.rfind("\n")) + 1].rstrip()
    return f"{kept} " if kept else ""


def _unknown(language: Language) -> Draft:
    return Draft(say(language, "answer.unknown"), "abstained")


def _steps(clock: Stopwatch) -> Mapping[str, float]:
    return {step: ms for step, ms in clock.read().items() if step != "total"}
