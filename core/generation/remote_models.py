"""Models that are trusted to write whole answers: workers and the local one first, then providers.

The first that begins to write is streamed to its end.
"""

from __future__ import annotations

import logging
from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence, Set
from contextlib import aclosing
from dataclasses import dataclass

from core.errors import GenerationFailed, Unavailable
from core.generation.draft import Show
from core.generation.prompting import prompt as prompts
from core.generation.providers.router import OpenStream, Router
from core.offload import offload
from core.ports import LocalModel
from core.types import Generation, Language, Piece, PromptTurn, Sampling, SpaceId

log = logging.getLogger(__name__)

PluginModels = Callable[[SpaceId], Awaitable[Sequence[LocalModel]]]
"""Returns the models of the plugins that are enabled in a space, in order."""


async def no_plugins(space: SpaceId) -> Sequence[LocalModel]:
    """Return no models."""
    return ()


@dataclass(frozen=True, slots=True)
class RemoteReply:
    """What a worker or provider wrote; ``is_broken`` when it failed, or reached its limit, before its end."""

    generation: Generation
    is_broken: bool


@dataclass(frozen=True, slots=True)
class RemoteModels:
    """The workers and the providers that may be asked now, in order; not those in ``refused``: names and models."""

    workers: Sequence[LocalModel]
    router: Router
    refused: frozenset[tuple[str, str]] = frozenset()

    def any_for(self, language: Language) -> bool:
        """Return whether there is a model to ask."""
        return self.router.any_without(self.refused) or bool(self._able_workers(language))

    async def write(
        self, prompts_by_size: Sequence[tuple[PromptTurn, ...]], language: Language, show: Show, so_far: str
    ) -> RemoteReply | None:
        """Return the reply of the first model that begins one, also when it breaks off; ``None`` when none does.

        One whose words were all taken back, since they were reasoning or led to a tool call, has not begun a reply.
        ``prompts_by_size`` are versions of one prompt, the largest first. ``so_far`` is the start of an answer that
        broke off, to be continued; the reply begins with it.
        """
        start = _whole_words(so_far)
        continuation = prompts.continuation(start, language) if start else ()
        full = [(*turns, *continuation) for turns in prompts_by_size]
        without = set(self.refused)
        while True:
            try:
                opened = await self._open(full, language, without)
            except GenerationFailed as failure:
                log.warning("no provider answered: %s", failure)
                return None
            text, is_broken = await _written(opened, start, show)
            if text != start or not is_broken:
                generation = Generation(text.strip(), opened.generator, opened.model, prompts_by_size[0], Sampling())
                return RemoteReply(generation, is_broken)
            without.add((opened.generator, opened.model))

    def _able_workers(self, language: Language) -> list[LocalModel]:
        """Return the workers whose replies need no check of every sentence."""
        return [worker for worker in self.workers if worker.style == "full" and language in worker.languages]

    async def _open(
        self, prompts_by_size: Sequence[tuple[PromptTurn, ...]], language: Language, without: Set[tuple[str, str]]
    ) -> OpenStream:
        sampling = Sampling()
        for worker in self._able_workers(language):
            if (worker.name, worker.model) in without:
                continue
            try:
                fitting = await offload(_largest_fitting, worker, prompts_by_size, sampling)
                return await _opened(worker, fitting, sampling)
            except (GenerationFailed, Unavailable) as error:
                log.warning("%s did not write: %s", worker.name, error)
        return await self.router.open(prompts_by_size[0], sampling, language, prompts_by_size[1:], without)


async def _written(opened: OpenStream, start: str, show: Show) -> tuple[str, bool]:
    """Return ``start`` with the reply, showing it as it grows, and whether the reply broke off.

    What turns out to be reasoning, or words before a tool call, is taken back.
    """
    text, is_broken = start, False
    try:
        async for piece in opened.pieces:
            text = (start if piece.is_restart else text) + piece.text
            is_broken = piece.is_cut
            if text:
                await show(text)
    except GenerationFailed as failure:
        log.warning("%s broke off: %s", opened.generator, failure)
        is_broken = True
    return text, is_broken


def _largest_fitting(
    model: LocalModel, prompts_by_size: Sequence[tuple[PromptTurn, ...]], sampling: Sampling
) -> tuple[PromptTurn, ...]:
    """Return the largest prompt that is read in time and leaves the model room for its reply; else the smallest.

    Blocks while the model loads.
    """
    room = min(model.context_tokens - sampling.max_new_tokens, model.prompt_tokens)
    sizes = [sum(prompts.estimate_tokens(turn.content) for turn in turns) for turns in prompts_by_size]
    fitting = (turns for turns, size in zip(prompts_by_size, sizes, strict=True) if size <= room)
    return next(fitting, prompts_by_size[-1])


async def _opened(model: LocalModel, turns: Sequence[PromptTurn], sampling: Sampling) -> OpenStream:
    """Return a model's reply once its first piece is there. Raises what ``stream`` raises before it."""
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


def _whole_words(text: str) -> str:
    """Return ``text`` up to the last white space, and a space; empty for a single word, which may be incomplete."""
    kept = text[: max(text.rfind(" "), text.rfind("\n")) + 1].rstrip()
    return f"{kept} " if kept else ""
