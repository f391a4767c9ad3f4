"""The page of the chat: every command and every setting of a community, in one language."""

from __future__ import annotations

from collections.abc import Iterable

from bot.reference.markdown_table import markdown_table
from core.commands import Command, Parameter
from core.services.setting_schema import SETTINGS
from core.texts import say
from core.types import Language
from plugins import load_plugins


def chat_page(language: Language) -> str:
    """Return the page."""
    commands = tuple(load_plugins())
    return "\n".join(
        (
            f"# {say(language, 'reference.title')}\n",
            f"{say(language, 'reference.introduction')}\n",
            f"## {say(language, 'reference.commands')}\n",
            _table((each for each in commands if each.listed), language),
            f"## {say(language, 'reference.buttons')}\n",
            f"{say(language, 'reference.buttons_about')}\n",
            _table((each for each in commands if not each.listed), language),
            f"## {say(language, 'reference.settings')}\n",
            f"{say(language, 'reference.settings_about')}\n",
            _settings(language),
        )
    )


def _table(commands: Iterable[Command], language: Language) -> str:
    columns = [say(language, f"reference.column_{each}") for each in ("command", "who", "what")]
    return markdown_table(
        columns, ([f"`{_typed(each)}`", _who(each, language), _about(each, language)] for each in commands)
    )


def _typed(command: Command) -> str:
    return " ".join(
        (f"/{command.name}", *(each.name if each.required else f"[{each.name}]" for each in command.parameters))
    )


def _who(command: Command, language: Language) -> str:
    who = say(language, f"reference.{command.permission}")
    return f"{who}; {say(language, 'reference.private')}" if command.private else who


def _about(command: Command, language: Language) -> str:
    described = [f"<br>`{each.name}`: {_meaning(each, language)}" for each in command.parameters]
    return f"{command.description[language]}.{''.join(described)}"


def _meaning(parameter: Parameter, language: Language) -> str:
    offered = f" ({', '.join(f'`{each}`' for each in parameter.choices)})" if parameter.choices else ""
    return f"{parameter.description[language]}{offered}"


def _settings(language: Language) -> str:
    columns = [say(language, f"setting.column_{each}") for each in ("name", "values", "default", "about")]
    rows = [
        [
            f"`{each.name}`",
            each.values[language],
            f"`{each.said(each.default, language)}`",
            say(language, f"setting.{each.name}_about"),
        ]
        for each in SETTINGS
    ]
    return markdown_table(columns, rows)
