"""What can go wrong between a bot and Discord, as values for ``DiscordServer.inject``."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class RateLimited:
    """Answer 429 and do nothing."""

    retry_after_s: float


@dataclass(frozen=True)
class Failed:
    """Answer a 5xx, before the call takes effect or after."""

    status: int = 500
    applied: bool = False


@dataclass(frozen=True)
class Cut:
    """Close the connection without an answer, before the call takes effect or after."""

    applied: bool


@dataclass(frozen=True)
class Late:
    """Take effect, but answer after ``seconds``."""

    seconds: float


@dataclass(frozen=True)
class Held:
    """Take effect, but answer when ``released`` is set."""

    released: asyncio.Event


@dataclass(frozen=True)
class Odd:
    """Take effect, but answer 200 with something that is not what Discord documents."""

    body: Any


DiscordFault = RateLimited | Failed | Cut | Late | Held | Odd


class DiscordError(Exception):
    """What Discord answers instead of a result: an HTTP status with its own code."""

    def __init__(self, status: int, code: int, message: str, **extra: Any) -> None:
        super().__init__(message)
        self.status = status
        self.body = {"code": code, "message": message, **extra}
