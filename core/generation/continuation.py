"""Recognises a request to continue, and answers that broke off."""

from __future__ import annotations

import re

from core.texts import say
from core.types import Language

_CONTINUE = re.compile(
    r"\W*(?:please |por favor,? |yes,? |sim,? |ok,? )?"
    r"(?:can you |could you |podes? )?(?:continue|continua|continuar|prossegue|prossiga|segue|go on|keep going)"
    r"(?:,? (?:please|por favor|there|a[ií]))?\W*",
    re.IGNORECASE,
)


def asks_to_continue(text: str) -> bool:
    """Return whether a message says "continue" and nothing else."""
    return bool(_CONTINUE.fullmatch(text))


def is_broken_off(text: str, language: Language) -> bool:
    """Return whether an answer ends with the note that it broke off."""
    return text.endswith(say(language, "answer.broken_off"))
