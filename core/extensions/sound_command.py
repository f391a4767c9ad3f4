"""Checks what a plugin registered as a command, since Python does not check types and every menu reads them."""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from dataclasses import replace
from typing import get_args

from core.commands import Command, Localised, Parameter, Permission
from core.errors import PluginFailed
from core.types import LANGUAGES

MAX_DESCRIPTION_CHARS = 100
"""What Discord shows of a description."""

_EXAMPLE = '{"en": "…", "pt": "…"}'


def sound_command(command: Command) -> Command:
    """Return a command with its descriptions in every language, one standing in for another that is missing.

    Raises ``PluginFailed`` where a part of it is not of the type that ``core.commands.Command`` declares.
    """
    if not isinstance(command, Command):
        raise PluginFailed(f"{command!r} is no Command")
    where = f"the command {command.name!r}"
    if not inspect.iscoroutinefunction(command.handler):
        raise PluginFailed(f"the handler of {where} is no coroutine function (async def)")
    if command.permission not in get_args(Permission):
        raise PluginFailed(f"the permission of {where} is none of {', '.join(get_args(Permission))}")
    if not isinstance(command.parameters, tuple) or not all(isinstance(each, Parameter) for each in command.parameters):
        raise PluginFailed(f"the parameters of {where} are no tuple of Parameter: (Parameter(…),)")
    parameters = tuple(
        replace(each, description=_localised(each.description, f"the parameter {each.name!r} of {where}"))
        for each in command.parameters
    )
    return replace(command, description=_localised(command.description, where), parameters=parameters)


def _localised(description: object, where: str) -> Localised:
    known = description if isinstance(description, Mapping) else {}
    given = {language: known[language] for language in LANGUAGES if language in known}
    if not given or not all(
        isinstance(text, str) and 0 < len(text) <= MAX_DESCRIPTION_CHARS for text in given.values()
    ):
        raise PluginFailed(
            f"the description of {where} is not {_EXAMPLE}, of at most {MAX_DESCRIPTION_CHARS} characters"
        )
    return {language: given.get(language, next(iter(given.values()))) for language in LANGUAGES}
