"""Pages and files of a watch that are gone: flagged, and told to the moderators once. Their documents stay."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from core.chat.notices import Notices
from core.services import Finding
from core.storage.curation.watches import SeenPage, Watches
from core.texts import say_markdown
from core.types import Language, Reply, Watch

MAX_NOTICES = 3
"""More pages that are gone at once are told of in one notice."""


@dataclass(frozen=True, slots=True)
class MissingPages:
    """Flags what is gone, for all watches."""

    watches: Watches
    notices: Notices

    async def flag(self, watch: Watch, pages: Sequence[SeenPage]) -> tuple[Finding, ...]:
        """Record that pages are gone, and tell the moderators of those that were not flagged before."""
        now = datetime.now(UTC)
        new = [seen for seen in pages if seen.gone_at is None]
        if len(new) > MAX_NOTICES:
            await self._tell_of_many(watch, new, now)
        else:
            for seen in new:
                await self._tell_of_one(watch, seen, now)
        gone = [replace(seen, etag="", last_modified="", gone_at=seen.gone_at or now) for seen in pages]
        await self.watches.record_pages(watch, *gone)
        return tuple(Finding(seen.name, "", "gone") for seen in pages)

    async def _tell_of_one(self, watch: Watch, seen: SeenPage, now: datetime) -> None:
        def compose(language: Language) -> Reply:
            return Reply(say_markdown(language, "watch.gone", name=seen.name, number=watch.id), language)

        await self.notices.tell_moderators(watch.space, f"gone:{watch.id}:{_hash(seen.name)}:{now:%Y%m%d}", compose)

    async def _tell_of_many(self, watch: Watch, pages: Sequence[SeenPage], now: datetime) -> None:
        names = ", ".join(seen.name for seen in pages[:MAX_NOTICES])

        def compose(language: Language) -> Reply:
            values = {"n_pages": len(pages), "target": watch.target, "names": names, "number": watch.id}
            return Reply(say_markdown(language, "watch.gone_many", **values), language)

        key = f"gone:{watch.id}:{_hash(names)}:{len(pages)}:{now:%Y%m%d}"
        await self.notices.tell_moderators(watch.space, key, compose)


def _hash(name: str) -> str:
    return hashlib.blake2b(name.encode(), digest_size=8).hexdigest()
