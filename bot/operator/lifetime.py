"""How long a process of AION runs: until a signal, or until one of its parts gives up."""

from __future__ import annotations

import asyncio
import logging
import signal
from collections.abc import Awaitable, Callable, Coroutine, Mapping
from typing import Any

from core.errors import UserError

log = logging.getLogger(__name__)


async def run_until_stopped(
    parts: Mapping[str, Coroutine[Any, Any, None]],
    started: Callable[[], Awaitable[None]],
    drain: Callable[[], Awaitable[object]] | None = None,
) -> None:
    """Run all parts until SIGTERM or SIGINT, then await ``drain`` and cancel them.

    ``started`` is awaited once they run. Raises the ``UserError`` of the first part that gives up.
    """
    stopping = _stop_on_signals()
    try:
        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(part, name=name) for name, part in parts.items()]
            await started()
            await stopping.wait()
            log.info("stopping")
            if drain is not None:
                await drain()
            for task in tasks:
                task.cancel()
    except* UserError as group_error:
        raise _first_error(group_error) from None


def _first_error(group: BaseExceptionGroup[UserError]) -> UserError:
    error: BaseException = group
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    if isinstance(error, UserError):
        return error
    raise error


def _stop_on_signals() -> asyncio.Event:
    stopping = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stopping.set)
    return stopping
