"""Writes what the gate decided: from the passages, from a provider, or "I don't know".

A model's own words are shown only as far as they are checked: the local model is read sentence by sentence, and
stopped at the first one that its passages do not carry.
"""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import aclosing
from dataclasses import dataclass, field, replace
from typing import Literal

from core.errors import GenerationFailed, Unavailable
from core.generation import prompt as prompts
from core.generation.citations import cited
from core.generation.expected import Expectation
from core.generation.extract import extract
from core.generation.relevance import Scored, rank
from core.generation.router import Router
from core.generation.support import Check, Support
from core.offload import offload
from core.ports import Embedder, LocalModel
from core.retrieval.chunk import sentences
from core.stopwatch import Stopwatch
from core.texts import say
from core.types import Found, Generation, Language, Piece, Sampling, Source

log = logging.getLogger(__name__)

Show = Callable[[str], Awaitable[None]]
"""Shows the whole text written so far."""

LOCAL_PROMPT_TOKENS = 700
"""What the local model reads: on a CPU every hundred tokens of prompt cost about a third of a second."""

PROVIDER_PROMPT_TOKENS = 3_500
"""What a provider reads: free plans count the tokens of a minute."""

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
class Writers:
    """Everyone who may write an answer."""

    local: LocalModel
    router: Router
    embedder: Embedder
    outside: Literal["abstain", "provider"]

    async def grounded(self, question: str, found: Found, show: Show) -> Draft:
        """Answer from the passages on this machine: in the local model's words where they stand, else in quotes."""
        clock = Stopwatch()
        with clock.step("rank"):
            ranked = await offload(rank, found, self.embedder)
        if Expectation(question).rules_out(scored.sentence.passage.text for scored in ranked[:1]):
            return replace(_unknown(found.language), latency_ms=_steps(clock))
        draft = None
        if found.language in self.local.languages:
            with clock.step("generate"):
                draft = await self._checked(question, found, ranked, show)
        if draft is None and (quoted := extract(ranked, found.language)):
            draft = Draft(quoted.text, "extract", sources=quoted.sources)
        return replace(draft or _unknown(found.language), latency_ms=_steps(clock))

    async def provided(self, question: str, found: Found, show: Show) -> Draft:
        """Answer from the passages in a provider's words; without a provider, say that nobody knows."""
        if not self.router:
            return _unknown(found.language)
        asked = prompts.grounded(
            question, found.context, found.language, PROVIDER_PROMPT_TOKENS, prompts.estimate_tokens
        )
        written = await self._asked(asked, found.language, show)
        if written is None:
            return _unknown(found.language)
        grounded = cited(written.text, asked.used)
        if not grounded.sources:  # it read the passages and leaned on none of them
            return _outside(written, found.language)
        return Draft(grounded.text, written.generator, written.model, grounded.sources, written)

    async def ungrounded(self, question: str, language: Language, show: Show) -> Draft:
        """Answer from a provider's own knowledge and say so, where the operator wants that; else "I don't know"."""
        if not self.router or self.outside == "abstain":
            return _unknown(language)
        written = await self._asked(prompts.ungrounded(question, language), language, show)
        return _outside(written, language) if written else _unknown(language)

    async def _checked(self, question: str, found: Found, ranked: Sequence[Scored], show: Show) -> Draft | None:
        """Let the local model write while its sentences stand; ``None`` when its first one does not."""
        check = Check(question, found.language, ranked)
        if not check.can_pass:
            return None
        try:
            asked = await offload(self._local_prompt, question, found, ranked)
            text, log_probs = "", list[float]()
            support = Support("", (), "")
            async with aclosing(self.local.stream(asked.turns, self._sampling)) as pieces:
                async for said, is_sentence in _by_sentence(pieces):
                    text += said.text
                    log_probs += said.log_probs
                    if is_sentence:
                        support = check.check(text)
                        if support.reason:
                            break
                        await show(support.text)
        except (GenerationFailed, Unavailable) as error:
            log.warning("the local model did not write: %s", error)
            return None
        log.info("local model: %s", support.reason or "supported")
        if not support.is_supported:
            return None
        generation = Generation(text, self.local.name, self.local.model, asked.turns, self._sampling, tuple(log_probs))
        return Draft(support.text, self.local.name, self.local.model, support.sources, generation)

    def _local_prompt(self, question: str, found: Found, ranked: Sequence[Scored]) -> prompts.Prompt:
        if self.local.style == "brief":
            return prompts.brief(question, found.context, ranked[0].sentence)
        budget = min(LOCAL_PROMPT_TOKENS, self.local.context_tokens - self._sampling.max_new_tokens)
        return prompts.grounded(question, found.context, found.language, budget, self.local.count_tokens)

    @property
    def _sampling(self) -> Sampling:
        return BRIEF if self.local.style == "brief" else Sampling()

    async def _asked(self, asked: prompts.Prompt, language: Language, show: Show) -> Generation | None:
        """Return what the first provider that writes has to say; what breaks off later is kept and marked."""
        sampling, text = Sampling(), ""
        try:
            opened = await self.router.open(asked.turns, sampling, language)
        except GenerationFailed as failure:
            log.warning("no provider answered: %s", failure)
            return None
        try:
            async for piece in opened.pieces:
                text += piece.text
                await show(text)
        except GenerationFailed as failure:
            log.warning("%s broke off: %s", opened.generator, failure)
            text += "\n\n" + say(language, "answer.broken_off")
        return Generation(text.strip(), opened.generator, opened.model, asked.turns, sampling)


async def _by_sentence(pieces: AsyncIterator[Piece]) -> AsyncIterator[tuple[Piece, bool]]:
    """Yield pieces joined into whole sentences (``True``), the last one also when it is cut short."""
    text, log_probs = "", list[float]()
    async for piece in pieces:
        text += piece.text
        log_probs += piece.log_probs
        spans = sentences(text)
        if len(spans) > 1:
            end = spans[-1].start
            yield Piece(text[:end], tuple(log_probs)), True
            text, log_probs = text[end:], []
    if text.strip() or log_probs:
        yield Piece(text, tuple(log_probs)), bool(text.strip())


def _outside(written: Generation, language: Language) -> Draft:
    """Mark a text as not from what the community taught."""
    marked = f"{say(language, 'answer.outside', generator=written.generator)}\n\n{written.text}"
    return Draft(marked, written.generator, written.model, generation=written)


def _unknown(language: Language) -> Draft:
    return Draft(say(language, "answer.unknown"), "abstained")


def _steps(clock: Stopwatch) -> Mapping[str, float]:
    return {step: ms for step, ms in clock.read().items() if step != "total"}
