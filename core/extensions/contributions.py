"""What a plugin registers beside commands: jobs, search engines and readers of file kinds; and its door to do so."""

from __future__ import annotations

import inspect
import re
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import PurePath
from typing import Any

from core.commands import NAME, Registry
from core.errors import PluginFailed
from core.markdown import Markdown
from core.types import Language, SpaceId

SHORTEST = timedelta(minutes=1)
"""Between two runs of a job."""

MAX_NOTICES = 5
"""What one run of a job may tell a space's moderators."""

_SUFFIX = re.compile(r"\.[a-z0-9]{1,12}")

TellModerators = Callable[[SpaceId, Markdown], Coroutine[Any, Any, None]]


@dataclass(slots=True)
class PluginJobRun:
    """One run of a job in one space. ``tell_moderators`` sends a notice to their channel, if they have one."""

    space: SpaceId
    language: Language
    _tell: TellModerators
    _n_told: int = field(default=0, init=False)

    async def tell_moderators(self, text: Markdown) -> None:
        """Send a notice. Raises ``PluginFailed`` after ``MAX_NOTICES`` of them."""
        self._n_told += 1
        if self._n_told > MAX_NOTICES:
            raise PluginFailed(f"it told moderators more than {MAX_NOTICES} things in one run")
        await self._tell(self.space, text)


@dataclass(frozen=True, slots=True)
class PluginJob:
    """Work that is done every so often in each space where the plugin is enabled."""

    name: str
    every: timedelta
    work: Callable[[PluginJobRun], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class FoundPage:
    """A page that a search engine found; it is fetched, judged and reviewed as any other."""

    url: str
    title: str = ""
    snippet: str = ""


@dataclass(frozen=True, slots=True)
class PluginEngine:
    """A search engine: ``search`` takes a theme and its language, and returns pages, best first."""

    name: str
    search: Callable[[str, Language], Awaitable[Sequence[FoundPage]]]


@dataclass(frozen=True, slots=True)
class PluginExtractor:
    """A reader of files with ``suffix``: ``extract`` takes bytes and a name, and returns Markdown."""

    suffix: str
    extract: Callable[[bytes, str], Awaitable[str]]


@dataclass
class PluginRegistry(Registry):
    """What one plugin registers: commands as any, and what else its manifest names."""

    jobs: list[PluginJob] = field(default_factory=list)
    engines: list[PluginEngine] = field(default_factory=list)
    extractors: list[PluginExtractor] = field(default_factory=list)

    def add_job(self, name: str, every: timedelta, work: Callable[[PluginJobRun], Awaitable[None]]) -> None:
        """Add a job. Raises ``PluginFailed`` where a part of it is wrong."""
        _require(NAME.fullmatch(name), f"the job {name!r} has no name of a-z, 0-9 and _")
        _require(isinstance(every, timedelta) and every >= SHORTEST, f"the job {name!r} runs more often than a minute")
        _require_coroutine(work, f"the job {name!r}")
        self.jobs.append(PluginJob(name, every, work))

    def add_search_engine(self, name: str, search: Callable[[str, Language], Awaitable[Sequence[FoundPage]]]) -> None:
        """Add a search engine. Raises ``PluginFailed`` where a part of it is wrong."""
        _require(NAME.fullmatch(name), f"the search engine {name!r} has no name of a-z, 0-9 and _")
        _require_coroutine(search, f"the search engine {name!r}")
        self.engines.append(PluginEngine(name, search))

    def add_extractor(self, suffix: str, extract: Callable[[bytes, str], Awaitable[str]]) -> None:
        """Add a reader of files. Raises ``PluginFailed`` where a part of it is wrong."""
        _require(_SUFFIX.fullmatch(suffix), f"the extractor's suffix {suffix!r} is not like .abc")
        _require_coroutine(extract, f"the extractor of {suffix!r}")
        self.extractors.append(PluginExtractor(suffix, extract))

    @property
    def contributed(self) -> dict[str, tuple[str, ...]]:
        """Return the names of what was registered, by the manifest's field that must name them."""
        return {
            "jobs": tuple(job.name for job in self.jobs),
            "engines": tuple(engine.name for engine in self.engines),
            "extractors": tuple(extractor.suffix for extractor in self.extractors),
        }


def suffix_of(name: str) -> str:
    """Return the suffix of a file's name in lower case, with its dot."""
    return PurePath(name).suffix.lower()


def _require(is_true: object, problem: str) -> None:
    if not is_true:
        raise PluginFailed(problem)


def _require_coroutine(function: object, what: str) -> None:
    _require(inspect.iscoroutinefunction(function), f"{what} is no coroutine function (async def)")
