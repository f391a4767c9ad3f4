"""The text catalogue: every sentence AION says, in each language, from ``core/locales/LANGUAGE.toml``.

Sentences may hold Markdown; the values in their gaps are text, and are shown as they are. A value that is a mapping by
language is shown as that of the sentence. ``{n} {n:passage|passages}`` is "1 passage" and "2 passages".
"""

from __future__ import annotations

import tomllib
from collections.abc import Callable, Mapping
from functools import cache
from importlib.resources import files
from string import Formatter

from core.control_characters import without_controls
from core.errors import UserError
from core.markdown import Markdown, escape
from core.types import LANGUAGES, Language

_PARTS = Formatter()


@cache
def catalogue(language: Language) -> Mapping[str, str]:
    """Return the sentences of a language by dotted key (``answer.unknown``)."""
    tables = tomllib.loads((files("core") / "locales" / f"{language}.toml").read_text(encoding="utf-8"))
    return {f"{table}.{name}": sentence for table, rows in tables.items() for name, sentence in rows.items()}


def say(language: Language, key: str, **values: object) -> str:
    """Return the sentence ``key`` in ``language``, as text for a terminal, a log or a button, with its gaps filled.

    Control characters of the values go. Raises ``KeyError`` on an unknown key or gap.
    """
    return _filled(catalogue(language)[key], _said(values, language), without_controls, without_controls)


def say_markdown(language: Language, key: str, **values: object) -> Markdown:
    """Return the sentence ``key`` in ``language`` as Markdown, with its gaps filled.

    A value that is not ``Markdown`` itself is escaped; in inline code its backticks become apostrophes. Raises
    ``KeyError`` on an unknown key or gap.
    """
    return Markdown(_filled(catalogue(language)[key], _said(values, language), escape, _in_code))


def explain(language: Language, error: UserError) -> str:
    """Return a user error as one sentence of text."""
    return say(language, error.key, **error.values)


def explain_markdown(language: Language, error: UserError) -> Markdown:
    """Return a user error as one sentence of Markdown."""
    return say_markdown(language, error.key, **error.values)


def language_of_locale(locale: str | None, default: Language) -> Language:
    """Return the language a platform's tag (``pt-BR``) asks for, or ``default`` when AION does not speak it."""
    prefix = (locale or "").lower().split("-")[0].split("_")[0]
    return next((language for language in LANGUAGES if language == prefix), default)


def _said(values: Mapping[str, object], language: Language) -> Mapping[str, object]:
    return {name: value[language] if isinstance(value, Mapping) else value for name, value in values.items()}


def _filled(
    sentence: str, values: Mapping[str, object], show: Callable[[str], str], show_code: Callable[[str], str]
) -> str:
    """Fill the gaps of a sentence, those inside inline code by ``show_code``."""
    pieces: list[str] = []
    in_code = False
    for literal, name, form, _ in _PARTS.parse(sentence):
        pieces.append(literal)
        in_code ^= literal.count("`") % 2 == 1
        if name is not None:
            value = values[name]
            if form and "|" in form:
                pieces.append(_counted(value, form))
                continue
            text = format(value, form or "")
            pieces.append(value if isinstance(value, Markdown) else (show_code if in_code else show)(text))
    return "".join(pieces)


def _counted(value: object, words: str) -> str:
    """Return the words for one thing or for several, which a bar divides."""
    one, _, several = words.partition("|")
    return one if str(value) == "1" else several


def _in_code(text: str) -> str:
    return " ".join(without_controls(text).replace("`", "'").split())
