"""What a platform offers a reply: a ``ReplyPost`` sends, edits and deletes the chat messages it is made of."""

from __future__ import annotations

import zlib
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from typing import Protocol, TypeVar, runtime_checkable

from bot.delivery.split import Measure
from core.types import Button, File, Reply

H = TypeVar("H")


@dataclass(frozen=True, slots=True)
class RenderedMessage:
    """One chat message as it should appear: Markdown that fits, thumbs when ``answer_id`` is set, or caller only.

    Or a ``picture``, which stands alone and never comes first.
    A ``cosmetic`` one is soon overtaken by newer text: a busy platform may refuse it (``NotDelivered``).
    """

    text: str
    answer_id: int | None = None
    private: bool = False
    buttons: tuple[Button, ...] = ()
    file: File | None = None
    cosmetic: bool = field(default=False, compare=False)

    @property
    def mark(self) -> str:
        """Return a fingerprint of what it shows: two bubbles of one mark look the same."""
        shown = repr((self.text, self.answer_id, self.private, self.buttons)).encode()
        return f"{zlib.crc32(self.file.data if self.file else shown):08x}"


@dataclass(frozen=True, slots=True)
class Capabilities:
    """What a chat can take: ``max_units`` of ``measure`` a message, one edit per ``edit_interval_s``.

    The typing sign fades by itself and is shown anew every ``typing_interval_s``.
    """

    max_units: int
    measure: Measure
    edit_interval_s: float
    typing_interval_s: float


@runtime_checkable
class PreviewPost(Protocol):
    """A post that may show what is being written without making messages of it."""

    async def preview(self, text: str) -> bool:
        """Show the text so far, in place of what was previewed before; ``False`` where this chat has no previews.

        Raises ``NotDelivered`` where it is not shown this time.
        """
        ...


class ReplyPost(Protocol[H]):
    """Where a reply goes on one platform. ``H`` is what the platform needs to find a sent message again.

    Every method raises ``DeliveryFailed`` or nothing. Repeating an edit or a delete is always safe.
    """

    @property
    def capabilities(self) -> Capabilities:
        """Say what this chat can take."""
        ...

    def render(self, reply: Reply) -> str:
        """Return the reply's Markdown as it is to be read here, sources included."""
        ...

    async def typing(self) -> None:
        """Show that an answer is on its way."""
        ...

    async def admit(self, bubble: RenderedMessage) -> None:
        """Return when ``bubble`` may be sent. Raises ``NotDelivered`` when it may not for now."""
        ...

    def on_its_way(self) -> AbstractAsyncContextManager[object]:
        """Return what to hold while sending: it bounds how many messages a crash would leave in doubt."""
        ...

    async def send(self, bubble: RenderedMessage, index: int) -> H:
        """Send a new message that was admitted.

        A repeated ``index`` is the same message tried again, perhaps with newer text.
        Raises ``NotDelivered`` only where sending again cannot double it.
        """
        ...

    async def edit(self, handle: H, bubble: RenderedMessage) -> None:
        """Change a sent message. Raises ``MessageGone`` when it was deleted."""
        ...

    async def delete(self, handle: H) -> None:
        """Remove a sent message."""
        ...

    def name(self, handle: H) -> str:
        """Return a sent message's name, by which ``find`` knows it in any process."""
        ...

    def find(self, name: str) -> H:
        """Return the sent message of that name, which may be gone by now."""
        ...

    def repeats(self, index: int) -> bool:
        """Tell whether sending ``index`` again, after a process that may have done so, cannot double it."""
        ...
