"""The times the Telegram adapter keeps."""

from __future__ import annotations

from dataclasses import dataclass, field

from telegram.error import RetryAfter, TelegramError

from bot.adapters.telegram.rate_limits import ban_s


@dataclass(frozen=True, slots=True)
class PollTiming:
    """How long one poll waits for updates, and the pauses after failures: doubling, up to a bound. Seconds."""

    poll_s: float = 30.0
    first_pause_s: float = 1.0
    longest_pause_s: float = 30.0

    def pause_s(self, n_failures: int, error: TelegramError) -> float:
        """Return how long to wait after the ``n_failures``-th failure in a row; a flood ban is obeyed exactly."""
        if isinstance(error, RetryAfter):
            return ban_s(error)
        return float(min(self.first_pause_s * 2 ** min(n_failures - 1, 10), self.longest_pause_s))


@dataclass(frozen=True, slots=True)
class Timing:
    """The adapter's own times, in seconds.

    Edits of one message are ``private_edit_s`` or ``group_edit_s`` apart; Telegram bans whoever edits faster. An album
    is complete when no part has come for ``album_s``. A press is acknowledged within ``toast_s``. Updates are confirmed
    to Telegram after ``accept_s`` even where they could not be accepted. Stopping waits ``grace_s`` for answers.
    """

    poll: PollTiming = field(default_factory=PollTiming)
    private_edit_s: float = 1.5
    group_edit_s: float = 3.0
    album_s: float = 0.7
    toast_s: float = 3.0
    accept_s: float = 20.0
    grace_s: float = 5.0
