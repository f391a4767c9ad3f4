"""What can go wrong between a bot and Telegram, as values for ``TelegramServer.inject``."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Rejected:
    """Answer with an error and do nothing."""

    code: int
    description: str
    parameters: dict[str, Any] | None = None


def Flood(retry_after_s: int) -> Rejected:
    """Answer 429 as Telegram does."""
    return Rejected(429, f"Too Many Requests: retry after {retry_after_s}", {"retry_after": retry_after_s})


@dataclass(frozen=True)
class Broken:
    """Answer with a 5xx page that is not JSON."""

    code: int = 502


@dataclass(frozen=True)
class Dropped:
    """Close the connection without an answer, before the call takes effect or after."""

    applied: bool


@dataclass(frozen=True)
class Slow:
    """Take effect, but answer late."""

    seconds: float


@dataclass(frozen=True)
class Odd:
    """Take effect, but answer 200 with a result that is not what the Bot API documents."""

    result: Any


Fault = Rejected | Broken | Dropped | Slow | Odd


class ApiError(Exception):
    """What the Bot API answers instead of a result."""

    def __init__(self, code: int, description: str, parameters: dict[str, Any] | None = None) -> None:
        super().__init__(description)
        self.code, self.description, self.parameters = code, description, parameters


def bad_request(description: str) -> ApiError:
    return ApiError(400, f"Bad Request: {description}")
