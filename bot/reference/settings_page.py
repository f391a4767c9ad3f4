"""The page of the operator's settings: names, values and defaults from the code, descriptions from below the fields."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Literal, get_args, get_origin

from annotated_types import Ge, Gt, Le
from pydantic.fields import FieldInfo

from bot.reference.command_line import variables
from bot.reference.markdown_table import markdown_table
from core.generation.providers.catalogue import Provider, read_providers
from core.settings.group import SettingsGroup
from core.settings.settings import GROUPS

_INTRODUCTION = """\
# Settings

These are the operator's settings. AION reads them from the environment, and from the file `.env` in the folder it is
started in. Everything has a default; only the tokens are yours to bring. `aion init` writes the file for you, and
`.env.example` is one to begin with. A change takes effect at the next start.

What the moderators of a community set for themselves, with `/settings`, is
[another page](chat.md#settings-of-a-community).
"""

_KEYS = """\
## Keys of providers

Free providers are asked in this order, where their key is set. Several keys of one are separated by commas, or set as
`GROQ_API_KEY_2`, `GROQ_API_KEY_3` and so on. What the plans allow and what becomes of your data is in
[Free keys, models and workers](../models.md#free-keys).
"""

_OPTIONS = """\
## Defaults of options

These variables stand in for an option of [the command line](command-line.md).
"""

_ELSEWHERE = """\
## Read elsewhere

| setting | default | what |
| --- | --- | --- |
| `AION_API_TOKEN` |  | The token that `aion mcp` asks with, as `aion tokens add` printed it. |
| `POSTGRES_PASSWORD` |  | The password of the database that `docker-compose.yml` starts with `--profile postgres`. |
| `SEARXNG_SECRET` |  | The secret of the SearXNG that it starts with `--profile searxng`: a long random word. |
"""

_COLUMNS = ("setting", "default", "what")


def settings_page() -> str:
    """Return the page."""
    parts = [
        _INTRODUCTION,
        *map(_section, GROUPS),
        _KEYS + "\n" + markdown_table(_COLUMNS, map(_key, read_providers())),
        _OPTIONS + "\n" + markdown_table(("setting", "default", "what"), variables()),
        _ELSEWHERE,
    ]
    return "\n".join(parts)


def _section(group: type[SettingsGroup]) -> str:
    title, _, about = (group.__doc__ or "").partition(": ")
    rows = (_row(each) for name, each in group.model_fields.items() if name in group.__annotations__)
    return f"## {title}\n\n{about[:1].upper()}{about[1:]}\n\n{markdown_table(_COLUMNS, rows)}"


def _row(setting: FieldInfo) -> Sequence[str]:
    return f"`{setting.alias}`", _default(setting.default), " ".join((setting.description or "", *_values(setting)))


def _default(value: object) -> str:
    if value is None or value == "":
        return ""
    return f"`{value:g}`" if isinstance(value, float) else f"`{value.as_posix() if isinstance(value, Path) else value}`"


def _values(setting: FieldInfo) -> Iterator[str]:
    """Yield what the setting may be, as a sentence, where that is a choice or a range with two ends."""
    if get_origin(setting.annotation) is Literal:
        yield f"One of {', '.join(f'`{each}`' for each in get_args(setting.annotation))}."
    least = next((each.ge for each in setting.metadata if isinstance(each, Ge)), None)
    above = next((each.gt for each in setting.metadata if isinstance(each, Gt)), None)
    most = next((each.le for each in setting.metadata if isinstance(each, Le)), None)
    if most is not None:
        yield f"From {least} to {most}."
    elif above is not None:
        yield f"More than {above}."


def _key(provider: Provider) -> Sequence[str]:
    about = "Paid: it stays off while `AION_OPENAI_MONTHLY_USD` is 0." if provider.paid else "Free."
    hears = " It also transcribes voice messages." if provider.transcription else ""
    return f"`{provider.key_env}`", "", f"{provider.name}. {about}{hears}"
