"""A question's steps as spans: of one trace, under one request's id, and with nothing that anybody wrote."""

from __future__ import annotations

from pathlib import Path

import pytest

from bot.tracing import tracing
from core.assembly.bootstrap import assemble
from core.settings import Settings
from plugins import load_plugins
from tests.fakes import SPACE, CollectingOutlet, ScriptedGenerator, WordEmbedder, message
from tests.otlp import collector
from tests.scenarios.test_metrics import GateOf

HOURS = b"# Secretive Library\n\nThe library opens at nine o'clock in the morning on Saturdays.\n"
PRIVATE = (b"ibrary", b"Saturday", b"hours", b"Ana", SPACE.encode(), b"question-1")


@pytest.mark.usefixtures("parsed_in_process")
async def test_every_step_of_a_question_is_a_span_of_its_message(tmp_path: Path) -> None:
    local = ScriptedGenerator(["The library opens at nine o'clock in the morning on Saturdays. [1]"])
    settings = Settings.model_validate({"AION_DATA_DIR": tmp_path})
    with collector() as received:
        async with (
            tracing(received.url, "aion"),
            assemble(settings, load_plugins(), embedder=WordEmbedder(), local=local, gate=GateOf("local")) as aion,
        ):
            await aion.ingest.index_file(SPACE, "hours.md", HOURS)
            outlet = CollectingOutlet()
            asked = message("When does the library open on Saturdays?", key="discord:question-1")
            await aion.dispatch.handle(asked, outlet)
            assert "nine o'clock" in outlet.text
    (root,) = (each for each in received.spans if each.name == "message")
    ours = [each for each in received.spans if each.trace == root.trace]
    above = received.parents()
    assert {above[name] for name in ("talk", "search", "judge", "write", "deliver", "record")} == {"message"}
    assert (above["dense"], above["lexical"], above["ask"]) == ("search", "search", "write")
    assert len({each.attributes["aion.request"] for each in ours}) == 1
    assert {name for each in received.spans for name in each.attributes} == {"aion.request"}
    for text in PRIVATE:
        assert text not in b"".join(received.raw)
