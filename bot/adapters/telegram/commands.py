"""The command menu Telegram shows when someone types ``/``: by scope and by language, from the registry."""

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
"""What everybody sees whose language has no menu of its own."""

_SCOPES: dict[BotCommandScope, tuple[Permission, ...]] = {
    BotCommandScopeAllPrivateChats(): ("everyone", "moderator"),  # everyone moderates their own private chat
    BotCommandScopeAllGroupChats(): ("everyone",),
    BotCommandScopeAllChatAdministrators(): ("everyone", "moderator"),
}


async def publish_menus(bot: Bot, registry: Registry) -> None:
    """Bring every menu up to date; one that already is, is left alone. Raises ``TelegramError``."""
    for scope, permissions in _SCOPES.items():
        for language in LANGUAGES:
            wanted = menu(registry, permissions, language)
            code = "" if language == _FALLBACK else language
            if await bot.get_my_commands(scope, code) != wanted:
                await bot.set_my_commands(wanted, scope, code)
                log.info("menu published: %s, %s", scope.type, language)


def menu(registry: Registry, permissions: tuple[Permission, ...], language: Language) -> tuple[BotCommand, ...]:
    """Return the commands for people with these permissions, as many as Telegram takes."""
    commands = [command for command in registry.listed if command.permission in permissions]
    if len(commands) > MAX_COMMANDS:
        log.warning("the menu holds %d commands; Telegram shows the first %d", len(commands), MAX_COMMANDS)
    return tuple(
        BotCommand(command.name, command.description[language][:MAX_DESCRIPTION_CHARS])
        for command in commands[:MAX_COMMANDS]
    )
