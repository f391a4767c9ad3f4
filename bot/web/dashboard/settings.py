"""Settings: every setting of the community, from the one schema that chat and the command line use."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from http import HTTPStatus

from fastapi import HTTPException
from fastapi.responses import Response

from bot.web.dashboard.visit import ScreenRoute, Visit
from core.chat.channel_name import channel_label
from core.services import SettingValue
from core.services.setting_schema import SETTINGS
from core.texts import say
from core.types import Language


@dataclass(frozen=True, slots=True)
class SettingField:
    """A setting as a field of a form: its value and choices as typed, each choice with its label.

    ``meanings`` say what a number means now, and what 0 does. One of a channel can only be switched off here: which
    channel is meant is said in chat. ``channels`` are the names of those that are set.
    """

    name: str
    kind: str
    title: str
    about: str
    written: str
    most: int
    choices: Sequence[tuple[str, str]]
    meanings: Sequence[str] = ()
    channels: Sequence[str] = ()


async def settings(visit: Visit) -> Response:
    """Show every setting with its value, and the webhooks."""
    values, webhooks = await visit.services.settings.all(), await visit.services.webhooks.all()
    return await visit.page("settings", fields=[_field(visit, value) for value in values], webhooks=webhooks)


async def change(visit: Visit) -> Response:
    """Change a setting."""
    name = str(visit.request.path_params["name"])
    if name not in {setting.name for setting in SETTINGS}:
        raise HTTPException(HTTPStatus.NOT_FOUND)
    changed = await visit.services.settings.set(name, visit.text("value") or "off")
    await visit.note("set", name, changed.written)
    return visit.back("/settings", "set")


ROUTES = (
    ScreenRoute("/settings", settings),
    ScreenRoute("/settings/{name}", change, is_action=True),
)


def _field(visit: Visit, value: SettingValue) -> SettingField:
    setting, language = value.setting, visit.language
    zero = _label(language, setting.name, "number", "0") if setting.kind == "number" else ""
    now = [_label(language, setting.name, "number", value.written)] if zero and value.value else []
    choices = setting.choices or (("on", "off") if setting.kind == "switch" else ())
    return SettingField(
        name=setting.name,
        kind=setting.kind,
        title=say(language, f"setting.{setting.name}"),
        about=say(language, f"setting.{setting.name}_about"),
        written=value.written,
        most=setting.most,
        choices=[(choice, _label(language, setting.name, setting.kind, choice)) for choice in choices],
        meanings=[*now, say(language, "dashboard.zero_means", label=zero)] if zero else [],
        channels=[_channel(visit, each) for each in _conversations(value)],
    )


def _conversations(value: SettingValue) -> Sequence[str]:
    match value.setting.kind:
        case "channel" if value.value:
            return (value.value,)
        case "channels":
            return tuple(value.value)
        case _:
            return ()


def _channel(visit: Visit, conversation: str) -> str:
    named = visit.host.roles.channel_title(visit.space, conversation)
    return named or channel_label(visit.space, conversation, visit.language)


def _label(language: Language, name: str, kind: str, choice: str) -> str:
    """Return a choice's label, which shows a number other than 0 as ``n``."""
    suffix = "n" if kind == "number" and choice != "0" else choice
    return say(language, f"setting.{name}_{suffix}", n=choice)
