"""The subcommands of ``aion`` as declared: help, examples, arguments and options."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Any

import typer

from bot.cli.root import app

_EXAMPLES = re.compile(r"Examples?:\s+")


@dataclass(frozen=True, slots=True)
class CommandParameter:
    """An argument or option: how it is ``written``, its default as text, what it does, and its variable, if any."""

    written: str
    default: str
    about: str
    variable: str = ""


@dataclass(frozen=True, slots=True)
class Subcommand:
    """One subcommand: ``aion`` and its words, its help, examples as typed, its parameters, what is below it."""

    words: tuple[str, ...]
    about: str
    examples: tuple[str, ...]
    parameters: tuple[CommandParameter, ...]
    below: tuple[Subcommand, ...]

    def __iter__(self) -> Iterator[Subcommand]:
        """Yield this one and all below it."""
        yield self
        for each in self.below:
            yield from each


def command_line() -> Subcommand:
    """Return ``aion`` with all its subcommands, in the order of ``aion --help``."""
    return _subcommand(typer.main.get_command(app), ("aion",))


def variables() -> list[Sequence[str]]:
    """Return rows of the variables that stand in for options: name, default, what; the same for several is one row."""
    rows: dict[str, tuple[list[str], str, str]] = {}
    for command in command_line():
        for each in command.parameters:
            if each.variable:
                users, _, _ = rows.setdefault(each.variable, ([], each.default, f"{each.about} `{each.written}` of"))
                users.append(f"`{' '.join(command.words)}`")
    return [(f"`{name}`", default, f"{about} {', '.join(users)}.") for name, (users, default, about) in rows.items()]


def _subcommand(command: Any, words: tuple[str, ...]) -> Subcommand:
    below = tuple(_subcommand(each, (*words, name)) for name, each in getattr(command, "commands", {}).items())
    examples = _EXAMPLES.sub("", command.epilog or "").split("  ·  ") if command.epilog else ()
    about = " ".join(_EXAMPLES.split(command.help or "")[0].split())
    return Subcommand(words, about, tuple(examples), tuple(map(_parameter, command.params)), below)


def _parameter(declared: Any) -> CommandParameter:
    is_argument = declared.param_type_name == "argument"
    written = declared.metavar or declared.name.upper() if is_argument else " / ".join(_names(declared))
    about = " ".join((declared.help or "").split())
    if ends := _range(declared.min, declared.max):
        about += f" ({ends})"
    return CommandParameter(written, _default(declared), about, declared.envvar or "")


def _names(declared: Any) -> Iterator[str]:
    """Yield the names of an option, with what it takes; a flag takes nothing."""
    kind = declared.type_descriptor.annotation
    takes = "" if declared.is_flag else f" {declared.metavar or _kind(kind)}"
    for name in (*declared.opts, *declared.secondary_opts):
        yield f"{name}{takes}"


def _kind(annotation: Any) -> str:
    if isinstance(annotation, type) and issubclass(annotation, Enum):
        return "|".join(str(each.value) for each in annotation)
    written = str(getattr(annotation, "__name__", annotation))
    return "PATH" if "ath" in written else {"int": "NUMBER", "float": "NUMBER"}.get(written, "TEXT")


def _range(least: float | None, most: float | None) -> str:
    match least, most:
        case None, None:
            return ""
        case None, _:
            return f"at most {most}"
        case _, None:
            return f"at least {least}"
    return f"{least} to {most}"


def _default(declared: Any) -> str:
    shown = declared.show_default
    if isinstance(shown, str):
        return shown
    value = declared.default
    if declared.required:
        return "needed"
    if not shown or value in (None, "", []) or isinstance(value, bool):
        return ""
    return f"`{value.value if isinstance(value, Enum) else value}`"
