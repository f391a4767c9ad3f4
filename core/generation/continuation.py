"""Going on with an answer that broke off, when the person who asked says so."""

from __future__ import annotations

import re

from core.texts import say
from core.types import Language

_GO_ON = re.compile(
    r"\W*(?:please |por favor,? |yes,? |sim,? |ok,? )?"
    r"(?:can you |could you |podes? )?(?:continue|continua|continuar|prossegue|prossiga|segue|go on|keep going)"
    r"(?:,? (?:please|por favor|there|a[ií]))?\W*",
    re.IGNORECASE,
)


def asks_to_go_on(text: str) -> bool:
    """Tell whether a message says "continue" and nothing else."""
    return bool(_GO_ON.fullmatch(text))


def is_broken_off(text: str, language: Language) -> bool:
    """Tell whether an answer ends with the mark of one that broke off."""
    return text.endswith(say(language, "answer.broken_off"))
