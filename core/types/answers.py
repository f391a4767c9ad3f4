"""Answers, replies and ratings."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from core.markdown import Markdown
from core.types.base import Language
from core.types.search import Confidence


@dataclass(frozen=True, slots=True)
class Source:
    """A numbered citation; ``quote`` is a verbatim part of the passage ``passage_id``."""

    n: int
    document: str
    heading: str
    quote: str
    passage_id: int


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer to a question.

    ``used`` names what wrote it: ``local``, ``extract``, ``closest`` (quotes that may not answer), a provider's name,
    ``cache``, ``talk``, ``abstained`` or ``silent``.
    """

    id: int
    text: str
    used: str
    model: str | None
    language: Language
    confidence: Confidence
    sources: tuple[Source, ...] = ()
    latency_ms: Mapping[str, float] = field(default_factory=dict)


Thumb = Literal["up", "down"]


@dataclass(frozen=True, slots=True)
class Rating:
    """One person's thumb on one answer; ``None`` withdraws an earlier one."""

    answer_id: int
    person_id: str
    thumb: Thumb | None


@dataclass(frozen=True, slots=True)
class Button:
    """A button under a reply: pressing it runs ``command`` with ``argument`` for the person who pressed.

    ``label`` is in the reader's language, at most 40 characters. Command and argument together have at most 48 bytes,
    which every platform can store in the button, so that it works after a restart.
    """

    label: str
    command: str
    argument: str = ""


@dataclass(frozen=True, slots=True)
class MenuOption:
    """One choice of a menu; ``is_chosen``: it is what holds now."""

    label: str
    value: str
    is_chosen: bool = False


@dataclass(frozen=True, slots=True)
class Menu:
    """A menu under a reply: choosing an option runs ``command`` with ``argument`` and the option's value, as typed.

    At most 25 options. One ``of_channels`` has the space's channels instead, where the platform can show them; the one
    chosen is given to the command's parameter of the kind ``channel``. Command, argument and value together have at
    most 48 bytes.
    """

    placeholder: str
    command: str
    argument: str = ""
    options: tuple[MenuOption, ...] = ()
    of_channels: bool = False


@dataclass(frozen=True, slots=True)
class ReplyItem:
    """One of several things that a reply lists, with the buttons that decide on it alone."""

    text: Markdown
    buttons: tuple[Button, ...] = ()


@dataclass(frozen=True, slots=True)
class File:
    """A file attached to a reply; one whose name ends in ``.png`` is shown as an image."""

    name: str
    data: bytes


@dataclass(frozen=True, slots=True)
class Reply:
    """A message to be shown, in Markdown; with an ``answer_id`` it has buttons for rating.

    ``private``: shown to the caller only, never where others read. ``quiet``: shown to the caller only where the
    platform can, else to all. ``items`` are listed below the text. ``settles``: the message whose button led to it
    loses its buttons, or where it was an item's, those of the item. ``reaction`` is an emoji to put on the message it
    replies to; one with that and no text is the reaction alone. ``outage``: says that the database cannot be reached,
    in place of a reply that a stored message may still have.
    """

    text: Markdown
    language: Language
    answer_id: int | None = None
    sources: tuple[Source, ...] = ()
    private: bool = False
    buttons: tuple[Button, ...] = ()
    settles: bool = False
    files: tuple[File, ...] = ()
    quiet: bool = False
    menu: Menu | None = None
    reaction: str = ""
    outage: bool = False
    items: tuple[ReplyItem, ...] = ()
