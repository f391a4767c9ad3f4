"""The weekly digest: what was asked, learned and left open in a community, in the channel its moderators chose."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from core.chat.audiences import Audiences
from core.chat.notices import Notices
from core.knowledge.command_service import listed
from core.markdown import Markdown
from core.ops.community_stats import StatsService
from core.services.setting_schema import DIGEST
from core.storage.curation.gaps import Gaps
from core.storage.documents import Documents
from core.storage.spaces import Spaces
from core.texts import say_markdown
from core.types import Language, Reply, Scope

WEEK = timedelta(days=7)
N_TITLES = 5
N_GAPS = 3


@dataclass(frozen=True, slots=True)
class WeeklyDigest:
    """Sends the digest of every space that has a channel for it, once a calendar week (ISO 8601, UTC)."""

    spaces: Spaces
    stats: StatsService
    documents: Documents
    gaps: Gaps
    notices: Notices
    now: Callable[[], datetime]
    audiences: Audiences

    async def send_due(self) -> str:
        """Send this week's digests that were not sent yet; return a line for the job's record."""
        week = f"{self.now().astimezone(UTC):%G-W%V}"
        n_sent = 0
        for space, channel in (await self.spaces.values(DIGEST)).items():
            if channel and (reply := await self._compose(await self.audiences.scope(space, channel))) is not None:
                n_sent += await self.notices.tell(space, channel, f"digest:{space}:{week}", reply)
        return f"{n_sent} digests of {week} sent"

    async def _compose(self, scope: Scope) -> Reply | None:
        """Return the digest of a scope's last seven days; ``None`` when nothing was asked and nothing learned."""
        language = await self.notices.language(scope.space)
        total = (stats := await self.stats.read(scope, WEEK.days)).total
        since = self.now() - WEEK
        learned = [each for each in await listed(self.documents, scope) if each.updated_at >= since]
        if not (total.n_questions or learned):
            return None
        lines = [
            say_markdown(language, "digest.heading"),
            say_markdown(language, "stats.asked", n=total.n_questions, n_people=stats.n_people),
            say_markdown(
                language,
                "stats.outcomes",
                n_answered=total.n_answered,
                n_closest=total.n_closest,
                n_declined=total.n_declined,
            ),
            say_markdown(language, "stats.thumbs", n_up=total.n_up, n_down=total.n_down),
            *self._learned(language, [each.title for each in learned]),
            *await self._open(scope, language),
        ]
        return Reply(Markdown("\n").join(lines), language)

    def _learned(self, language: Language, titles: list[str]) -> list[Markdown]:
        if not titles:
            return []
        lines = [say_markdown(language, "digest.learned", n=len(titles))]
        return lines + [say_markdown(language, "digest.line", text=title) for title in titles[:N_TITLES]]

    async def _open(self, scope: Scope, language: Language) -> list[Markdown]:
        found = await self.gaps.first(scope, N_GAPS)
        if not found:
            return []
        lines = [say_markdown(language, "digest.open")]
        return lines + [say_markdown(language, "digest.line", text=gap.question) for gap in found]
