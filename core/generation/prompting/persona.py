"""The name and the tone that models write under. They change how an answer is phrased, never what it states."""

from __future__ import annotations

from dataclasses import dataclass

from core.services.setting_schema import Tone


@dataclass(frozen=True, slots=True)
class Persona:
    """The persona of a space. ``name`` has no markup (``core.services.setting_schema``)."""

    name: str = "AION"
    tone: Tone = "neutral"


AION = Persona()
