"""The screen Quality: charts with a table under each, also of nothing."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from core.types import SpaceId
from tests.dashboard import Site

pytestmark = pytest.mark.asyncio(loop_scope="module")


async def test_a_space_without_figures(shared: Site, space: SpaceId) -> None:
    page = (await (await shared.signed_in(space)).get("/quality")).text
    assert "<svg viewBox" not in page and page.count("nothing to draw yet") == 4
    assert "questions 0" in page and "Nothing was rated yet" in page


async def test_charts_have_a_table_under_each(shared: Site, space: SpaceId) -> None:
    for used, thumb in (("extract", "up"), ("local", "up"), ("closest", "down"), ("abstained", None), ("talk", None)):
        await shared.answer(space, "When?", used=used, thumb=thumb)
    yesterday = datetime.now(UTC).date() - timedelta(days=1)
    figures = {"ndcg": 0.81, "mrr": 0.72, "ctr": 0.4, "cr": None}
    await shared.aion.stores.quality_days.save(space, yesterday, figures)
    page = (await (await shared.signed_in(space)).get("/quality")).text
    assert page.count("<svg viewBox") == page.count("<table>") == 5
    assert "questions 4" in page and "0.81" in page and "0.72" in page and "0.67" in page
    assert 'class="of-closest"' in page and "87%" in page
