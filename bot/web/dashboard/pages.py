"""Pages from templates: every value is escaped, and sentences come from the text catalogue.

Nothing but ``bot/web/dashboard/static`` is loaded by a page, and no style or script stands in it.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from functools import cached_property, partial
from importlib.resources import files
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined

from core.markdown import plain_text
from core.texts import say
from core.types import LANGUAGES, Language, Reason

SCREENS: tuple[str, ...] = (
    "today",
    "gaps",
    "conversations",
    "knowledge",
    "quality",
    "models",
    "jobs",
    "settings",
    "audit",
)
"""The screens in the order of the menu; each is ``/dashboard/NAME``."""

STATIC: Mapping[str, str] = {
    "dashboard.css": "text/css; charset=utf-8",
    "dashboard.js": "text/javascript; charset=utf-8",
    "map.js": "text/javascript; charset=utf-8",
    "telegram.js": "text/javascript; charset=utf-8",
    "icon.svg": "image/svg+xml",
}
"""The files that pages load, with their types."""

_AGES: tuple[tuple[str, int], ...] = (("days", 86_400), ("hours", 3_600), ("minutes", 60))


class Pages:
    """Renders the templates. Made once a process. ``platforms`` are those that one can sign in by."""

    def __init__(self, platforms: Sequence[str] = ()) -> None:
        self._templates = Environment(
            loader=PackageLoader("bot.web.dashboard"),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )
        self._templates.globals.update(version=self.static_version, screens=SCREENS, languages=LANGUAGES)
        self._templates.globals.update(platforms=tuple(platforms))
        self._templates.filters.update(web_link=web_link, plain_text=plain_text)

    @cached_property
    def static(self) -> Mapping[str, bytes]:
        """Return the contents of the files in ``STATIC``."""
        folder = files("bot.web.dashboard") / "static"
        return {name: (folder / name).read_bytes() for name in STATIC}

    @cached_property
    def static_version(self) -> str:
        """Return what changes whenever one of these files does."""
        digest = hashlib.sha256()
        for data in self.static.values():
            digest.update(data)
        return digest.hexdigest()[:12]

    def render(self, name: str, language: Language, values: Mapping[str, Any]) -> str:
        """Return the page ``name`` with its sentences in ``language``."""
        template = self._templates.get_template(f"{name}.html")
        chrome = {"language": language, "say": partial(say, language), "ago": partial(_ago, language)}
        return template.render(
            **chrome, sentence=partial(_sentence, language), said_reason=partial(_reason, language), **values
        )


def web_link(name: str) -> str | None:
    """Return an address that may be linked to: of the web; ``None`` for anything else."""
    return name if name.startswith(("https://", "http://")) else None


def _sentence(language: Language, key: str) -> str:
    """Return the sentence of an error's key; the key itself where the sentence needs values that were not kept."""
    try:
        return say(language, key)
    except KeyError:
        return key


def _reason(language: Language, reason: Reason) -> str:
    """Return a reason of the gate as a sentence."""
    return say(language, reason.key, **reason.values)


def _ago(language: Language, moment: datetime) -> str:
    """Return how long ago a moment was, in words."""
    passed_s = (datetime.now(UTC) - moment).total_seconds()
    for unit, length_s in _AGES:
        if passed_s >= length_s:
            return say(language, f"ago.{unit}", n=int(passed_s // length_s))
    return say(language, "ago.now")
