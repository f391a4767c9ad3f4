"""``aion watch prune``: what is gone is listed, and removed only after a yes; what was there before stays."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from bot.operator.knowledge.watch import prune_watch
from core.errors import BadInput
from core.storage.curation.watches import NewWatch, SeenPage, Watches
from core.storage.database import Database
from core.storage.documents import Documents
from core.types import SpaceId
from tests.stored import embedded, new_document

SPACE = SpaceId("global")
GONE, THERE, EARLIER = ("/notes/gone.md", "/notes/there.md", "/notes/earlier.md")


async def test_pages_that_are_gone_are_removed_after_a_yes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("AION_DATA_DIR", str(tmp_path))
    monkeypatch.setenv("LC_ALL", "en_US.UTF-8")
    database = await Database.open(tmp_path)
    documents, watches = Documents(database), Watches(database)
    await documents.store(SPACE, new_document(EARLIER, "Was here before."), embedded("Was here before."))
    watch = await watches.add(SPACE, NewWatch("folder", "/notes", "en", timedelta(days=1), "operator"))
    for name in (GONE, THERE):
        await documents.store(SPACE, new_document(name, f"About {name}."), embedded(f"About {name}."))
    now = datetime.now(UTC)
    await watches.record_pages(watch, SeenPage(THERE), *(SeenPage(name, gone_at=now) for name in (GONE, EARLIER)))
    await database.close()
    asked: list[str] = []

    async def prune(number: int, answer: bool) -> list[str]:
        await prune_watch(number, SPACE, lambda question: bool(asked.append(question)) or answer)
        return capsys.readouterr().out.splitlines()

    assert await prune(watch.id, False) == ["Gone from /notes, and learned from it:", f"  {GONE}"]
    assert await prune(watch.id, True) == [
        "Gone from /notes, and learned from it:",
        f"  {GONE}",
        "Removed what I knew of 1 page that is gone from /notes.",
    ]
    assert await prune(watch.id, True) == ["Nothing that I learned from /notes is gone."]
    assert asked == ["Remove them?"] * 2
    with pytest.raises(BadInput, match=r"watch\.unknown"):
        await prune(9, True)
    database = await Database.open(tmp_path)
    assert {name for each in await Documents(database).list(SPACE) for name in each.names} == {THERE, EARLIER}
    await database.close()
