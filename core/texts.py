"""The text catalogue: every sentence AION says, in each language, from ``core/locales/LANGUAGE.toml``."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from functools import cache
from importlib.resources import files

from core.errors import UserError
from core.types import LANGUAGES, Language


@cache
def catalogue(language: Language) -> Mapping[str, str]:
    """Return the sentences of a language by dotted key (``answer.unknown``)."""
    tables = tomllib.loads((files("core") / "locales" / f"{language}.toml").read_text(encoding="utf-8"))
    return {f"{table}.{name}": sentence for table, rows in tables.items() for name, sentence in rows.items()}


def say(language: Language, key: str, **values: object) -> str:
    """Return the sentence ``key`` in ``language`` with its gaps filled.

    Raises ``KeyError`` on an unknown key or gap.
    """
    return catalogue(language)[key].format(**values)


def explain(language: Language, error: UserError) -> str:
    """Return a user error as one sentence."""
    return say(language, error.key, **error.values)


def language_of_locale(locale: str | None, default: Language) -> Language:
    """Return the language a platform's tag (``pt-BR``) asks for, or ``default`` when AION does not speak it."""
    prefix = (locale or "").lower().split("-")[0].split("_")[0]
    return next((language for language in LANGUAGES if language == prefix), default)
