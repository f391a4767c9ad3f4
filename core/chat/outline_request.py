"""Requests about a document as a whole: *what do you know about …*, *summarise …*, *list the steps of …*.

Rules over openings in both languages. Whether there is a document on the subject is for ``core.chat.talk_reply``.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from core.retrieval.analyzer import fold, query_terms

OutlineKind = Literal["about", "summary", "steps"]

MAX_CHARS = 160
"""A longer text is no such request."""

_ARTICLE = r"(?:(?:the|our|your|this|all|of|an?|[oa]s?|d[oae]s?|n[oa]s?|meus?|nossas?|todos?|todas?)\s+)*"
_OPENINGS: Mapping[OutlineKind, re.Pattern[str]] = {
    "about": re.compile(
        r"(?:(?:so\s+)?what\s+(?:do|all\s+do|can)\s+(?:you|u)\s+(?:know|tell\s+me)\s+(?:about|on)"
        r"|tell\s+me\s+(?:everything\s+|all\s+|what\s+you\s+know\s+)?about"
        r"|(?:o\s+que|oq|q|que)\s+(?:é\s+que\s+)?(?:voc[êe]s?|vcs?|tu|c[êe])?\s*(?:sabem?|sabes|conhecem?|tem|têm)\s+sobre"
        r"|(?:me\s+)?(?:fal[ae]|cont[ae]|diga|diz)(?:-me)?\s+(?:tudo\s+)?(?:o\s+que\s+sabe\s+)?sobre)\s+",
        re.IGNORECASE,
    ),
    "summary": re.compile(
        r"(?:(?:please\s+|can\s+you\s+|could\s+you\s+)?(?:summari[sz]e|sum\s+up|outline|give\s+me\s+(?:a|an|the)\s+"
        r"(?:short\s+|quick\s+)?(?:summary|outline|overview)\s+of)|(?:a\s+)?(?:summary|overview|tl;?dr)\s+(?:of|for)"
        r"|(?:voc[êe]\s+|vc\s+)?(?:pode(?:s|ria)?\s+)?(?:me\s+)?(?:resum(?:e|a|ir|o\s+d[aeo]s?)|resum[ae]-me"
        r"|faz(?:er)?\s+um\s+resumo\s+d[aeo]s?|fa[çc]a\s+um\s+resumo\s+d[aeo]s?|um\s+resumo\s+d[aeo]s?))\s+",
        re.IGNORECASE,
    ),
    "steps": re.compile(
        r"(?:(?:please\s+)?(?:list|show(?:\s+me)?|give\s+me)\s+(?:all\s+)?(?:the\s+)?(?:steps|rules|items|points)"
        r"\s+(?:of|in|from|for|to)"
        r"|(?:list[ae]r?|mostr[ae]r?)(?:-me)?\s+(?:tod[oa]s\s+)?(?:os\s+|as\s+)?(?:passos|regras|itens|pontos|etapas)"
        r"\s+(?:d[aeo]s?|para|pra))\s+",
        re.IGNORECASE,
    ),
}


_ALL = frozenset(["everything", "all", "documents", "docs", "tudo", "todos", "documentos"])
_RULES = frozenset(
    re.findall(
        r"\w+",
        "rule rules regulation regulations bylaws statute statutes policy policies guidelines terms"
        " regra regras regulamento regulamentos regimento estatuto estatutos norma normas politica politicas",
    )
)
"""What a document of rules is called, folded."""


@dataclass(frozen=True, slots=True)
class OutlineRequest:
    """What is asked of a document, and the words that name it: none where all documents are meant."""

    kind: OutlineKind
    subject: str

    @property
    def words(self) -> frozenset[str]:
        """Return the telling words of the subject, folded."""
        return frozenset(term.text for term in query_terms(self.subject) if not term.is_framing) - _ALL

    def is_called(self, title: frozenset[str]) -> bool:
        """Return whether the words of a title name the subject; a title may call rules by any of their names."""
        missing = self.words - title
        return bool(self.words) and (not missing or (missing <= _RULES and bool(title & _RULES)))


def outline_request(text: str) -> OutlineRequest | None:
    """Return the request that a text is, if it is one and names a subject."""
    said = text.strip().rstrip("?!. ")
    if len(said) > MAX_CHARS:
        return None
    for kind, opening in _OPENINGS.items():
        if match := opening.match(said):
            subject = re.sub(rf"^{_ARTICLE}", "", said[match.end() :], flags=re.IGNORECASE).strip(" \"'“”«»")
            request = OutlineRequest(kind, subject)
            means_all = kind == "summary" and subject and _ALL.issuperset(fold(subject).split())
            return request if request.words or means_all else None
    return None
