"""``/help``: the listed commands that the caller may use."""

from __future__ import annotations

from core.commands import Command, Context, Registry, may_call
from core.markdown import Markdown, escape


async def show_help(context: Context) -> None:
    """List the commands the caller may use, without those of plugins that are not enabled here."""
    plugins = await context.services.plugins.all(context.language)
    off = {command for card in plugins if card.state != "on" for command in card.commands}
    lines = [context.say("help.intro")]
    lines += [
        escape(f"/{command.name} — {command.description[context.language]}")
        for command in context.registry.listed
        if may_call(context.message.person, command) and command.name not in off
    ]
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
