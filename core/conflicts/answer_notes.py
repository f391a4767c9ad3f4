"""What an answer says of its sources: that they are old, or that others contradict them, each with its date."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from core.conflicts.card import MAX_QUOTE_CHARS, MAX_TITLE_CHARS, short, shown_date
from core.conflicts.comparison import Claim, Contradiction, claims, contradictions
from core.conflicts.search import ConflictSearch
from core.generation.continuation import is_broken_off
from core.generation.draft import Draft
from core.offload import offload
from core.services.setting_schema import OUTDATED
from core.storage.spaces import Spaces
from core.texts import say
from core.types import Language, Passage, Scope, SearchResult, Source, SpaceId

MAX_SHOWN = 2
"""Contradictions that one answer tells."""

_YEAR = timedelta(days=365)


@dataclass(frozen=True, slots=True)
class AnswerNotes:
    """Adds to answers what is to be known of their sources. ``now`` returns the time, aware."""

    search: ConflictSearch
    spaces: Spaces
    now: Callable[[], datetime]

    async def add(self, scope: Scope, found: SearchResult, draft: Draft) -> Draft:
        """Return a draft with the statements that contradict it, and a remark where its sources are old.

        A contradiction between two documents of one space of the community is brought before its moderators, once.
        """
        language = found.question.language
        passages = {hit.passage.id: hit.passage for hit in (*found.hits, *found.context)}
        cited = [passages[source.passage_id] for source in draft.sources if source.passage_id in passages]
        if not cited or is_broken_off(draft.text, language):
            return draft
        pairs = await self._undecided(await offload(_contradicted, draft, cited, list(passages.values())))
        documents = {each.document_id for each in cited}
        documents |= {side.passage.document_id for pair in pairs for side in (pair.first, pair.second)}
        dates = await self.search.service.conflicts.dates(documents)
        for pair in [pair.newest_first(dates) for pair in pairs[:MAX_SHOWN] if _are_dated(pair, dates)]:
            draft = _with_both(draft, pair, dates, language)
            space = pair.first.passage.space
            if space == pair.second.passage.space and space in scope.community:
                await self.search.report(space, pair)
        told_at = [dates[each.document_id] for each in cited if each.document_id in dates]
        if old := await self._outdated(scope.space, told_at):
            draft = replace(draft, text=f"{draft.text}\n\n{say(language, 'conflict.outdated', date=old)}")
        return draft

    async def _undecided(self, pairs: Sequence[Contradiction]) -> list[Contradiction]:
        """Return the contradictions that no moderator has decided."""
        known: dict[str, str] = {}
        for space in {pair.first.passage.space for pair in pairs}:
            keys = {pair.as_new().key for pair in pairs if pair.first.passage.space == space}
            known |= await self.search.service.conflicts.statuses(space, keys)
        return [pair for pair in pairs if known.get(pair.as_new().key, "open") == "open"]

    async def _outdated(self, space: SpaceId, dates: Sequence[datetime]) -> str:
        """Return the date to be told where every source is older than the space's limit; else an empty text."""
        limit = await self.spaces.value(space, OUTDATED)
        age = self.now() - max(dates) if dates else timedelta()
        if not limit or age <= timedelta(days=limit):
            return ""
        return f"{max(dates):%Y}" if age > _YEAR else shown_date(max(dates))


def _contradicted(draft: Draft, cited: Sequence[Passage], passages: Sequence[Passage]) -> list[Contradiction]:
    """Return what contradicts the statements that a draft quotes, or that its sources do. Blocks."""
    quoted = "\n".join([draft.text, *(source.quote for source in draft.sources)])
    ours: list[Claim] = claims(list(dict.fromkeys(cited)), quoted)
    return contradictions(ours, claims(passages)) if ours else []


def _are_dated(pair: Contradiction, dates: Mapping[int, datetime]) -> bool:
    return all(side.passage.document_id in dates for side in (pair.first, pair.second))


def _with_both(draft: Draft, pair: Contradiction, dates: Mapping[int, datetime], language: Language) -> Draft:
    """Return a draft that shows both statements of a pair with their dates, both among its sources."""
    sources = list(draft.sources)
    lines = [say(language, "conflict.noted")]
    for side in (pair.first, pair.second):
        passage = side.passage
        source = next((each for each in sources if each.passage_id == passage.id), None)
        if source is None:
            quote = side.statement.text
            source = Source(len(sources) + 1, passage.document, passage.heading, quote, passage.id)
            sources.append(source)
        lines.append(
            say(
                language,
                "conflict.side",
                date=shown_date(dates[passage.document_id]),
                quote=short(side.statement.text, MAX_QUOTE_CHARS),
                title=short(passage.document, MAX_TITLE_CHARS),
                n=source.n,
            )
        )
    return replace(draft, text="\n".join([f"{draft.text}\n", *lines]), sources=tuple(sources))
