"""The settings of a community: one schema for ``/settings``, ``aion settings``, their documentation and their storage.

The sentences are in the catalogue: ``setting.<name>`` is a setting's title, ``setting.<name>_about`` says what it
does, ``setting.<name>_<choice>`` labels one of its choices. The operator's own settings are in ``core.settings``.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Generic, Literal, TypeVar, cast

from core.errors import BadInput
from core.services.review import ReviewPolicy
from core.services.setting_words import value_of, word_of
from core.types import LANGUAGES, Language

T = TypeVar("T")

SettingKind = Literal["choice", "switch", "number", "text", "channel", "channels", "roles"]
"""``switch`` is on or off; ``channel`` and ``channels`` hold conversations of the space, by their ids; ``roles`` hold
names or ids of roles."""

AnswerRange = Literal["everything", "taught", "sure"]
"""What may be said where AION is not sure: ``everything``: also the closest passages and what a provider knows,
each marked as such; ``taught``: the closest passages; ``sure``: only that it does not know."""

SpokenLanguage = Literal["each", "en", "pt"]
"""The language AION speaks in a space; ``each``: that of each person's own client."""

Tone = Literal["neutral", "warm", "formal"]
"""How answers are phrased by models that write in their own words."""

ReplyPolicy = Literal["learn", "propose", "off"]
"""What becomes of a trusted reply to an open question: learned at once, proposed to the moderators, or nothing."""

MAX_ROLES = 20
"""The most roles that a space may trust."""

MAX_NAME_CHARS = 32
"""Longest name AION may be given."""

_NAME = re.compile(r"\w[\w.'’-]*(?: \w[\w.'’-]*){0,2}")
"""One to three words without markup: a name, and no instruction."""

_SWITCH = {"on": True, "off": False}
_OFF = "off"


@dataclass(frozen=True, slots=True)
class Setting(Generic[T]):
    """One setting: its ``name`` as typed, its ``key`` in the database, and the values it takes.

    ``choices`` are all values of a ``choice``, and those of a ``number`` that are offered; ``most`` is the largest
    number. ``default`` holds where nobody has set it.
    """

    name: str
    key: str
    kind: SettingKind
    default: T
    choices: tuple[str, ...] = field(default=())
    most: int = 0

    def parse(self, typed: str) -> T:
        """Return the value of a word of any language, a number or a text. Raises ``BadInput`` naming what it may be.

        Of a channel only ``off`` can be typed; which channel is meant depends on where it is said.
        """
        text = " ".join(typed.split())
        word = value_of(text)
        match self.kind:
            case "choice" if word in self.choices:
                return cast(T, word)
            case "switch" if word in _SWITCH:
                return cast(T, _SWITCH[word])
            case "number" if re.fullmatch(r"[0-9]{1,9}", text) and int(text) <= self.most:
                return cast(T, int(text))
            case "text" if word == _OFF:
                return self.default
            case "text" if len(text) <= self.most and _NAME.fullmatch(text):
                return cast(T, text)
            case "channel" | "channels" | "roles" if word == _OFF:
                return self.default
            case "roles" if roles := _roles(text):
                return cast(T, roles)
        raise BadInput("setting.wrong", name=self.name, given=typed, values=self.values)

    @property
    def values(self) -> Mapping[Language, str]:
        """Return what may be typed, in one line of each language: ``on, off`` or ``0–365``."""
        words = self._words()
        return {language: ", ".join(word_of(each, language) for each in words) for language in LANGUAGES}

    def _words(self) -> tuple[str, ...]:
        match self.kind:
            case "choice":
                return self.choices
            case "switch":
                return tuple(_SWITCH)
            case "number":
                return (f"0–{self.most}",)
            case "text":
                return "1–3 words", _OFF
            case "channel" | "channels":
                return "here", _OFF
            case "roles":
                return "role, role …", _OFF

    def written(self, value: T) -> str:
        """Return a value as it is typed: ``on``, ``30``, ``off`` for nothing."""
        match value:
            case bool():
                return "on" if value else _OFF
            case list() | tuple():
                return (", " if self.kind == "roles" else " ").join(value) or _OFF
            case None | "":
                return _OFF
            case _:
                return str(value)

    def said(self, value: T, language: Language) -> str:
        """Return a value as it is typed in a language."""
        typed = self.written(value)
        return typed if self.kind in ("text", "roles") and value else word_of(typed, language)


ANSWERS: Setting[AnswerRange] = Setting("answers", "answers", "choice", "everything", ("everything", "taught", "sure"))
LANGUAGE: Setting[SpokenLanguage] = Setting("language", "language", "choice", "each", ("each", "en", "pt"))
NAME: Setting[str] = Setting("name", "persona_name", "text", "", most=MAX_NAME_CHARS)
TONE: Setting[Tone] = Setting("tone", "persona_tone", "choice", "neutral", ("neutral", "warm", "formal"))
FREE_CHANNELS: Setting[tuple[str, ...]] = Setting("free_channels", "free_channels", "channels", ())
MODERATORS: Setting[str | None] = Setting("moderators", "moderators_channel", "channel", None)
DIGEST: Setting[str | None] = Setting("digest", "digest_channel", "channel", None)
REVIEW: Setting[ReviewPolicy] = Setting("review", "review_policy", "choice", "found", ("all", "found", "none"))
REPLIES: Setting[ReplyPolicy] = Setting("replies", "trusted_replies", "choice", "learn", ("learn", "propose", "off"))
TRUSTED_ROLES: Setting[tuple[str, ...]] = Setting("trusted_roles", "trusted_roles", "roles", ())
RESEARCH: Setting[int] = Setting(
    "research", "gap_pages_a_week", "number", 0, ("0", "10", "25", "50", "100"), most=10_000
)
TRAINING: Setting[bool] = Setting("training", "training", "switch", False)
RETENTION: Setting[int] = Setting(
    "retention", "keep_answers_days", "number", 0, ("0", "30", "90", "180", "365"), most=3_650
)
OUTDATED: Setting[int] = Setting(
    "outdated", "outdated_after_days", "number", 730, ("0", "180", "365", "730", "1095"), most=36_500
)

SETTINGS: tuple[Setting[Any], ...] = (
    ANSWERS,
    LANGUAGE,
    NAME,
    TONE,
    FREE_CHANNELS,
    MODERATORS,
    DIGEST,
    REVIEW,
    REPLIES,
    TRUSTED_ROLES,
    RESEARCH,
    TRAINING,
    RETENTION,
    OUTDATED,
)
"""Every setting, in the order in which they are listed."""


def _roles(typed: str) -> tuple[str, ...]:
    """Return roles typed with commas between them; none where they are too many or one is too long for a role."""
    roles = tuple(dict.fromkeys(filter(None, (each.strip().lstrip("@") for each in typed.split(",")))))
    return roles if len(roles) <= MAX_ROLES and max(map(len, roles), default=0) <= 100 else ()


def setting_named(name: str) -> Setting[Any]:
    """Return the setting of that name. Raises ``BadInput`` naming those there are."""
    found = next((setting for setting in SETTINGS if setting.name == name.strip().lower()), None)
    if found is None:
        raise BadInput("setting.unknown", name=name, names=", ".join(setting.name for setting in SETTINGS))
    return found
