"""``/plugin``: plugins of third parties: what there is, and what is enabled here."""

from __future__ import annotations

from core.commands import Command, Context, Parameter, Registry
from core.errors import BadInput
from core.markdown import Markdown
from core.services import PluginCard
from core.types import Button

_DIGITS = 12
"""Digits of a plugin's digest that a button holds: enough to tell two versions of one file apart."""


async def plugin(context: Context) -> None:
    """List the plugins; show one before it is enabled; disable one; read their files anew."""
    action, name = (context.message.arguments.get(key, "").strip().lower() for key in ("action", "name"))
    match action:
        case "":
            await _show_all(context)
        case "reload":
            await context.services.plugins.reload()
            await _show_all(context)
        case "enable":
            await _show(context, await context.services.plugins.find(name, context.language))
        case "disable":
            await context.services.plugins.disable(name)
            await context.note("disable_plugin", name)
            await context.reply(context.say("plugin.is_off", name=name))
        case _:
            raise BadInput("plugin.no_action", action=action)


async def confirm(context: Context) -> None:
    """Enable a plugin whose manifest was shown."""
    name, _, digest = context.message.arguments["what"].strip().partition(" ")
    card = await context.services.plugins.find(name, context.language)
    if not digest:
        return await _show(context, card)
    if not card.digest.startswith(digest):
        raise BadInput("plugin.changed", name=name)
    await context.services.plugins.enable(name, card.digest)
    await context.note("enable_plugin", name, card.digest[:_DIGITS])
    await context.settle(context.say("plugin.is_on", name=name))


async def _show_all(context: Context) -> None:
    cards = await context.services.plugins.all(context.language)
    if not cards:
        return await context.reply(context.say("plugin.none"))
    lines = [context.say("plugin.heading", n_plugins=len(cards))]
    for card in cards:
        state = context.say(f"plugged.{card.state}", problem=card.problem, name=card.name)
        lines.append(context.say("plugin.line", name=card.name, version=card.version, description=card.description))
        lines.append(Markdown(f"   {state}"))
    await context.reply(Markdown("\n").join(lines))


async def _show(context: Context, card: PluginCard) -> None:
    if card.state in ("broken", "stopped"):
        raise BadInput("plugin.not_running", name=card.name)
    nothing = context.label("plugin.nothing")
    values = {
        "name": card.name,
        "version": card.version,
        "description": card.description,
        "commands": ", ".join(f"/{command}" for command in card.commands) or nothing,
        "services": ", ".join(card.services) or nothing,
        "hooks": ", ".join(card.hooks) or nothing,
        "generators": ", ".join(card.generators) or nothing,
        "screens": ", ".join(card.screens) or nothing,
        "more": ", ".join((*card.jobs, *card.engines, *card.extractors)) or nothing,
        "network": context.label("plugin.network_yes" if card.network else "plugin.network_no"),
        "digest": card.digest[:_DIGITS],
    }
    button = Button(context.label("plugin.enable"), "plugin_on", f"{card.name} {card.digest[:_DIGITS]}")
    await context.reply(context.say("plugin.card", **values), button)


def register(registry: Registry) -> None:
    """Add ``/plugin`` and the command of its button."""
    registry.add(
        Command(
            name="plugin",
            description={
                "en": "Plugins: list, enable or disable one here, read their files anew",
                "pt": "Plugins: listar, ativar ou desativar aqui, ler os arquivos de novo",
            },
            handler=plugin,
            parameters=(
                Parameter(
                    "action",
                    {"en": "enable, disable or reload", "pt": "enable, disable ou reload"},
                    kind="word",
                    required=False,
                    choices=("enable", "disable", "reload"),
                ),
                Parameter("name", {"en": "The plugin's name", "pt": "O nome do plugin"}, kind="word", required=False),
            ),
            permission="moderator",
            private=True,
        )
    )
    registry.add(
        Command(
            name="plugin_on",
            description={"en": "Enable a plugin that was shown", "pt": "Ativar um plugin que foi mostrado"},
            handler=confirm,
            parameters=(Parameter("what", {"en": "Name and code", "pt": "Nome e código"}),),
            permission="moderator",
            private=True,
            listed=False,
        )
    )
