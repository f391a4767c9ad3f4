"""Quality: what was answered and how it was rated, day by day, as charts with a table under each."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from datetime import UTC, date

from fastapi.responses import Response

from bot.web.dashboard.charts import reliability, share_lines, stacked_bars
from bot.web.dashboard.visit import ScreenRoute, Visit
from core.dashboard.reliability import reliability_bins
from core.models.registry import LoraRegistry
from core.offload import offload
from core.services import DayFigures
from core.types import Language


async def quality(visit: Visit) -> Response:
    """Show the figures of the last four weeks, and how reliable AION's confidence was."""
    language: Language = visit.language
    stats, bins = await asyncio.gather(
        visit.aion.services.stats.of(visit.message.scope, language).read(),
        reliability_bins(visit.aion.stores.database, visit.space),
    )
    days = [figures.day for figures in stats.days]
    kept = await visit.aion.stores.quality_days.since(visit.space, days[0])
    outcomes = {
        "answered": [each.n_answered for each in stats.days],
        "closest": [each.n_closest for each in stats.days],
        "declined": [each.n_declined for each in stats.days],
    }
    measures = {name: [kept.get(day, {}).get(name) for day in days] for name in ("ndcg", "mrr")}
    clicks = {name: [kept.get(day, {}).get(name) for day in days] for name in ("ctr", "cr")}
    liked = {"liked": [_liked(each) for each in stats.days]}
    return await visit.page(
        "quality",
        total=stats.total,
        n_people=stats.n_people,
        days=days,
        charts={
            "outcomes": (stacked_bars(days, outcomes), outcomes),
            "thumbs": (share_lines(days, liked, await _promotions(visit)), liked),
            "ranking": (share_lines(days, measures), measures),
            "clicks": (share_lines(days, clicks), clicks),
        },
        bins=bins,
        reliability=reliability([(each.confidence, each.liked) for each in bins]),
    )


ROUTES: Sequence[ScreenRoute] = (ScreenRoute("/quality", quality),)


def _liked(figures: DayFigures) -> float | None:
    n_rated = figures.n_up + figures.n_down
    return figures.n_up / n_rated if n_rated else None


async def _promotions(visit: Visit) -> Mapping[date, str]:
    """Return the days on which another LoRA version, or the base model again, came to answer."""
    state = await offload(LoraRegistry(visit.aion.settings.data_dir / "loras").state)
    last = ((state.promoted_at, state.promoted),) if state.promoted_at is not None else ()
    return {at.astimezone(UTC).date(): name or "–" for at, name in state.promotions or last}
