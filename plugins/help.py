"""``/help``: the listed commands that the caller may use."""

from __future__ import annotations

from core.commands import Command, Context, Registry


async def show_help(context: Context) -> None:
    """List the commands the caller may use."""
    moderator = context.message.person.is_moderator
    lines = [context.say("help.intro")]
    lines += [
        f"/{command.name} — {command.description[context.language]}"
        for command in context.registry.listed
        if moderator or command.permission == "everyone"
    ]
    await context.reply("\n".join(lines))


def register(registry: Registry) -> None:
    """Add ``/help``."""
    registry.add(
        Command(
            name="help",
            description={"en": "What I can do", "pt": "O que eu sei fazer"},
            handler=show_help,
            private=True,
        )
    )
