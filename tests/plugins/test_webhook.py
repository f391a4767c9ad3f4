"""``/webhook``: set by moderators in private, its secret shown once, and never in a private chat."""

from __future__ import annotations

import logging
import re
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest
from aiohttp import web

from core.assembly.aion import Aion
from core.assembly.bootstrap import assemble
from core.settings import Settings
from core.types import SpaceId
from plugins import load_plugins
from tests.core.curation.test_fetch import Site, serving
from tests.fakes import MEMBER, MODERATOR, SPACE, CollectingOutlet, ScriptedGenerator, WordEmbedder, message


@pytest.fixture
async def site() -> AsyncIterator[Site]:
    async def take(_: web.Request) -> web.Response:
        return web.Response()

    async with serving(take) as site:
        yield site


@pytest.fixture
async def aion(tmp_path: Path, site: Site) -> AsyncIterator[Aion]:
    settings = Settings.model_validate({"AION_DATA_DIR": tmp_path, "AION_FETCH_ALLOW": site.host})
    async with assemble(settings, load_plugins(), embedder=WordEmbedder(), local=ScriptedGenerator([])) as app:
        yield app


async def call(aion: Aion, typed: str, person=MODERATOR, space: SpaceId = SPACE) -> CollectingOutlet:
    outlet = CollectingOutlet()
    command = aion.dispatch.registry.get("webhook")
    assert command is not None
    words = dict(zip(("action", "which", "events"), typed.split(maxsplit=2), strict=False))
    asked = message(f"/webhook {typed}", key=typed, command="webhook", arguments=words, person=person, space=space)
    await aion.dispatch.handle(asked, outlet)
    return outlet


async def test_a_webhook_is_added_tested_told_and_removed(
    aion: Aion, site: Site, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG, "core")
    assert "No webhook" in (await call(aion, "")).text
    added = await call(aion, f"add {site.base}/hook/key answer.declined, document.learned")
    [secret] = re.findall(r"whsec_\S{40,50}=", added.text)
    assert added.replies[-1].private and "answer.declined, document.learned" in added.text
    listed = await call(aion, "list")
    assert "#1" in listed.text and "whsec_" not in listed.text and "/hook/key" not in listed.text
    assert "took the test" in (await call(aion, "test 1")).text
    await aion.ingest.index_file(SPACE, "hours.md", b"# Hours\n\nWe open at nine on Saturdays.\n")
    assert await aion.webhooks.send_due() == 1
    assert [request.headers["webhook-id"][:4] for request in site.seen] == ["msg_", "msg_"]
    assert "told nothing more" in (await call(aion, "remove #1")).text
    logged = " ".join(record.getMessage() for record in caplog.records if record.name != "aiohttp.access")  # the site's
    assert secret not in logged and "/hook/key" not in logged


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ("add", "Which address"),
        ("add https://10.0.0.1/x", "private network"),
        ("add https://example.org answer.liked", "is not an event"),
        ("remove", "no webhook of the number"),
        ("remove 99999999999999999999", "no webhook of the number"),
        ("test 7", "no webhook of the number"),
        ("burn", "does not exist"),
    ],
)
async def test_what_cannot_be_is_said_in_a_sentence(aion: Aion, typed: str, said: str) -> None:
    assert said in (await call(aion, typed)).text


async def test_members_and_private_chats_have_none(aion: Aion, site: Site) -> None:
    assert "moderators" in (await call(aion, f"add {site.base}", MEMBER)).text
    alone, operator = SpaceId("terminal:dm:7"), replace(MODERATOR, id="terminal:7")
    outlet = await call(aion, f"add {site.base}", operator, alone)
    assert not await aion.stores.webhooks.of(alone), outlet.text
