"""Writes the answer that the gate decided on: from the passages, by a provider, or "I don't know".

A small local model's text is shown only as far as the support check passed: it is read sentence by sentence and stopped
at the first that its passages do not support. A large one's is checked as a whole, as a provider's is. Workers, other
machines with a model of their own, are asked before the local model, and that before any provider.
"""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import aclosing
from dataclasses import dataclass, replace
from typing import Literal

from core.errors import GenerationFailed, Unavailable
from core.generation.answer_policy import AnswerPolicy, default_policy
from core.generation.draft import CLOSEST, Draft, Show, unknown
from core.generation.grounding.answer_type import lacks_what_is_asked, none_can_answer
from core.generation.grounding.extractive import GLANCE, QuoteRooms, closest, extract
from core.generation.grounding.quote_ranking import ScoredQuotation, rank_quotations
from core.generation.grounding.sentence_ranking import ScoredSentence, rank
from core.generation.grounding.support import SupportCheck, SupportResult
from core.generation.prompting import prompt as prompts
from core.generation.prompting.persona import Persona
from core.generation.providers.router import Router
from core.generation.remote_models import PluginModels, RemoteModels, RemoteReply, no_plugins
from core.generation.reply_check import cited_reply, grounded_reply, ungrounded, without_marker
from core.offload import offload
from core.ports import Embedder, LocalModel
from core.retrieval.sentences import sentences
from core.stopwatch import Stopwatch
from core.types import GLOBAL, AnalyzedQuestion, Generation, Language, Passage, Piece, Sampling, SearchResult, SpaceId

log = logging.getLogger(__name__)

NeighbourReader = Callable[[Sequence[Passage]], Awaitable[Sequence[Passage]]]
"""Reads the passages right before and after some passages, in their documents."""

ReplyCheck = Callable[[RemoteReply, prompts.Prompt, AnalyzedQuestion], Draft | None]
"""Makes a reply to a prompt an answer if it stands in its passages."""

PROMPT_TOKENS = (3_500, 1_500, 900)
"""Prompt sizes, estimated. Free plans limit the tokens of a minute; the smaller ones are for providers that refuse the
larger, for small contexts, and for models that read slowly: on two cores 900 take one of 1.5 billion weights 15 s."""

WriterChoice = Literal["auto", "local", "provider", "extract"]
"""Who may write an answer (``AION_WRITER``)."""

BRIEF = Sampling(temperature=0.0, max_new_tokens=120)
"""For small models, which only rephrase what they read: greedy decoding, and a short reply."""


@dataclass(frozen=True, slots=True)
class Writers:
    """Every model that may write an answer. ``workers`` returns the other machines that may be asked now, in order.

    ``outside_knowledge`` says whether a provider may answer from its own knowledge. ``so_far`` is always the start of
    an answer that broke off, to be continued. ``refuses_training_plans`` says of the space of a question whether
    providers that train on what they are sent are left out. ``writer``: ``auto`` asks the local model, then providers,
    and quotes where none of them writes what the passages hold; the others ask only one of these, and quote. ``policy``
    returns what a space's moderators allow, and its persona. ``rooms`` is how much is quoted. ``plugins`` returns the
    models of a space's plugins, which are asked after the local one where anybody may write. ``second`` is the second
    embedder, which helps to rank quotations.
    """

    local: LocalModel
    router: Router
    embedder: Embedder
    outside_knowledge: Literal["abstain", "provider"]
    workers: Callable[[], Sequence[LocalModel]] = tuple
    neighbours: NeighbourReader | None = None
    refuses_training_plans: Callable[[SpaceId], bool] = lambda space: False
    writer: WriterChoice = "auto"
    policy: Callable[[SpaceId], Awaitable[AnswerPolicy]] = default_policy
    rooms: QuoteRooms = GLANCE
    plugins: PluginModels = no_plugins
    second: Embedder | None = None

    async def grounded(self, found: SearchResult, show: Show, space: SpaceId = GLOBAL) -> Draft:
        """Answer from the passages: in the words of the first writer whose words stand in them, else in quotes."""
        language, clock = found.question.language, Stopwatch()
        draft, persona = None, (await self.policy(space)).persona
        if models := self._small_models(language):
            with clock.step("rank"):
                ranked = await offload(rank, found, self.embedder)
            if _none_can_answer(found, [best.sentence.passage for best in ranked[:1]]):
                return replace(unknown(language), latency_ms=_steps(clock))
            with clock.step("generate"):
                draft = await self._generated(models, found, ranked, show)
        if draft is None:
            with clock.step("ask"):
                draft = await self._prose(found, await self._large_models(space), show, "", persona, grounded_reply)
        if draft is None:
            with clock.step("quote"):
                draft = await self._quoted(found)
        return replace(draft, latency_ms=_steps(clock))

    async def closest(self, found: SearchResult, space: SpaceId = GLOBAL) -> Draft:
        """Quote what comes closest to an answer, and say that it may be none.

        "I don't know" without passages, and where the space's policy is to answer only what is sure.
        """
        language, clock = found.question.language, Stopwatch()
        if (await self.policy(space)).range == "sure":
            return unknown(language)
        with clock.step("quote"):
            ranked = await self._ranked_quotations(found)
            quoted = closest(ranked, language, self.rooms, found.question.unmentioned)
        if quoted is None:
            return unknown(language)
        return Draft(quoted.text, CLOSEST, sources=quoted.sources, latency_ms=_steps(clock))

    async def provided(self, found: SearchResult, show: Show, so_far: str = "", space: SpaceId = GLOBAL) -> Draft:
        """Answer from the passages in the words of a large model that finds the answer there; else "I don't know"."""
        persona = (await self.policy(space)).persona
        draft = await self._prose(found, await self._large_models(space), show, so_far, persona, cited_reply)
        return draft or unknown(found.question.language)

    async def outside(self, found: SearchResult, show: Show, so_far: str = "", space: SpaceId = GLOBAL) -> Draft:
        """Answer from a provider's own knowledge and say so, where operator and space allow; else "I don't know".

        It is asked with the passages while there are any, and answers from them where they answer after all.
        """
        language, models, policy = found.question.language, self._providers(space), await self.policy(space)
        is_allowed = self.outside_knowledge == "provider" and policy.range == "everything"
        if not is_allowed or not models.any_for(language):
            return unknown(language)
        if found.context:
            sized = self._prompts(found, (), "beside", policy.persona)
        else:
            sized = (prompts.ungrounded(found.question.text, language, policy.persona),)
        reply = await models.write([prompt.turns for prompt in sized], language, show, so_far)
        if reply is None:
            return unknown(language)
        return cited_reply(reply, sized[0], found.question) or ungrounded(reply, language)

    async def _prose(
        self,
        found: SearchResult,
        writers: Sequence[RemoteModels],
        show: Show,
        so_far: str,
        persona: Persona,
        check: ReplyCheck,
    ) -> Draft | None:
        """Return the first reply from the passages that passes the check; ``None`` when there is none."""
        question, language = found.question, found.question.language
        able = [models for models in writers if models.any_for(language)]
        sized = self._prompts(found, await self._neighbours(found), "full", persona) if able else ()
        for models in able:
            reply = await models.write([prompt.turns for prompt in sized], language, without_marker(show), so_far)
            if reply and (draft := check(reply, sized[0], question)):
                return draft
        return None

    def _prompts(
        self,
        found: SearchResult,
        near: Sequence[Passage],
        instructions: Literal["full", "beside"],
        persona: Persona,
    ) -> tuple[prompts.Prompt, ...]:
        """Return one prompt in each of ``PROMPT_TOKENS``, the largest first."""
        question, language, count = found.question.text, found.question.language, prompts.estimate_tokens

        def of_size(n_tokens: int) -> prompts.Prompt:
            return prompts.grounded(question, found.context, language, n_tokens, count, near, instructions, persona)

        return tuple(map(of_size, PROMPT_TOKENS))

    def _small_models(self, language: Language) -> list[LocalModel]:
        """Return the workers and the local model that are small and write the language: each sentence is checked."""
        models = (*self.workers(), self.local) if self.writer in ("auto", "local") else ()
        return [model for model in models if model.style == "brief" and language in model.languages]

    async def _large_models(self, space: SpaceId) -> list[RemoteModels]:
        """Return the models that may be trusted to say that passages do not answer, those of the operator first.

        Where one of a group wrote nothing that stands, the next group is asked.
        """
        match self.writer:
            case "extract":
                return []
            case "local":
                return [self._own_models()]
            case "auto":
                theirs = [RemoteModels((model,), Router()) for model in await self.plugins(space)]
                return [self._own_models(), *theirs, replace(self._providers(space), workers=())]
            case "provider":
                return [self._providers(space)]

    def _own_models(self) -> RemoteModels:
        return RemoteModels((*self.workers(), self.local), Router())

    def _providers(self, space: SpaceId) -> RemoteModels:
        refused = self.router.training if self.refuses_training_plans(space) else frozenset[tuple[str, str]]()
        return RemoteModels(self.workers(), self.router, refused)

    async def _quoted(self, found: SearchResult) -> Draft:
        """Return the passages' own words; "I don't know" where they cannot answer."""
        quoted, question = extract(await self._ranked_quotations(found), self.rooms), found.question
        if quoted is None or lacks_what_is_asked(question.text, question.answer_types, quoted.first):
            return unknown(question.language)
        return Draft(quoted.text, "extract", sources=quoted.sources)

    async def _ranked_quotations(self, found: SearchResult) -> list[ScoredQuotation]:
        return await offload(rank_quotations, found, await self._neighbours(found), self.embedder, None, self.second)

    async def _neighbours(self, found: SearchResult) -> Sequence[Passage]:
        return await self.neighbours([hit.passage for hit in found.context]) if self.neighbours else ()

    async def _generated(
        self,
        models: Sequence[LocalModel],
        found: SearchResult,
        ranked: Sequence[ScoredSentence],
        show: Show,
    ) -> Draft | None:
        """Return the supported text of the first model that writes; ``None`` when there is none."""
        check = SupportCheck(found.question, ranked)
        if not check.can_pass:
            return None
        for model in models:
            try:
                return await self._checked(model, check, found, ranked[0], show)
            except (GenerationFailed, Unavailable) as error:
                log.warning("%s did not write: %s", model.name, error)
        return None

    async def _checked(
        self,
        model: LocalModel,
        check: SupportCheck,
        found: SearchResult,
        best: ScoredSentence,
        show: Show,
    ) -> Draft | None:
        """Let a model write while its sentences are supported; ``None`` when its first one is not.

        Raises ``GenerationFailed`` or ``Unavailable`` when it wrote nothing at all.
        """
        prompt = prompts.brief(found.question.text, found.context, best.sentence)
        text, log_probs, lora_version = "", list[float](), None
        support = SupportResult("", (), "")
        try:
            async with aclosing(model.stream(prompt.turns, BRIEF)) as pieces:
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
        generation = Generation(text, model.name, model.model, prompt.turns, BRIEF, tuple(log_probs), lora_version)
        return Draft(support.text, model.name, model.model, support.sources, generation)


def _none_can_answer(found: SearchResult, passages: Sequence[Passage]) -> bool:
    return none_can_answer(found.question.answer_types, [passage.text for passage in passages])


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


def _steps(clock: Stopwatch) -> Mapping[str, float]:
    return {step: ms for step, ms in clock.read().items() if step != "total"}
