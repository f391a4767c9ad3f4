"""Untrusted text as Markdown that shows it as it is."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Iterable

from core.control_characters import without_controls


class Markdown(str):
    """A text in Markdown, in which everything untrusted is escaped."""

    __slots__ = ()

    def join(self, parts: Iterable[str], /) -> Markdown:
        """Return the parts with this between them; a part that is not Markdown is escaped."""
        return Markdown(super().join(part if isinstance(part, Markdown) else escape(part) for part in parts))


ADDRESS = r"https?://(?:[^\s<>()`|*\\\"]|\([^\s<>()`|*\\\"]*\))+"
"""A web address, without the characters that could end a link, code, bold text or a spoiler."""

DEEP_INDENT = r"(?:[ ]{4}|[ ]{0,3}\t)[ \t]*"
"""Indentation that makes a block of code."""

LINE_MARK = r"(?:-(?=[-\#=\s]|$)|\+(?=\s|$)|\#(?=[\#\s]|$)|=|>)"
"""What at the start of a line makes a heading, an item, a rule, small print or a quote."""

LINE_NUMBER = r"\d{1,9}(?=[.)](?:\s|$))"
"""The number of an item, up to the mark that makes it one."""

SPECIAL = r"[\\`*_~|<$]|&(?=\#?\w{1,31};)|@(?=everyone|here)"
"""What makes emphasis, code, spoilers, tables, formulas, HTML, entities and mentions, but for brackets."""

_TOKEN = re.compile(
    rf"""
    (?P<address>{ADDRESS})
    | ^(?P<deep>{DEEP_INDENT})
    | ^(?P<indent>[ ]{{0,3}})(?P<mark>{LINE_MARK})
    | ^(?P<number>[ ]{{0,3}}{LINE_NUMBER})
    | (?P<special>{SPECIAL}|[\[\]])
    """,
    re.VERBOSE | re.MULTILINE,
)
_AFTER_ADDRESS = ".,;:!?'_~"
_PUNCTUATION = re.compile(r"[_~]")


def escape(text: str) -> Markdown:
    """Return untrusted text so that Markdown shows it as it is, at the start of a line as well as within one.

    Control characters go. Web addresses stay links, which show where they lead.
    """
    return Markdown(_TOKEN.sub(_escaped, without_controls(text)))


def linked(address: str) -> str:
    """Return a match of ``ADDRESS`` as a link without preview; punctuation that follows it is left outside."""
    end = len(address.rstrip(_AFTER_ADDRESS))
    return f"<{address[:end]}>{_PUNCTUATION.sub(_backslashed, address[end:])}"


def fixed_indent(spaces: str) -> str:
    """Return indentation that makes no block of code: no-break spaces, eight columns for a tab."""
    return spaces.replace("\t", " " * 8).replace(" ", "\u00a0")


def _escaped(token: re.Match[str]) -> str:
    if token["address"]:
        return linked(token["address"])
    if token["deep"]:
        return fixed_indent(token["deep"])
    if token["mark"]:
        return f"{token['indent']}\\{token['mark']}"
    return f"{token[0]}\\" if token["number"] else f"\\{token[0]}"


def _backslashed(character: re.Match[str]) -> str:
    return f"\\{character[0]}"


def quoted(text: str, max_chars: int) -> Markdown:
    """Return untrusted text as one quoted line of at most so many characters."""
    return Markdown(f"> {escape(textwrap.shorten(' '.join(text.split()), max_chars, placeholder='…'))}")
