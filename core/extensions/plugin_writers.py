"""Writers of answers that plugins register, as models that are asked in their order (``core.generation.writer``).

What they write is checked against the passages as the words of any large model are. One that fails is passed over.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Literal

from core.errors import AionError, GenerationFailed, PluginFailed
from core.extensions.contributions import PluginGenerator, WritingTask
from core.extensions.host import PluginHost
from core.extensions.loader import LoadedPlugin
from core.types import PLUGIN, Language, Piece, PromptTurn, Sampling, SpaceId

WRITE_S = 45.0
"""Deadline of one answer."""

MAX_REPLY_CHARS = 20_000


@dataclass(frozen=True, slots=True)
class PluginModel:
    """A plugin's writer in one space (``core.ports.LocalModel``)."""

    host: PluginHost
    plugin: LoadedPlugin
    generator: PluginGenerator
    space: SpaceId

    @property
    def name(self) -> str:
        """Return ``plugin:PLUGIN.WRITER``."""
        return f"{PLUGIN}{self.plugin.name}.{self.generator.name}"

    @property
    def model(self) -> str:
        """Return the plugin's name and version."""
        return f"{self.plugin.name} {self.plugin.source.manifest.version}"

    @property
    def languages(self) -> frozenset[Language]:
        """Return the languages that the plugin says it writes."""
        return self.generator.languages

    @property
    def style(self) -> Literal["brief", "full"]:
        """Return ``full``: its reply is checked as a whole."""
        return "full"

    @property
    def prompt_tokens(self) -> int:
        """Return how long a prompt may be, as the plugin says."""
        return self.generator.prompt_tokens

    @property
    def context_tokens(self) -> int:
        """Return the tokens of a prompt and a reply."""
        return self.prompt_tokens + Sampling().max_new_tokens

    def count_tokens(self, text: str) -> int:
        """Return an upper estimate: a character is one token at most."""
        return len(text)

    def warm(self) -> None:
        """Do nothing: a plugin begins when it is asked."""

    async def stream(self, prompt: Sequence[PromptTurn], sampling: Sampling) -> AsyncGenerator[Piece, None]:
        """Yield the whole reply. Raises ``GenerationFailed`` when the plugin fails."""
        task = WritingTask(self.space, tuple(prompt), sampling.max_new_tokens)
        try:
            text = await self.host.call(self.plugin, partial(_written, self.generator, task), WRITE_S)
        except AionError as error:
            raise GenerationFailed(str(error)) from error
        if text.strip():
            yield Piece(text)


@dataclass(frozen=True, slots=True)
class PluginWriters:
    """The writers of a host's plugins."""

    host: PluginHost

    async def of(self, space: SpaceId) -> Sequence[PluginModel]:
        """Return those of the plugins enabled in a space, by plugin, in the order they were registered."""
        if not any(plugin.registered.generators for plugin in self.host.loaded):
            return ()
        return [
            PluginModel(self.host, plugin, generator, space)
            for plugin in await self.host.enabled(space)
            for generator in plugin.registered.generators
        ]


async def _written(generator: PluginGenerator, task: WritingTask) -> str:
    """Return a plugin's reply. Raises ``PluginFailed`` for anything that is none."""
    text = await generator.write(task)
    if not isinstance(text, str) or len(text) > MAX_REPLY_CHARS:
        raise PluginFailed(f"the generator {generator.name!r} wrote no text of at most {MAX_REPLY_CHARS} characters")
    return str.__str__(text)
