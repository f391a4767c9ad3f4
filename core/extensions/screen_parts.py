"""What a plugin's page of the dashboard consists of: values, which AION draws and escapes; no markup is among them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from core.errors import BadInput
from core.types import Language, Person, SpaceId

FieldKind = Literal["text", "long", "number", "choice"]
"""``long``: of several lines; ``choice``: one of ``ScreenField.choices``."""

MAX_REASON_CHARS = 300


@dataclass(frozen=True, slots=True)
class ScreenText:
    """Text, shown as it is; line breaks stay."""

    text: str
    heading: str = ""


@dataclass(frozen=True, slots=True)
class ScreenFigure:
    """A number or a short text, with what it is."""

    label: str
    value: str | int | float


@dataclass(frozen=True, slots=True)
class ScreenTable:
    """Rows of as many cells as there are columns."""

    columns: Sequence[str]
    rows: Sequence[Sequence[str | int | float]]
    heading: str = ""


@dataclass(frozen=True, slots=True)
class ScreenChart:
    """Stacked bars over ``labels``, of one to three series of numbers from 0, with a table under them."""

    heading: str
    labels: Sequence[str]
    series: Mapping[str, Sequence[int | float]]


@dataclass(frozen=True, slots=True)
class ScreenField:
    """A field of a form. What is sent may be anything: a browser need not keep to the kind."""

    name: str
    label: str
    kind: FieldKind = "text"
    value: str = ""
    choices: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class ScreenForm:
    """A form with one button. ``name`` tells it from others of the page."""

    button: str
    fields: Sequence[ScreenField] = ()
    name: str = "form"
    heading: str = ""


ScreenPart = ScreenText | ScreenFigure | ScreenTable | ScreenChart | ScreenForm


@dataclass(frozen=True, slots=True)
class ScreenVisit:
    """A moderator at a screen. ``services`` are those that the manifest names, bound to the space and the person.

    ``form`` is the name of a form that was sent, ``fields`` what was typed into it.
    """

    space: SpaceId
    person: Person
    language: Language
    services: Any
    form: str = ""
    fields: Mapping[str, str] = field(default_factory=dict)

    def refusal(self, reason: str) -> BadInput:
        """Return an error to raise: the person is told why a form was not taken."""
        return BadInput("plugin.refused", reason=reason[:MAX_REASON_CHARS])
