"""Learning from the web: pages, themes, gaps in the knowledge, and watched sources."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Literal, Protocol

from core.errors import UserError
from core.services.chat_teaching import ChatTeachingPort
from core.services.review import ReviewPolicy
from core.types import Gap, IndexedDocument, Message, ReadingReport, Watch


@dataclass(frozen=True, slots=True)
class Finding:
    """What became of one page: ``reading`` while that is not known; ``waiting``: it waited for review before.

    ``unchanged`` and ``gone`` are said of watched pages.

    ``reason`` and ``values`` are a sentence of the catalogue; ``score`` is its quality, 0..1, once it was judged.
    """

    url: str
    title: str
    outcome: Literal["reading", "proposed", "learned", "waiting", "known", "rejected", "unchanged", "gone"]
    reason: str = ""
    values: Mapping[str, object] = field(default_factory=dict)
    score: float | None = None

    @classmethod
    def rejected(cls, url: str, title: str, error: UserError) -> Finding:
        """Return a page that could not be had or read."""
        return cls(url, title, "rejected", error.key, error.values)

    def duplicate_of(self, name: str, share: float) -> Finding:
        """Return the page as one that says what ``name`` says; ``share`` of it is the same."""
        return replace(self, outcome="rejected", reason="curation.duplicate", values={"name": name, "share": share})


FindingsListener = Callable[[tuple[Finding, ...]], Awaitable[None]]
"""Is given the outcome of every page so far, each time one changes."""


class GapsPort(Protocol):
    """The gaps of a space: questions AION could not answer. Bound to the space and the person of the message."""

    async def first(self, n_gaps: int) -> tuple[Gap, ...]:
        """Return the gaps that most people met, most first."""
        ...

    async def research(self, number: int, tell: FindingsListener) -> tuple[Finding, ...]:
        """Look for pages that would close a gap; they wait for approval.

        Raises ``BadInput`` when there is none of that number or nothing is found, ``Unavailable`` if no engine answers.
        """
        ...

    async def dismiss(self, number: int) -> Gap:
        """Dismiss a gap until its question is asked again. Raises ``BadInput`` when there is none of that number."""
        ...

    async def allow(self, n_pages: int) -> None:
        """Set how many pages AION may read by itself about this space's gaps in seven days."""
        ...

    async def allowed(self) -> int:
        """Return how many pages AION may read by itself in seven days."""
        ...


class WatchesPort(Protocol):
    """The watched pages, feeds and themes of a space. Bound to the space and the person of the message."""

    async def all(self) -> tuple[Watch, ...]:
        """Return what is watched here, oldest first."""
        ...

    async def page(self, url: str, every: timedelta) -> Watch:
        """Watch a page or a feed. Raises ``BadInput`` when it has no address, or too much is watched."""
        ...

    async def theme(self, theme: str, every: timedelta) -> Watch:
        """Search the web for a theme from now on. Raises ``BadInput`` when too much is watched."""
        ...

    async def stop(self, number: int) -> Watch:
        """Watch something no longer; what was learned stays. Raises ``BadInput`` when there is none of that number."""
        ...

    async def check(self, watch: Watch, tell: FindingsListener) -> tuple[Finding, ...]:
        """Read a watched source now. Raises ``BadInput`` or ``Unavailable`` when nothing could be seen."""
        ...


class LearningPort(Protocol):
    """Learning from the web. Bound to the space and the person of the message."""

    async def index_page(self, url: str) -> IndexedDocument:
        """Store one page somebody named, without judging it. Raises ``BadInput`` when it cannot be had."""
        ...

    async def readings(self, n_readings: int) -> tuple[ReadingReport, ...]:
        """Return what was read for this space last, newest first."""
        ...

    async def learn_page(self, url: str, tell: FindingsListener) -> tuple[Finding, ...]:
        """Read one page somebody named; learned or proposed, as the space wants it."""
        ...

    async def learn_theme(self, theme: str, tell: FindingsListener) -> tuple[Finding, ...]:
        """Search the web for a theme and keep the best pages, as the space wants it.

        Raises ``BadInput`` when the search finds nothing, and ``Unavailable`` when no engine answers.
        """
        ...

    def said(self, message: Message) -> ChatTeachingPort:
        """Return what may be learned of what people say where a message was said, for its sender."""
        ...

    @property
    def watches(self) -> WatchesPort:
        """Return the watches of the space."""
        ...

    @property
    def gaps(self) -> GapsPort:
        """Return the gaps of the space."""
        ...

    async def policy(self) -> ReviewPolicy:
        """Return the review policy of the space."""
        ...

    async def set_policy(self, policy: ReviewPolicy) -> None:
        """Set the review policy of the space."""
        ...
