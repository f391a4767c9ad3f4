"""What a plugin registers beside commands: jobs, search engines, readers of files, pages, writers; and its door."""

from __future__ import annotations

import inspect
import re
from collections.abc import Awaitable, Callable, Coroutine, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import PurePath
from typing import Any, Literal, get_args

from core.commands import NAME, Localised, Registry
from core.control_characters import without_controls
from core.errors import PluginFailed
from core.extensions.manifest import NAME as PLUGIN_NAME
from core.extensions.screen_parts import ScreenPart, ScreenVisit
from core.markdown import Markdown
from core.types import LANGUAGES, Language, PromptTurn, SpaceId

SHORTEST = timedelta(minutes=1)
"""Between two runs of a job."""

MAX_NOTICES = 5
"""What one run of a job may tell a space's moderators."""

MAX_SCREENS, MAX_TITLE_CHARS = 5, 40
"""Pages that one plugin may add to the menu, and characters of their titles."""

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


@dataclass(frozen=True, slots=True)
class WritingTask:
    """An answer to be written in ``space``. ``turns`` is the prompt: instructions, numbered passages, question."""

    space: SpaceId
    turns: tuple[PromptTurn, ...]
    max_tokens: int


@dataclass(frozen=True, slots=True)
class PluginGenerator:
    """A writer of answers: ``write`` returns a whole reply. ``prompt_tokens``: how long a prompt may be."""

    name: str
    write: Callable[[WritingTask], Awaitable[str]]
    languages: frozenset[Language]
    prompt_tokens: int


ScreenRole = Literal["moderator", "operator"]
"""Who may see a page; ``operator``: the operator's own accounts alone."""


@dataclass(frozen=True, slots=True)
class PluginScreen:
    """A page of the dashboard: ``show`` returns its parts, ``send`` takes its forms; ``None``: it has none."""

    name: str
    title: Localised
    show: Callable[[ScreenVisit], Awaitable[Sequence[ScreenPart]]]
    send: Callable[[ScreenVisit], Awaitable[None]] | None
    role: ScreenRole


@dataclass
class PluginRegistry(Registry):
    """What one plugin registers: commands as any, and what else its manifest names."""

    jobs: list[PluginJob] = field(default_factory=list)
    engines: list[PluginEngine] = field(default_factory=list)
    extractors: list[PluginExtractor] = field(default_factory=list)
    generators: list[PluginGenerator] = field(default_factory=list)
    screens: list[PluginScreen] = field(default_factory=list)

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

    def add_generator(
        self,
        name: str,
        write: Callable[[WritingTask], Awaitable[str]],
        languages: Sequence[Language] = LANGUAGES,
        prompt_tokens: int = 3_500,
    ) -> None:
        """Add a writer of answers. Raises ``PluginFailed`` where a part of it is wrong."""
        _require(re.fullmatch(PLUGIN_NAME, name), f"the generator {name!r} has no name of at most 20 of a-z, 0-9 and _")
        _require(languages and {*languages} <= {*LANGUAGES}, f"the generator {name!r} writes no language of ours")
        _require(type(prompt_tokens) is int and prompt_tokens > 0, f"the generator {name!r} reads no prompt")
        _require_coroutine(write, f"the generator {name!r}")
        self.generators.append(PluginGenerator(name, write, frozenset(languages), prompt_tokens))

    def add_screen(
        self,
        name: str,
        title: str | Localised,
        show: Callable[[ScreenVisit], Awaitable[Sequence[ScreenPart]]],
        send: Callable[[ScreenVisit], Awaitable[None]] | None = None,
        role: ScreenRole = "moderator",
    ) -> None:
        """Add a page of the dashboard. Raises ``PluginFailed`` where a part of it is wrong."""
        _require(NAME.fullmatch(name), f"the screen {name!r} has no name of a-z, 0-9 and _")
        _require(role in get_args(ScreenRole), f"the role of the screen {name!r} is none of {get_args(ScreenRole)}")
        _require_coroutine(show, f"the screen {name!r}")
        if send is not None:
            _require_coroutine(send, f"what takes the forms of the screen {name!r}")
        _require(len(self.screens) < MAX_SCREENS, f"it has more than {MAX_SCREENS} screens")
        self.screens.append(PluginScreen(name, _title(title, name), show, send, role))

    @property
    def contributed(self) -> dict[str, tuple[str, ...]]:
        """Return the names of what was registered, by the manifest's field that must name them."""
        return {
            "jobs": tuple(job.name for job in self.jobs),
            "engines": tuple(engine.name for engine in self.engines),
            "extractors": tuple(extractor.suffix for extractor in self.extractors),
            "generators": tuple(generator.name for generator in self.generators),
            "screens": tuple(screen.name for screen in self.screens),
        }


def suffix_of(name: str) -> str:
    """Return the suffix of a file's name in lower case, with its dot."""
    return PurePath(name).suffix.lower()


def _title(title: object, name: str) -> Localised:
    """Return a title in every language, one standing in for another that is missing, as a plain text."""
    given = title if isinstance(title, Mapping) else dict.fromkeys(LANGUAGES, title)
    known = [given[language] for language in LANGUAGES if language in given]
    is_sound = known and all(isinstance(text, str) and 0 < len(text) <= MAX_TITLE_CHARS for text in known)
    _require(is_sound, f"the title of the screen {name!r} is no text of at most {MAX_TITLE_CHARS} characters")
    return {language: without_controls(str.__str__(given.get(language, known[0]))) for language in LANGUAGES}


def _require(is_true: object, problem: str) -> None:
    if not is_true:
        raise PluginFailed(problem)


def _require_coroutine(function: object, what: str) -> None:
    _require(inspect.iscoroutinefunction(function), f"{what} is no coroutine function (async def)")
