"""How far a reply has come, in words that survive the process."""

from __future__ import annotations

from dataclasses import dataclass

from core.types import Message, Reply


@dataclass(frozen=True, slots=True)
class DeliveredPart:
    """One chat message of a reply. ``index`` counts what was sent for it; ``handle`` is how its adapter finds it again.

    Without a handle it was being sent as the final text, and nobody knows whether it was shown. ``mark`` is the
    fingerprint of the final text it shows, ``None`` while that is still to come.
    """

    index: int
    handle: str | None
    mark: str | None = None


@dataclass(frozen=True, slots=True)
class UnfinishedMessage:
    """A message that was accepted and whose reply has not been delivered, as far as it had come.

    ``message`` lacks its attachments, which ``had_files`` tells of; ``n_runs`` counts how often it was worked on.
    """

    message: Message
    reply: Reply | None
    parts: tuple[DeliveredPart, ...]
    had_files: bool
    n_runs: int
