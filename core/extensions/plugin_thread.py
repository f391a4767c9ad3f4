"""A thread with an event loop of its own, in which the code of one plugin runs.

A plugin that blocks blocks its thread alone. Tasks that a call leaves behind are cancelled with it. A thread cannot be
ended from outside: one that does not come back is interrupted where it runs Python code, and abandoned.
"""

from __future__ import annotations

import asyncio
import ctypes
import threading
from collections.abc import Awaitable, Callable, Coroutine
from concurrent.futures import CancelledError, Future
from contextlib import suppress
from contextvars import ContextVar
from typing import Any, TypeVar

from core.errors import PluginFailed

T = TypeVar("T")

GRACE_S = 1.0
"""How long after its deadline a call may take to end before its thread counts as blocked."""

_call: ContextVar[set[asyncio.Task[Any]]] = ContextVar("call of a plugin")


class PluginThread:
    """Runs a plugin's coroutines, each call with a deadline. To be closed."""

    def __init__(self, name: str) -> None:
        self.is_blocked = False
        self._loop = asyncio.new_event_loop()
        self._loop.set_task_factory(_counted_task)  # type: ignore[arg-type]  # typeshed knows no options of a task
        self._thread = threading.Thread(target=self._run, name=f"plugin {name}", daemon=True)
        self._thread.start()

    async def call(self, work: Callable[[], Awaitable[T]], deadline_s: float) -> T:
        """Carry out ``work`` in the thread and return its result, from another event loop.

        Raises ``PluginFailed`` when it takes longer than ``deadline_s``, and whatever ``work`` raises.
        """
        if self.is_blocked:
            raise PluginFailed("its thread is blocked")
        if self._loop.is_closed():
            raise PluginFailed("its thread has ended: it was read anew")
        future: Future[T] = asyncio.run_coroutine_threadsafe(_bounded(work, deadline_s), self._loop)
        try:
            async with asyncio.timeout(deadline_s + GRACE_S):
                return await asyncio.wrap_future(future)
        except TimeoutError as error:
            if not future.done() or future.cancelled():
                self._interrupt()
            raise PluginFailed(f"it took longer than {deadline_s:g} s") from error

    def close(self) -> None:
        """End the thread. Blocks for a second at most; a thread that is blocked ends when it comes back."""
        with suppress(RuntimeError):  # the loop is closed already
            self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(GRACE_S)

    def _run(self) -> None:
        with asyncio.Runner(loop_factory=lambda: self._loop) as runner:
            try:
                runner.get_loop().run_forever()
            except (_Interrupted, SystemExit):
                self.is_blocked = True

    def _interrupt(self) -> None:
        self.is_blocked = True
        number = ctypes.c_ulong(self._thread.ident or 0)
        ctypes.pythonapi.PyThreadState_SetAsyncExc(number, ctypes.py_object(_Interrupted))


class _Interrupted(BaseException):
    """Raised inside a thread that does not come back."""


async def _bounded(work: Callable[[], Awaitable[T]], deadline_s: float) -> T:
    left = set[asyncio.Task[Any]]()
    _call.set(left)
    try:
        async with asyncio.timeout(deadline_s):
            return await work()
    except (asyncio.CancelledError, CancelledError):
        raise TimeoutError from None
    except SystemExit as error:  # it would end the thread
        raise PluginFailed("it wanted to end AION") from error
    finally:
        for task in left:
            task.cancel()
        await asyncio.gather(*left, return_exceptions=True)


def _counted_task(loop: asyncio.AbstractEventLoop, coroutine: Coroutine[Any, Any, Any], **options: Any) -> Any:
    """Make a task that ends with the call which began it."""
    task: asyncio.Task[Any] = asyncio.Task(coroutine, loop=loop, **options)
    if (begun := _call.get(None)) is not None:
        begun.add(task)
        task.add_done_callback(begun.discard)
    return task
