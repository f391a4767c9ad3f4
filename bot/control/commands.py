"""The commands that a running AION carries out for its owner's terminal, and how one is handed over."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from functools import wraps
from inspect import signature
from typing import Any, ParamSpec, TypeVar

from bot.control.client import call_starting
from bot.terminal.caller import caller
from core.settings import read_settings

P = ParamSpec("P")
R = TypeVar("R")

COMMANDS = frozenset(
    {
        "bot.adapters.console.answer_as_json",
        "bot.adapters.console.answer_as_text",
        "bot.adapters.console.reply_to_line",
        "bot.adapters.console.welcome",
        "bot.operator.ask.answer_file",
        "bot.operator.knowledge.docs.print_documents",
        "bot.operator.knowledge.forget.forget_document",
        "bot.operator.knowledge.index.index_paths",
        "bot.operator.knowledge.learn.learn_page_or_theme",
        "bot.operator.knowledge.map.draw_map",
        "bot.operator.knowledge.reembed.reembed_passages",
    }
)
"""Functions that may be called over the socket; nothing else is."""


def handed_over(work: Callable[P, Coroutine[Any, Any, R]]) -> Callable[P, Coroutine[Any, Any, R]]:
    """Let a command be carried out by the AION that runs on its data folder, if one does, and else by this process.

    Its arguments are plain values, paths, and lists of them. It reaches its terminal and files through
    ``bot.terminal.caller``.
    """
    name = f"{work.__module__}.{work.__qualname__}"
    if name not in COMMANDS:
        raise ValueError(f"{name} is not among the commands that can be handed over")

    @wraps(work)
    async def run(*args: P.args, **kwargs: P.kwargs) -> R:
        if caller().running is None:
            bound = signature(work).bind(*args, **kwargs)
            called = await call_starting(read_settings().data_dir, name, bound.arguments)
            if called is not None:
                result: R = called.result
                return result
        return await work(*args, **kwargs)

    return run
