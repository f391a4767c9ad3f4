"""What commands may do: each service bound to the space and the person that called, behind a Protocol.

A plugin reaches them through its ``core.commands.Context`` alone.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal, Protocol

from core.types import Attachment, Document, Indexed, Proposal


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


@dataclass(frozen=True, slots=True)
class Verdict:
    """What became of a proposal: ``indexed`` is ``None`` unless it was approved just now.

    ``is_new`` is false when somebody had decided before.
    """

    proposal: Proposal
    is_new: bool
    indexed: Indexed | None = None


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

    ``until`` is when one that is spent or benched is asked again, ``None`` for one that waits for a reset by hand.
    """

    provider: str
    model: str
    key: str | None
    state: Literal["ready", "spent", "benched", "no_key", "off"]
    allowances: tuple[Allowance, ...] = ()
    until: datetime | None = None
    reason: str = ""


class Providers(Protocol):
    """What commands may know of the providers that write answers."""

    async def status(self) -> tuple[ProviderStatus, ...]:
        """Return how each model of each provider stands under each key, in the order they are asked."""
        ...
