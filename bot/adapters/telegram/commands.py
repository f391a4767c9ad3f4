"""The command menus Telegram shows when someone types ``/``: one for each scope and language, from the registry."""

from __future__ import annotations

import logging

from telegram import (
    Bot,
    BotCommand,
    BotCommandScope,
    BotCommandScopeAllChatAdministrators,
    BotCommandScopeAllGroupChats,
    BotCommandScopeAllPrivateChats,
)

from core.commands import Permission, Registry
from core.types import LANGUAGES, Language

log = logging.getLogger(__name__)

MAX_COMMANDS = 100
MAX_DESCRIPTION_CHARS = 256

_FALLBACK: Language = "en"
"""The language of the menu without a language code, shown to all whose language has none."""

_SCOPES: dict[BotCommandScope, tuple[Permission, ...]] = {
    BotCommandScopeAllPrivateChats(): ("everyone", "teacher"),
    BotCommandScopeAllGroupChats(): ("everyone",),
    BotCommandScopeAllChatAdministrators(): ("everyone", "teacher", "moderator"),
}


async def publish_menus(bot: Bot, registry: Registry) -> None:
    """Set every menu that differs from Telegram's. Raises ``TelegramError``."""
    for scope, permissions in _SCOPES.items():
        for language in LANGUAGES:
            wanted = menu(registry, permissions, language)
            code = "" if language == _FALLBACK else language
            if await bot.get_my_commands(scope, code) != wanted:
                await bot.set_my_commands(wanted, scope, code)
                log.info("menu published: %s, %s", scope.type, language)


def menu(registry: Registry, permissions: tuple[Permission, ...], language: Language) -> tuple[BotCommand, ...]:
    """Return the commands for people with these permissions, at most ``MAX_COMMANDS``."""
    commands = [command for command in registry.listed if command.permission in permissions]
    if len(commands) > MAX_COMMANDS:
        log.warning("the menu holds %d commands; Telegram shows the first %d", len(commands), MAX_COMMANDS)
    return tuple(
        BotCommand(command.name, command.description[language][:MAX_DESCRIPTION_CHARS])
        for command in commands[:MAX_COMMANDS]
    )
