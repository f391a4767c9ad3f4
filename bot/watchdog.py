"""Restarts adapters: after an error, with growing pauses; and when their platform is silent.

The process ends when silence or a blocked event loop does not recover, or when no restart helps (a wrong token).
"""

from __future__ import annotations

import asyncio
import faulthandler
import logging
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

from bot.platform_errors import Outage
from core.errors import Superseded, Unavailable, UserError
from core.texts import explain
from core.types import SpaceId

log = logging.getLogger(__name__)


class Adapter(Protocol):
    """A platform adapter; ``run`` may be called again after it has ended."""

    @property
    def heard_at_s(self) -> float | None:
        """Return when the platform last sent anything, on ``time.monotonic``'s clock; ``None`` when it never did."""
        ...

    async def is_moderator(self, space: SpaceId, person_id: str) -> bool:
        """Ask the platform whether an account moderates a community now; ``False`` where it does not say."""
        ...

    async def memberships(self, space: SpaceId, person_id: str) -> Mapping[str, str]:
        """Return the channels and roles that an account belongs to, as audiences name them, with their names."""
        ...

    def title(self, space: SpaceId) -> str | None:
        """Return what people call a community; ``None`` where the platform does not say."""
        ...

    def channel_title(self, space: SpaceId, conversation: str) -> str | None:
        """Return what people call a channel of a community; ``None`` where the platform does not say."""
        ...

    async def run(self) -> None:
        """Serve until cancelled.

        Raises ``Unavailable`` on an error that no restart fixes, such as a wrong token; anything else, ``Outage``
        included, is a reason to start it again.
        """
        ...


@dataclass(frozen=True, slots=True)
class AdapterHealth:
    """The state of one adapter. ``heard_s_ago`` is ``None`` when its platform was never heard.

    ``is_deaf``: silent for ``WatchdogPolicy.deaf_after_s`` or longer, restarts included. ``problem`` names the error
    that ended the adapter, while it waits to be started again.
    """

    heard_s_ago: float | None
    n_restarts: int
    is_deaf: bool
    problem: str | None = None


@dataclass(frozen=True, slots=True)
class WatchdogPolicy:
    """After how many seconds of silence an adapter is restarted, and how often before the watchdog gives up.

    Telegram answers a poll, and Discord a heartbeat, well within a minute. A cancelled ``run`` has ``stop_within_s`` to
    end. After an error a restart waits for ``first_pause_s``, doubled with each further one up to ``longest_pause_s``;
    a run that lasted as long as that begins the count anew.
    """

    deaf_after_s: float = 180.0
    check_every_s: float = 5.0
    stop_within_s: float = 15.0
    n_restarts: int = 3
    first_pause_s: float = 2.0
    longest_pause_s: float = 300.0

    def pause_s(self, n_failures: int) -> float:
        """Return how long to wait after the ``n_failures``-th failure in a row."""
        return float(min(self.first_pause_s * 2 ** min(n_failures - 1, 20), self.longest_pause_s))


class AdapterWatch:
    """Runs one adapter, restarting it after errors and while its platform is silent; one that rests is not deaf."""

    def __init__(self, name: str, adapter: Adapter, policy: WatchdogPolicy) -> None:
        self._name = name
        self._adapter = adapter
        self._policy = policy
        self._made_at_s = self._started_at_s = time.monotonic()
        self._is_running = False
        self._n_restarts = 0
        self._n_failures = 0
        self._problem: str | None = None

    @property
    def name(self) -> str:
        """Return the platform's name."""
        return self._name

    @property
    def adapter(self) -> Adapter:
        """Return the adapter."""
        return self._adapter

    @property
    def health(self) -> AdapterHealth:
        """Return the adapter's state; a restart alone does not end deafness."""
        heard_at_s = self._adapter.heard_at_s
        now_s = time.monotonic()
        return AdapterHealth(
            heard_s_ago=None if heard_at_s is None else max(0.0, now_s - heard_at_s),
            n_restarts=self._n_restarts + self._n_failures,
            problem=self._problem,
            is_deaf=self._is_running and now_s - max(self._made_at_s, heard_at_s or 0.0) >= self._policy.deaf_after_s,
        )

    @property
    def silent_s(self) -> float:
        """Return the seconds since the platform was last heard, or since the last start where that is later."""
        heard_at_s = self._adapter.heard_at_s
        return time.monotonic() - max(self._started_at_s, heard_at_s or 0.0)

    async def run(self) -> None:
        """Run the adapter, and restart it whenever it fails or goes deaf.

        Raises the adapter's ``Unavailable`` and ``Superseded``, and an ``Unavailable`` of its own after ``n_restarts``
        or when ``run`` cannot be cancelled.
        """
        self._made_at_s, self._is_running = time.monotonic(), True
        try:
            while True:
                error = await self._run_until_deaf()
                if error is None:
                    self._count_restart()
                else:
                    await self._pause_after(error)
        finally:
            self._is_running = False

    def _count_restart(self) -> None:
        if self._n_restarts == self._policy.n_restarts:
            log.error("%s: still not a word; giving up, so that whoever started AION starts it anew", self._name)
            raise self._deaf()
        self._n_restarts += 1
        log.error(
            "%s: not a word for %.0f s; starting it again (%d of %d)",
            self._name,
            self._policy.deaf_after_s,
            self._n_restarts,
            self._policy.n_restarts,
        )

    async def _pause_after(self, error: Exception) -> None:
        """Log an error that ended the adapter, and wait. Raises the error where no restart fixes it."""
        if isinstance(error, Superseded) or (isinstance(error, UserError) and not isinstance(error, Outage)):
            raise error
        if time.monotonic() - self._started_at_s >= self._policy.longest_pause_s:
            self._n_failures = 0
        self._n_failures += 1
        pause_s = self._policy.pause_s(self._n_failures)
        if isinstance(error, Outage):
            log.error("%s: %s Starting it again in %.0f s", self._name, explain("en", error), pause_s)
        else:
            log.error("%s: ended by an error; starting it again in %.0f s", self._name, pause_s, exc_info=error)
        self._problem = type(error).__name__
        await asyncio.sleep(pause_s)
        self._problem = None

    async def _run_until_deaf(self) -> Exception | None:
        """Run the adapter; return the error that ended it, ``None`` where it is deaf."""
        self._started_at_s = time.monotonic()
        task = asyncio.create_task(self._adapter.run(), name=self._name)
        try:
            while self.silent_s < self._policy.deaf_after_s:
                done, _ = await asyncio.wait({task}, timeout=self._policy.check_every_s)
                if done:
                    return _error_of(task) or RuntimeError("it ended by itself")
                self._reset_restarts()
        finally:
            task.cancel()
            _, stuck = await asyncio.wait({task}, timeout=self._policy.stop_within_s)
        if stuck:
            log.error("%s: cannot be stopped", self._name)
            raise self._deaf()
        return _error_of(task)

    def _reset_restarts(self) -> None:
        """Reset the count of restarts once the platform has been heard for ``deaf_after_s`` since the last start."""
        heard_at_s = self._adapter.heard_at_s or 0.0
        if self._n_restarts and heard_at_s - self._started_at_s > self._policy.deaf_after_s:
            log.info("%s: heard again", self._name)
            self._n_restarts = 0

    def _deaf(self) -> Unavailable:
        return Unavailable("run.deaf", platform=self._name)


def _error_of(task: asyncio.Task[None]) -> Exception | None:
    """Return the error that ended a task, if one did. Raises what is to end the process."""
    error = None if task.cancelled() else task.exception()
    if error is not None and not isinstance(error, Exception):
        raise error
    return error


async def guard_loop(policy: WatchdogPolicy) -> None:
    """Exit with status 1 and every thread's traceback when the event loop is blocked for ``deaf_after_s``."""
    try:
        while True:
            faulthandler.dump_traceback_later(policy.deaf_after_s, exit=True)
            await asyncio.sleep(policy.check_every_s)
    finally:
        faulthandler.cancel_dump_traceback_later()
