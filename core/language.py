"""Language detection among the languages AION speaks, by py3langid (langid.py's naive Bayes over byte n-grams)."""

from __future__ import annotations

from functools import cache
from typing import Any

from core.types import LANGUAGES, Language

_SURE = 0.7
"""Below this probability the hint is more often right than the detector."""


@cache
def _identifier() -> Any:  # py3langid ships no types; its model takes about 0.1 s to load
    from py3langid.langid import MODEL_FILE, LanguageIdentifier

    identifier = LanguageIdentifier.from_model_file(MODEL_FILE, norm_probs=True)
    identifier.set_languages(list(LANGUAGES))
    return identifier


def detect_language(text: str, hint: Language = "en") -> Language:
    """Return the language of ``text``; ``hint`` where it is too short or too mixed to tell."""
    found, probability = _identifier().classify(text)
    return next((language for language in LANGUAGES if language == found and probability >= _SURE), hint)
