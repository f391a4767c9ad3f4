"""``/help``: the listed commands that the caller may use, those for everyone first."""

from __future__ import annotations

from core.commands import Command, Context, Permission, Registry, may_call
from core.markdown import Markdown, escape

_PERMISSIONS: tuple[Permission, ...] = ("everyone", "trusted", "teacher", "moderator")


async def show_help(context: Context) -> None:
    """List the commands the caller may use, without those of plugins that are not enabled here."""
    plugins = await context.services.plugins.all(context.language)
    off = {command for card in plugins if card.state != "on" for command in card.commands}
    allowed = [
        command
        for command in context.registry.listed
        if may_call(context.message.person, command) and command.name not in off
    ]
    lines = [context.say("help.intro")]
    for permission in _PERMISSIONS:
        called = [command for command in allowed if command.permission == permission]
        if called and permission != "everyone":
            lines += [Markdown(""), context.say(f"help.{permission}")]
        lines += [escape(f"/{command.name} — {command.description[context.language]}") for command in called]
    await context.reply(Markdown("\n").join(lines))


def register(registry: Registry) -> None:
    """Add ``/help``."""
    registry.add(
        Command(
            name="help",
            description={"en": "What I can do", "pt": "O que eu sei fazer"},
            handler=show_help,
            quiet=True,
        )
    )
