"""What commands may do: each service bound to the space and the person that called, behind a Protocol.

A plugin reaches them through its ``core.commands.Context`` alone.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Literal, Protocol

from core.errors import UserError
from core.said import Said
from core.types import Attachment, Document, File, Gap, Indexed, Message, Proposal, Reading, Watch


class Knowledge(Protocol):
    """What commands may do with a space's documents. Bound to the space of the message."""

    async def index_attachment(self, attachment: Attachment) -> Indexed:
        """Store one file's text. Raises ``BadInput`` when it is too large or no text can be read from it."""
        ...

    async def index_page(self, url: str) -> Indexed:
        """Fetch one web page and store its text. Raises ``BadInput`` when it cannot be had."""
        ...

    async def documents(self) -> tuple[Document, ...]:
        """List the space's own documents, by title."""
        ...

    async def forget(self, name: str) -> Document:
        """Remove the document of that name, title or number. Raises ``BadInput`` when there is none."""
        ...

    async def map(self, heading: str) -> File:
        """Draw what may be answered from here, in three dimensions. Raises ``BadInput`` when there is nothing yet."""
        ...


@dataclass(frozen=True, slots=True)
class Verdict:
    """What became of a proposal: ``indexed`` is ``None`` unless it was approved just now.

    ``is_new`` is false when somebody had decided before.
    """

    proposal: Proposal
    is_new: bool
    indexed: Indexed | None = None


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


Tell = Callable[[tuple[Finding, ...]], Awaitable[None]]
"""Hears what has become of every page so far."""


class GapList(Protocol):
    """What commands may do about what AION could not answer. Bound to the space and the person of the message."""

    async def first(self, n_gaps: int) -> tuple[Gap, ...]:
        """Return the gaps that most people met."""
        ...

    async def research(self, number: int, tell: Tell) -> tuple[Finding, ...]:
        """Look for pages that would close a gap; they wait for approval.

        Raises ``BadInput`` when there is none of that number or nothing is found, ``Unavailable`` if no engine answers.
        """
        ...

    async def dismiss(self, number: int) -> Gap:
        """Leave a gap alone until it is asked anew. Raises ``BadInput`` when there is none of that number."""
        ...

    async def allow(self, n_pages: int) -> None:
        """Set how many pages AION may read by itself about this space's gaps in seven days."""
        ...

    async def allowed(self) -> int:
        """Return how many pages AION may read by itself in seven days."""
        ...


class WatchList(Protocol):
    """What commands may do about what is looked at again and again. Bound to space and person of the message."""

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

    async def look(self, watch: Watch, tell: Tell) -> tuple[Finding, ...]:
        """Look at what is watched now. Raises ``BadInput`` or ``Unavailable`` when nothing could be seen."""
        ...


class Curation(Protocol):
    """What commands may do to learn from the web. Bound to the space and the person of the message."""

    async def index_page(self, url: str) -> Indexed:
        """Store one page somebody named, without judging it. Raises ``BadInput`` when it cannot be had."""
        ...

    async def readings(self, n_readings: int) -> tuple[Reading, ...]:
        """Return what was read for this space last, newest first."""
        ...

    async def learn_page(self, url: str, tell: Tell) -> tuple[Finding, ...]:
        """Read one page somebody named; learned or proposed, as the space wants it."""
        ...

    async def learn_theme(self, theme: str, tell: Tell) -> tuple[Finding, ...]:
        """Search the web for a theme and keep the best pages, as the space wants it.

        Raises ``BadInput`` when the search finds nothing, and ``Unavailable`` when no engine answers.
        """
        ...

    def said(self, message: Message) -> Said:
        """Return what may be learned of what people say where a message was said, for its sender."""
        ...

    @property
    def watches(self) -> WatchList:
        """Return what is looked at again and again here."""
        ...

    @property
    def gaps(self) -> GapList:
        """Return what AION could not answer here."""
        ...

    async def policy(self) -> ReviewPolicy:
        """Return what waits for approval here."""
        ...

    async def set_policy(self, policy: ReviewPolicy) -> None:
        """Set what waits for approval here."""
        ...


ReviewPolicy = Literal["all", "found", "none"]
"""What waits for a moderator's approval: ``all``: also a page that a moderator names; ``found``: what a search found;
``none``: nothing that a moderator asked for. What AION looks for by itself always waits."""


class Review(Protocol):
    """What commands may do with what waits for a moderator. Bound to the space and the person of the message."""

    async def pending(self) -> tuple[Proposal, ...]:
        """List what waits, oldest first."""
        ...

    async def approve(self, number: int) -> Verdict:
        """Make a proposal a document, once. Raises ``BadInput`` when the space has none of that number."""
        ...

    async def approve_site(self, site: str) -> tuple[Verdict, ...]:
        """Approve everything that waits from one site."""
        ...

    async def reject(self, number: int, reason: str) -> Verdict:
        """Decline a proposal, once; the same text is not proposed again. Raises ``BadInput`` as ``approve`` does."""
        ...


ChannelMode = Literal["free", "mention"]
"""When AION speaks in a channel: ``free``: also unasked, when it is sure; ``mention``: only when addressed."""


class GivenAnswers(Protocol):
    """What commands may do with the answers given in a space. Bound to the space and the person of the message."""

    async def sources(self, answer_id: int) -> str:
        """Return what an answer quotes, as Markdown, and note that somebody looked.

        Raises ``BadInput`` when the answer was not given in the space.
        """
        ...

    async def question(self, answer_id: int) -> str:
        """Return the question of an answer so that it stands on its own. Raises ``BadInput`` as ``sources`` does."""
        ...


@dataclass(frozen=True, slots=True)
class Replied:
    """What became of a moderator's reply to ``question``; ``is_new`` is false when there was one before."""

    question: str
    is_new: bool


class People(Protocol):
    """What commands may do to bring a question before people. Bound to the message."""

    async def ask(self, answer_id: int) -> bool:
        """Bring the question of an answer before the moderators, once; ``False``: they have no channel.

        Raises ``BadInput`` when the answer was not given in the space.
        """
        ...

    async def reply(self, number: int, text: str) -> Replied:
        """Pass a moderator's reply on to who asked, if it is the first. Raises ``BadInput`` on an unknown number."""
        ...

    async def teach(self, number: int) -> Verdict | None:
        """Make a question and its reply a document, through review; ``None``: they are one, wait or were rejected.

        Raises ``BadInput`` on an unknown number, and before there is a reply.
        """
        ...


class Rights(Protocol):
    """What the sender of the message may ask of AION about themselves, and moderators about their space."""

    async def kept(self) -> Mapping[str, int]:
        """Return how much is kept of the person, by what it is."""
        ...

    async def copy(self) -> bytes:
        """Return all that is kept of the person, as a JSON file."""
        ...

    async def forget(self) -> Mapping[str, int]:
        """Erase the person everywhere, and return what was erased, by what it is."""
        ...

    async def may_train(self) -> bool:
        """Return whether models may learn from the person, where a community lets them."""
        ...

    async def set_training(self, *, allowed: bool) -> None:
        """Set whether models may learn from the person."""
        ...

    async def space_trains(self) -> bool:
        """Return whether models may learn from what is asked and rated here."""
        ...

    async def set_space_training(self, *, allowed: bool) -> None:
        """Set whether models may learn from what is asked and rated here."""
        ...


class Conversation(Protocol):
    """What commands may do with the channel, thread or chat they were called in."""

    async def start_afresh(self) -> None:
        """Forget what the caller said here, so that the next question follows nothing."""
        ...

    async def mode(self) -> ChannelMode:
        """Return when AION answers here."""
        ...

    async def set_mode(self, mode: ChannelMode) -> None:
        """Set when AION answers here."""
        ...

    async def gather_moderators(self) -> None:
        """Send what moderators should see here from now on: what waits for them, and what went wrong."""
        ...


@dataclass(frozen=True, slots=True)
class Allowance:
    """What is left of one limit of a provider: requests, tokens or US dollars of a minute, a day or a month."""

    period: Literal["minute", "day", "month"]
    kind: Literal["requests", "tokens", "usd"]
    left: float
    limit: float
    resets_at: datetime


@dataclass(frozen=True, slots=True)
class ProviderStatus:
    """How one model of a provider stands under one key, of which ``key`` is the end; ``None`` without a key.

    Or how a worker stands: ``online``, ``offline``, ``refused`` (its token is another), ``unseen`` by AION so far.

    ``until`` is when one that is spent or benched is asked again, ``None`` for one that waits for a reset by hand.
    """

    provider: str
    model: str
    key: str | None
    state: Literal["ready", "spent", "benched", "no_key", "off", "online", "offline", "refused", "unseen"]
    allowances: tuple[Allowance, ...] = ()
    until: datetime | None = None
    reason: str = ""

    @property
    def is_usable(self) -> bool:
        """Tell whether it may ever be asked: a provider with a key, or a worker."""
        return self.key is not None or self.state not in ("no_key", "off")


class Providers(Protocol):
    """What commands may know of the providers that write answers."""

    async def status(self) -> tuple[ProviderStatus, ...]:
        """Return how each model of each provider stands under each key, in the order they are asked."""
        ...
