"""The generators that may be asked for an answer, in their order, until one of them writes.

Covers falling to the next while nothing has been shown. Does not cover quotas and cooldowns: those wrap the
generators it is given.
"""

from __future__ import annotations

import logging
from collections.abc import AsyncGenerator, AsyncIterator, Mapping, Sequence
from dataclasses import dataclass

import httpx
from pydantic import SecretStr

from core.errors import GenerationFailed
from core.generation.failure import Kind, ProviderFailed
from core.generation.provider import ProviderGenerator
from core.generation.table import Provider
from core.ports import Generator
from core.types import Language, Piece, Sampling, Turn

_log = logging.getLogger(__name__)

_OF_THE_WHOLE_PROVIDER = frozenset({Kind.AUTH, Kind.NETWORK})
"""Failures that every other model of the same provider would share."""


@dataclass(frozen=True, slots=True)
class OpenStream:
    """A reply that has begun: who writes it, and its pieces from the first on.

    The pieces raise ``GenerationFailed`` when it breaks off; nobody else is asked then, for it may have been shown.
    """

    generator: str
    model: str
    pieces: AsyncGenerator[Piece, None]


class Chain:
    """Generators in the order they are asked. Empty is legal, and false."""

    def __init__(self, generators: Sequence[Generator] = ()) -> None:
        self._generators = tuple(generators)

    def __bool__(self) -> bool:
        """Tell whether there is anyone to ask."""
        return bool(self._generators)

    @property
    def names(self) -> tuple[str, ...]:
        """Return who may be asked, in order, each once."""
        return tuple(dict.fromkeys(generator.name for generator in self._generators))

    async def open(self, prompt: Sequence[Turn], sampling: Sampling, language: Language) -> OpenStream:
        """Return the reply of the first generator rated for ``language`` that writes a first piece.

        Raises ``GenerationFailed`` when none does.
        """
        failures: list[str] = []
        passed_over: set[str] = set()
        for generator in self._generators:
            if generator.name in passed_over or language not in generator.languages:
                continue
            pieces = generator.stream(prompt, sampling)
            try:
                first = await anext(pieces)
            except StopAsyncIteration:
                failures.append(f"{generator.name}/{generator.model} wrote nothing")
            except GenerationFailed as failure:
                failures.append(f"{generator.name}/{generator.model} {failure}")
                if isinstance(failure, ProviderFailed) and failure.kind in _OF_THE_WHOLE_PROVIDER:
                    passed_over.add(generator.name)
            else:
                return OpenStream(generator.name, generator.model, _with_first(first, pieces))
            _log.warning("no answer from %s", failures[-1])
        raise GenerationFailed("; ".join(failures) or "nobody to ask")


def open_chain(
    providers: Sequence[Provider],
    keys: Mapping[str, SecretStr],
    client: httpx.AsyncClient,
    *,
    monthly_usd: float = 0.0,
) -> Chain:
    """Return the chain of every provider whose key is among ``keys``, named by its environment variable.

    A paid one is left out unless the operator allowed it money.
    """
    usable = (provider for provider in providers if monthly_usd > 0 or not provider.paid)
    return Chain(
        [
            ProviderGenerator(provider, model, keys[provider.key_env], client)
            for provider in usable
            if provider.key_env in keys and keys[provider.key_env].get_secret_value().strip()
            for model in provider.models
        ]
    )


async def _with_first(first: Piece, rest: AsyncIterator[Piece]) -> AsyncGenerator[Piece, None]:
    try:
        yield first
        async for piece in rest:
            yield piece
    finally:
        if isinstance(rest, AsyncGenerator):
            await rest.aclose()
