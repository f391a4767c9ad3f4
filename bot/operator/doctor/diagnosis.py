"""One result of ``aion doctor``: a level, a sentence and its fix."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from core.errors import UserError
from core.texts import catalogue, say
from core.types import Language

Level = Literal["error", "warning", "note", "ok"]
"""``error``: AION does not answer, wholly or on a platform. ``warning``: it is limited. ``note``: possibly intended."""


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """One result: a key of the catalogue's ``[doctor]``, or a dotted key of another section, and its values."""

    level: Level
    key: str
    values: Mapping[str, object] = field(default_factory=dict)

    @classmethod
    def of(cls, error: UserError, level: Level = "error") -> Diagnosis:
        """Return the diagnosis of a ``UserError``."""
        return cls(level, error.key.removeprefix("doctor."), error.values)

    def sentence(self, language: Language) -> str:
        """Return the result as a sentence."""
        return say(language, self._key, **self.values)

    def fix(self, language: Language) -> str:
        """Return what to do about it; empty where the sentence says so or nothing is to be done."""
        key = f"{self._key}_mend"
        return say(language, key, **self.values) if key in catalogue(language) else ""

    @property
    def _key(self) -> str:
        return self.key if "." in self.key else f"doctor.{self.key}"
