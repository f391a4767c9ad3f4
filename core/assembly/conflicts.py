"""Opens the search for contradictions, and what answers say of their sources."""

from __future__ import annotations

from datetime import UTC, datetime

from core.assembly.stores import Stores
from core.chat.notices import Notices
from core.conflicts.answer_notes import AnswerNotes
from core.conflicts.search import ConflictSearch, NeighbourSearcher
from core.conflicts.service import ConflictService
from core.privacy.pseudonyms import Pseudonyms


def open_conflicts(
    stores: Stores, notices: Notices, pseudonyms: Pseudonyms, searcher: NeighbourSearcher
) -> AnswerNotes:
    """Return the notes on answers of all spaces, with their search for contradictions."""
    service = ConflictService(stores.conflicts, notices, pseudonyms)
    search = ConflictSearch(service, searcher, stores.passages, stores.documents)
    return AnswerNotes(search, stores.spaces, lambda: datetime.now(UTC))
