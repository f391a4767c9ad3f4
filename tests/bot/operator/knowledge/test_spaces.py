"""``aion spaces``: every space with what is in it, also as JSON, under the names that platforms know."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from bot.operator.knowledge.spaces import print_spaces, print_spaces_as_json
from bot.space_titles import SpaceTitles
from core.storage.answers import Answers
from core.storage.database import Database
from core.storage.documents import Documents
from core.storage.spaces import Spaces
from core.types import SpaceId
from tests.core.storage.test_answers import ANSWER, HERE
from tests.stored import embedded, new_document

GROUP = SpaceId("telegram:-100")


class Discord:
    """A platform that knows one server's name."""

    def title(self, space: SpaceId) -> str | None:
        """Return it."""
        return "Casa \x1b[31mAberta" if space == HERE else None


async def test_spaces_are_listed_with_what_is_in_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("AION_DATA_DIR", str(tmp_path))
    monkeypatch.setenv("AION_LANGUAGE", "pt")
    async with await Database.open(tmp_path):
        pass
    await print_spaces()
    assert "Nenhum espaço é conhecido" in capsys.readouterr().out
    async with await Database.open(tmp_path) as database:
        await Documents(database).store(HERE, new_document("a.md", "One. Two."), embedded("One.", "Two."))
        await Documents(database).store(GROUP, new_document("b.md", "Three."), embedded("Three."))
        for n in range(2):
            await Answers(database).record(replace(ANSWER, sources=(), question=f"Question {n}?"))
        titles = SpaceTitles(Spaces(database), {"discord": Discord()})
        await titles.store()
        await titles.store()
    await print_spaces()
    here, group = [line.split("\t") for line in capsys.readouterr().out.splitlines()]
    assert here[:6] == ["discord:1", "discord", "Casa [31mAberta", "1", "2", "2"] and here[6].startswith("20")
    assert group == ["telegram:-100", "telegram", "–", "1", "1", "0", "–"]
    await print_spaces_as_json()
    rows = json.loads(capsys.readouterr().out)
    assert [(row["space"], row["n_passages"], row["n_answers"]) for row in rows] == [(HERE, 2, 2), (GROUP, 1, 0)]
    assert rows[0]["last_asked_at"].endswith("+00:00") and rows[1]["last_asked_at"] is None
