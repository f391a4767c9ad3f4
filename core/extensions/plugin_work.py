"""What plugins do beside commands and hooks: their jobs, the pages they find and the files they read, within limits.

Each acts in the spaces that enabled its plugin's code, in the plugin's thread; what fails is that plugin's alone.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from functools import partial

from core.errors import AionError, BadInput, PluginFailed
from core.extensions.contributions import (
    FoundPage,
    PluginEngine,
    PluginExtractor,
    PluginJob,
    PluginJobRun,
    TellModerators,
    suffix_of,
)
from core.extensions.host import PluginHost
from core.extensions.loader import LoadedPlugin
from core.extensions.plugin_context import OtherLoop
from core.markdown import Markdown
from core.storage.plugin_grants import PluginGrants
from core.types import Language, SpaceId

log = logging.getLogger(__name__)

JOB_S, SEARCH_S, EXTRACT_S = 300.0, 10.0, 30.0
"""Deadlines of a job in one space, of a search, and of reading a file."""

MAX_PAGES = 10
"""Pages taken of one search."""

MAX_TEXT_CHARS = 5_000_000
"""Characters taken of one file."""

SpaceLanguage = Callable[[SpaceId], Awaitable[Language]]


@dataclass(frozen=True, slots=True)
class ScheduledPluginJob:
    """A job of a plugin under a name of its own; ``run`` does it everywhere, as ``PluginWork`` says."""

    name: str
    every: timedelta
    run: Callable[[], Awaitable[str]]


@dataclass(frozen=True, slots=True)
class PluginWork:
    """The work of a host's plugins. ``tell`` sends a notice to moderators; ``language`` is that of a space."""

    host: PluginHost
    grants: PluginGrants
    tell: TellModerators
    language: SpaceLanguage

    def jobs(self) -> list[ScheduledPluginJob]:
        """Return the jobs of the plugins that run, each named ``plugin.job``."""
        return [
            ScheduledPluginJob(f"{plugin.name}.{job.name}", job.every, partial(self._run, plugin, job))
            for plugin in self.host.loaded
            for job in plugin.registered.jobs
        ]

    async def find_pages(self, space: SpaceId, theme: str, language: Language) -> tuple[FoundPage, ...]:
        """Return what the search engines enabled in a space find about a theme; of one that fails nothing."""
        found: list[FoundPage] = []
        for plugin in await self.host.enabled(space):
            for engine in plugin.registered.engines:
                with suppress(AionError):
                    search = partial(_searched, engine, theme, language)
                    found += await self.host.call(plugin, search, SEARCH_S)
        return tuple(found)

    async def takes(self, space: SpaceId, name: str) -> bool:
        """Return whether a plugin enabled in a space reads files named so."""
        return await self._reader(space, name) is not None

    async def extract(self, space: SpaceId, name: str, data: bytes) -> str | None:
        """Return what a plugin enabled in a space reads in a file, as Markdown; ``None`` where none reads its kind.

        Raises ``BadInput`` when the plugin fails.
        """
        reader = await self._reader(space, name)
        if reader is None:
            return None
        plugin, extractor = reader
        try:
            return await self.host.call(plugin, partial(_extracted, extractor, data, name), EXTRACT_S)
        except PluginFailed as error:
            raise BadInput("plugin.failed", name=plugin.name) from error

    async def _reader(self, space: SpaceId, name: str) -> tuple[LoadedPlugin, PluginExtractor] | None:
        suffix = suffix_of(name)
        enabled = await self.host.enabled(space) if suffix else []
        return next(((p, each) for p in enabled for each in p.registered.extractors if each.suffix == suffix), None)

    async def _run(self, plugin: LoadedPlugin, job: PluginJob) -> str:
        """Do a job in every space where its plugin is enabled, one after the other; return a line for the record.

        Raises ``PluginFailed`` with the line where it failed in any of them.
        """
        spaces = await self.grants.spaces(plugin.name, plugin.source.digest)
        home, n_failed = OtherLoop(asyncio.get_running_loop()), 0

        async def tell(space: SpaceId, text: Markdown) -> None:
            await home.run(self.tell(space, text))

        for space in spaces:
            run = PluginJobRun(space, await self.language(space), tell)
            try:
                await self.host.call(plugin, partial(job.work, run), JOB_S)
            except AionError as error:
                n_failed += 1
                log.warning("job %s of plugin %s failed in %s: %s", job.name, plugin.name, space, error)
        line = f"ran in {len(spaces)} spaces, failed in {n_failed}"
        if n_failed:
            raise PluginFailed(line)
        return line


async def _searched(engine: PluginEngine, theme: str, language: Language) -> list[FoundPage]:
    """Return the first pages of a search. Raises ``PluginFailed`` for anything that is none."""
    found = list(await engine.search(theme, language))[:MAX_PAGES]
    if not all(isinstance(page, FoundPage) and isinstance(page.url, str) for page in found):
        raise PluginFailed(f"the search engine {engine.name!r} returned something else than FoundPage")
    return found


async def _extracted(extractor: PluginExtractor, data: bytes, name: str) -> str:
    """Return the text of a file. Raises ``PluginFailed`` for anything that is none."""
    text = await extractor.extract(data, name)
    if not isinstance(text, str) or len(text) > MAX_TEXT_CHARS:
        raise PluginFailed(
            f"the extractor of {extractor.suffix} returned no text of at most {MAX_TEXT_CHARS} characters"
        )
    return text
