"""Exports are read in a sandbox: the answer comes back whole, a refusal in one sentence, and an attack is stopped."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import aclosing
from dataclasses import replace
from pathlib import Path

import pytest

from core.errors import BadInput
from core.importing.export_reader import ExportReader, open_export_pool
from core.importing.frames import decode_survey
from core.importing.survey import survey_export
from core.sandbox.frames import Frame, MalformedFrame
from tests import chat_exports
from tests.chat_history import write_history


@pytest.fixture
async def reader() -> AsyncIterator[ExportReader]:
    async with aclosing(open_export_pool()) as pool:
        yield ExportReader(pool)


async def test_a_survey_comes_back_whole_and_a_refusal_as_a_sentence(tmp_path: Path, reader: ExportReader) -> None:
    path = tmp_path / "help.json"
    chat_exports.write_discord_json(path, write_history(3, "pt", 12).messages)
    survey = await reader.survey(path, None, ["Wizard"], "pt")
    assert survey == survey_export(path, None, ["Wizard"], "pt")
    assert survey.lessons
    (tmp_path / "notes.txt").write_text("nothing of the kind", encoding="utf-8")
    with pytest.raises(BadInput) as refused:
        await reader.survey(tmp_path / "notes.txt", None, [], "en")
    assert (refused.value.key, refused.value.values) == ("importing.unknown", {"name": "notes.txt"})


async def test_an_export_that_needs_too_much_memory_ends_its_sandbox_alone(
    tmp_path: Path, reader: ExportReader, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "help.json"
    [said, *_] = write_history(3, "en", 1).messages
    many = (replace(said, n=n, text=f"{n} {said.text}" * 20) for n in range(1, 2_001))
    chat_exports.write_discord_json(path, many)
    with monkeypatch.context() as patch:
        patch.setattr("core.importing.export_reader.MEMORY_BYTES", 1_000_000)
        with pytest.raises(BadInput) as refused:
            await reader.survey(path, None, [], "en")
    assert refused.value.key == "importing.killed"
    small = tmp_path / "small.json"
    chat_exports.write_discord_json(small, write_history(3, "en", 2).messages)
    assert (await reader.survey(small, None, [], "en")).n_messages > 0


@pytest.mark.parametrize("body", [b"", b"[]", b'{"name": 3}', b"{" * 100_000, b"\xff\xfe"])
def test_what_a_taken_over_sandbox_says_is_checked(body: bytes) -> None:
    with pytest.raises(MalformedFrame):
        decode_survey(Frame({}, body))
