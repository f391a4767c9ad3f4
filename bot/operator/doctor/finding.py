"""What a look at AION finds, in words."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from core.errors import UserError
from core.texts import catalogue, say
from core.types import Language

Level = Literal["error", "warning", "note", "ok"]
"""``error``: AION is silent, wholly or on a platform. ``warning``: it is limited. ``note``: as may well be meant."""


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """One thing found: a key of the catalogue's ``[doctor]``, or of another section with a dot, and its values."""

    level: Level
    key: str
    values: Mapping[str, object] = field(default_factory=dict)

    @classmethod
    def of(cls, error: UserError, level: Level = "error") -> Diagnosis:
        """Return an error that a person can act on as a finding."""
        return cls(level, error.key.removeprefix("doctor."), error.values)

    def said(self, language: Language) -> str:
        """Return what was found, as a sentence."""
        return say(language, self._key, **self.values)

    def mend(self, language: Language) -> str:
        """Return what to do about it; nothing where the finding itself says so, or nothing need be done."""
        key = f"{self._key}_mend"
        return say(language, key, **self.values) if key in catalogue(language) else ""

    @property
    def _key(self) -> str:
        return self.key if "." in self.key else f"doctor.{self.key}"
