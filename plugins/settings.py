"""``/settings``: every setting of the community, shown with menus and buttons and changed by them."""

from __future__ import annotations

from typing import Any

from core.commands import Command, Context, Localised, Parameter, Registry
from core.errors import BadInput
from core.markdown import Markdown
from core.services import SettingValue
from core.services.setting_schema import SETTINGS, Setting
from core.types import Button, Menu, MenuOption

_WHICH: Localised = {"en": "Which setting; nothing lists them", "pt": "Qual configuração; vazio lista todas"}


async def settings(context: Context) -> None:
    """List the settings, show one with the values it takes, or change it."""
    arguments = context.message.arguments
    name, typed, channel = (arguments.get(each, "").strip() for each in ("setting", "value", "channel"))
    if not name:
        await _list(context)
    elif typed or channel:
        await _say_changed(context, await context.services.settings.set(name, typed, channel or None))
    else:
        await _show(context, await context.services.settings.get(name))


async def set_setting(context: Context) -> None:
    """Change a setting to the words of a reply to its card."""
    arguments = context.message.arguments
    if not (typed := arguments.get("value", "").strip()):
        raise BadInput("setting.reply")
    await _say_changed(context, await context.services.settings.set(arguments["setting"], typed))


async def _list(context: Context) -> None:
    values = await context.services.settings.all()
    lines = [context.say("setting.heading")]
    lines += [
        context.say("setting.line", title=context.label(f"setting.{each.setting.name}"), value=_shown(context, each))
        for each in values
    ]
    options = tuple(MenuOption(context.label(f"setting.{each.setting.name}"), each.setting.name) for each in values)
    menu = Menu(context.label("setting.which"), "settings", options=options)
    await context.offer(Markdown("\n").join(lines), menu)


async def _show(context: Context, value: SettingValue) -> None:
    """Show a setting: a menu of its values, or of channels, and buttons for what a menu cannot hold."""
    name = value.setting.name
    lines = (
        context.say("setting.title", title=context.label(f"setting.{name}")),
        context.say(f"setting.{name}_about"),
        context.say("setting.now", value=_shown(context, value)),
    )
    await context.offer(Markdown("\n").join(lines), _menu(context, value), *_buttons(context, value))


def _menu(context: Context, value: SettingValue) -> Menu | None:
    setting = value.setting
    match setting.kind:
        case "choice" | "switch" | "number":
            choices = setting.choices or ("on", "off")
            options = tuple(
                MenuOption(context.label(_choice(setting, choice), n=choice), choice, is_chosen=choice == value.written)
                for choice in choices
            )
            return Menu(context.label("setting.choose"), "settings", setting.name, options)
        case "channel" | "channels":
            return Menu(context.label(f"setting.pick_{setting.kind}"), "settings", setting.name, of_channels=True)
        case _:
            return None


def _buttons(context: Context, value: SettingValue) -> tuple[Button, ...]:
    name = value.setting.name
    match value.setting.kind:
        case "channel" | "channels":
            here = "take_out" if value.is_here and value.setting.kind == "channels" else "here"
            buttons = [Button(context.label(f"setting.{here}"), "settings", f"{name} here")]
            if value.value:
                buttons.append(Button(context.label("setting.none"), "settings", f"{name} off"))
        case "text" | "number" | "roles":
            buttons = [Button(context.label("setting.write"), "set_setting", name)]
            if value.setting.kind != "number" and value.value:
                buttons.append(Button(context.label("setting.none"), "settings", f"{name} off"))
        case _:
            buttons = []
    return (*buttons, Button(context.label("setting.all"), "settings"))


def _shown(context: Context, value: SettingValue) -> Markdown:
    """Return a value as people read it."""
    match value.setting.kind:
        case "channel" | "channels" if value.value:
            channels = (value.value,) if value.setting.kind == "channel" else value.value
            return Markdown(", ").join(context.channel(each) for each in channels)
        case "roles" if value.value:
            return Markdown(", ").join(context.role(each) for each in value.value)
        case "channel" | "channels" | "roles":
            return context.say("setting.nowhere")
        case "text" if value.value:
            return context.say("setting.text", text=value.value)
        case _:
            return context.say(_choice(value.setting, value.written), n=value.written)


def _choice(setting: Setting[Any], choice: str) -> str:
    """Return the key of a choice's label, which shows a number other than 0 as ``n``."""
    is_counted = setting.kind == "number" and choice != "0"
    return f"setting.{setting.name}_n" if is_counted else f"setting.{setting.name}_{choice}"


async def _say_changed(context: Context, value: SettingValue) -> None:
    await context.note("set", value.setting.name, value.written)
    title = context.label(f"setting.{value.setting.name}")
    changed = context.say("setting.changed", title=title, value=_shown(context, value))
    more = [context.say("training.withheld")] if _is_withheld(context, value) else []
    await context.settle(Markdown("\n").join([changed, *more]), Button(context.label("setting.all"), "settings"))


def _is_withheld(context: Context, value: SettingValue) -> bool:
    return value.setting.name == "training" and bool(value.value) and context.services.rights.withholds_messages()


def register(registry: Registry) -> None:
    """Add ``/settings`` and ``/set_setting``."""
    value = Parameter(
        "value",
        {"en": "Its new value; nothing shows what it may be", "pt": "O novo valor; vazio mostra os possíveis"},
        required=False,
    )
    channel = Parameter(
        "channel", {"en": "A channel, for those about channels", "pt": "Um canal"}, kind="channel", required=False
    )
    names = tuple(setting.name for setting in SETTINGS)
    registry.add(
        Command(
            name="settings",
            description={"en": "Everything that can be set here", "pt": "Tudo o que se pode configurar aqui"},
            handler=settings,
            parameters=(
                Parameter("setting", _WHICH, "word", required=False, choices=names),
                value,
                channel,
            ),
            permission="moderator",
        )
    )
    registry.add(
        Command(
            name="set_setting",
            description={"en": "Write a setting's value", "pt": "Escreva o valor de uma configuração"},
            handler=set_setting,
            parameters=(Parameter("setting", _WHICH, "word"), value),
            permission="moderator",
            listed=False,
            takes_replies=True,
        )
    )
