"""Keeps adapters from being alive and deaf: one that hears nothing is started anew, and in the end gives up loudly."""

from __future__ import annotations

import asyncio
import faulthandler
import logging
import time
from dataclasses import dataclass
from typing import Protocol

from core.errors import Unavailable

log = logging.getLogger(__name__)


class Adapter(Protocol):
    """A platform adapter, which may be run again after its ``run`` has ended."""

    @property
    def heard_at_s(self) -> float | None:
        """Return when its platform was last really heard, on ``time.monotonic``'s clock; ``None`` when it never was."""
        ...

    async def run(self) -> None:
        """Serve until cancelled. Raises ``Unavailable`` when that is pointless."""
        ...


@dataclass(frozen=True, slots=True)
class AdapterHealth:
    """How one adapter is. ``heard_s_ago`` is ``None`` when its platform was never heard."""

    heard_s_ago: float | None
    n_restarts: int
    is_deaf: bool


@dataclass(frozen=True, slots=True)
class WatchdogPolicy:
    """How long a platform may be silent, a start included, and what is done then.

    Telegram answers a poll, and Discord a heartbeat, well within a minute.
    """

    deaf_after_s: float = 180.0
    check_every_s: float = 5.0
    stop_within_s: float = 15.0
    n_restarts: int = 3


class AdapterWatch:
    """One adapter under watch."""

    def __init__(self, name: str, adapter: Adapter, attention: WatchdogPolicy) -> None:
        self._name = name
        self._adapter = adapter
        self._attention = attention
        self._made_at_s = self._started_at_s = time.monotonic()
        self._n_restarts = 0

    @property
    def name(self) -> str:
        """Return the platform's name."""
        return self._name

    @property
    def pulse(self) -> AdapterHealth:
        """Return how the adapter is; starting it anew does not make a deaf one hear."""
        heard_at_s = self._adapter.heard_at_s
        now_s = time.monotonic()
        return AdapterHealth(
            heard_s_ago=None if heard_at_s is None else max(0.0, now_s - heard_at_s),
            n_restarts=self._n_restarts,
            is_deaf=now_s - max(self._made_at_s, heard_at_s or 0.0) >= self._attention.deaf_after_s,
        )

    @property
    def silent_s(self) -> float:
        """Return for how many seconds the platform has not been heard, since the last start at most."""
        heard_at_s = self._adapter.heard_at_s
        return time.monotonic() - max(self._started_at_s, heard_at_s or 0.0)

    async def run(self) -> None:
        """Run the adapter, and again whenever it went deaf.

        Raises what the adapter raises, and ``Unavailable`` when starting it again does not help.
        """
        while True:
            await self._run_until_deaf()
            if self._n_restarts == self._attention.n_restarts:
                log.error("%s: still not a word; giving up, so that whoever started AION starts it anew", self._name)
                raise self._deaf()
            self._n_restarts += 1
            log.error(
                "%s: not a word for %.0f s; starting it again (%d of %d)",
                self._name,
                self._attention.deaf_after_s,
                self._n_restarts,
                self._attention.n_restarts,
            )

    async def _run_until_deaf(self) -> None:
        self._started_at_s = time.monotonic()
        task = asyncio.create_task(self._adapter.run(), name=self._name)
        try:
            while self.silent_s < self._attention.deaf_after_s:
                done, _ = await asyncio.wait({task}, timeout=self._attention.check_every_s)
                if done:
                    return task.result()
                self._forgive()
        finally:
            task.cancel()
            _, stuck = await asyncio.wait({task}, timeout=self._attention.stop_within_s)
        if stuck:
            log.error("%s: cannot be stopped", self._name)
            raise self._deaf()
        if not task.cancelled():
            task.result()

    def _forgive(self) -> None:
        """Forget earlier restarts once the platform has been heard for as long as it might have been silent."""
        heard_at_s = self._adapter.heard_at_s or 0.0
        if self._n_restarts and heard_at_s - self._started_at_s > self._attention.deaf_after_s:
            log.info("%s: heard again", self._name)
            self._n_restarts = 0

    def _deaf(self) -> Unavailable:
        return Unavailable("run.deaf", platform=self._name)


async def guard_loop(attention: WatchdogPolicy) -> None:
    """End the process, with a traceback of every thread, when the event loop itself stands still for too long."""
    try:
        while True:
            faulthandler.dump_traceback_later(attention.deaf_after_s, exit=True)
            await asyncio.sleep(attention.check_every_s)
    finally:
        faulthandler.cancel_dump_traceback_later()
