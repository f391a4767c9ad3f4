"""The state of a reply's delivery, as stored in the inbox."""

from __future__ import annotations

from dataclasses import dataclass

from core.types.answers import Reply
from core.types.messages import Message

NOTICE = "notice"
"""Name of a notice's key in its address; by it a platform recognises a notice that is sent again."""


@dataclass(frozen=True, slots=True)
class DeliveredPart:
    """One chat message of a reply. ``index`` is its position among those sent; ``handle`` is the adapter's id of it.

    Without a handle its final text was being sent when the process ended, with unknown success. ``mark`` is the
    fingerprint of the final text it shows, ``None`` while it shows progress.
    """

    index: int
    handle: str | None
    mark: str | None = None


@dataclass(frozen=True, slots=True)
class UnfinishedMessage:
    """An accepted message whose reply is not delivered, with the reply if it is written, and its delivered parts.

    ``message`` lacks its attachments; ``had_files``: it had some. ``n_runs`` counts the attempts to answer it.
    """

    message: Message
    reply: Reply | None
    parts: tuple[DeliveredPart, ...]
    had_files: bool
    n_runs: int
