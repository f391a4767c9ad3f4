"""Slash commands built from the registry, in every language (sent by ``bot.adapters.discord.command_sync``)."""

from __future__ import annotations

import inspect
import textwrap
from collections.abc import Iterator
from typing import Any

import discord
from discord import app_commands

from bot.adapters.discord.acknowledge import Interaction
from bot.adapters.discord.interactions import InteractionHandler
from core.commands import Command, Localised, Parameter, Registry
from core.control_characters import without_controls
from core.texts import say
from core.types import LANGUAGES, Language

_LANGUAGE_OF: dict[discord.Locale, Language] = {discord.Locale.brazil_portuguese: "pt"}
"""The languages of Discord's locales; all others are shown English."""

_MAX_CHARS = 100
"""Discord's limit of a description, and of a choice's name."""

_MAX_CHOICES = 25
_FILES_PER_CALL = 5
"""Discord gives each file an option of its own, so a command that takes files offers several."""

_KINDS = {
    "text": str,
    "word": str,
    "audience": str,
    "channel": app_commands.AppCommandChannel | app_commands.AppCommandThread,
    "role": discord.Role,
    "person": discord.User,
    "number": app_commands.Range[int, 0, 2**53 - 1],
    "attachment": discord.Attachment,
}
"""The annotation discord.py reads each kind of parameter from; Discord's integers are exact up to 2^53."""


class Translator(app_commands.Translator):
    """Translates the strings of commands, which carry their own translations."""

    async def translate(
        self, string: app_commands.locale_str, locale: discord.Locale, context: app_commands.TranslationContextTypes
    ) -> str | None:
        """Return the string in the language of ``locale``; ``None`` leaves it in English."""
        words: str | None = string.extras.get(_LANGUAGE_OF.get(locale, "en"))
        return words


def _shorten(words: str) -> str:
    return textwrap.shorten(words, _MAX_CHARS, placeholder="…")


def _localised_string(localised: Localised) -> app_commands.locale_str:
    short = {language: _shorten(words) for language, words in localised.items()}
    return app_commands.locale_str(
        short["en"], **{language: words for language, words in short.items() if language != "en"}
    )


def _options(parameter: Parameter) -> Iterator[inspect.Parameter]:
    """Yield the options of a parameter; only the first of several files can be required."""
    kind: Any = _KINDS[parameter.kind]
    n_options = _FILES_PER_CALL if parameter.kind == "attachment" else 1
    for n in range(1, n_options + 1):
        name = parameter.name if n == 1 else f"{parameter.name}_{n}"
        required = parameter.required and n == 1
        yield inspect.Parameter(
            name,
            inspect.Parameter.KEYWORD_ONLY,
            default=inspect.Parameter.empty if required else None,
            annotation=kind if required else kind | None,
        )


def slash_command(command: Command, calls: InteractionHandler, *, hidden: bool) -> app_commands.Command[Any, ..., None]:
    """Return ``command`` as a slash command with typed options; a ``hidden`` one is shown to server managers only."""

    async def callback(interaction: Interaction, **options: Any) -> None:
        given = [value for value in options.values() if value is not None]
        texts = {name: without_controls(str(value)) for name, value in options.items() if isinstance(value, str | int)}
        things = app_commands.AppCommandChannel | app_commands.AppCommandThread | discord.Role
        people = [value for value in given if isinstance(value, discord.User | discord.Member)]
        texts |= {name: str(value.id) for name, value in options.items() if isinstance(value, things)}
        files = [file for file in given if isinstance(file, discord.Attachment)]
        await calls.call(interaction, command, texts, files, people)

    # discord.py reads a command's options from its callback's signature, which here is data.
    options = {option.name: (parameter, option) for parameter in command.parameters for option in _options(parameter)}
    first = inspect.Parameter("interaction", inspect.Parameter.POSITIONAL_ONLY, annotation=Interaction)
    callback.__signature__ = inspect.Signature([first, *(option for _, option in options.values())])  # type: ignore[attr-defined]
    describe = app_commands.describe(
        **{name: _localised_string(parameter.description) for name, (parameter, _) in options.items()}
    )
    for name, (parameter, _) in options.items():
        _add_choices(callback, name, command, parameter, calls)
    made: app_commands.Command[Any, ..., None] = app_commands.Command(
        name=command.name,
        description=_localised_string(command.description),
        callback=describe(callback),
        allowed_contexts=app_commands.AppCommandContext(guild=True, dm_channel=True),
        auto_locale_strings=False,
    )
    if hidden:
        made.default_permissions = discord.Permissions(manage_guild=True)
    return made


def _add_choices(callback: Any, name: str, command: Command, parameter: Parameter, calls: InteractionHandler) -> None:
    """Give an option its fixed choices, or autocompletion where its values depend on what is typed."""
    if parameter.choices:
        choices = [app_commands.Choice(name=choice, value=choice) for choice in parameter.choices]
        app_commands.choices(**{name: choices})(callback)
    elif parameter.names:

        async def complete(interaction: Interaction, current: str) -> list[app_commands.Choice[str]]:
            fitting = await calls.complete(interaction, command, parameter, current)
            return [app_commands.Choice(name=_shorten(each.label), value=each.value) for each in fitting[:_MAX_CHOICES]]

        app_commands.autocomplete(**{name: complete})(callback)


def teach_menu(calls: InteractionHandler, *, hidden: bool) -> app_commands.ContextMenu:
    """Return "Teach AION this message", which moderators find under a message's Apps."""

    async def callback(interaction: Interaction, message: discord.Message) -> None:
        await calls.teach(interaction, message)

    words = {language: say(language, "discord.teach") for language in LANGUAGES}
    menu = app_commands.ContextMenu(
        name=_localised_string(words),
        callback=callback,
        allowed_contexts=app_commands.AppCommandContext(guild=True),
        auto_locale_strings=False,
    )
    if hidden:
        menu.default_permissions = discord.Permissions(manage_guild=True)
    return menu


def ask_menu(calls: InteractionHandler) -> app_commands.ContextMenu:
    """Return "Ask AION about this", which everyone finds under a message's Apps."""

    async def callback(interaction: Interaction, message: discord.Message) -> None:
        await calls.ask(interaction, message)

    words = {language: say(language, "discord.ask") for language in LANGUAGES}
    return app_commands.ContextMenu(
        name=_localised_string(words),
        callback=callback,
        allowed_contexts=app_commands.AppCommandContext(guild=True, dm_channel=True),
        auto_locale_strings=False,
    )


def add_commands(
    tree: app_commands.CommandTree[Any], registry: Registry, calls: InteractionHandler, *, hide: bool
) -> None:
    """Add every command of ``registry`` to ``tree``; with ``hide`` only server managers see those for moderators."""
    for command in registry.listed:
        tree.add_command(slash_command(command, calls, hidden=hide and command.permission != "everyone"))
    if registry.get("teach"):
        tree.add_command(teach_menu(calls, hidden=hide))
    if registry.get("ask"):
        tree.add_command(ask_menu(calls))
