"""A worker that goes away, as the moderators of a community hear of it."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.e2e import process
from tests.e2e.telegram_community import says
from tests.e2e.telegram_server import TelegramServer


@pytest.mark.slow
@pytest.mark.timeout(180)
async def test_moderators_on_telegram_hear_once_which_worker_to_start(tmp_path: Path) -> None:
    async with TelegramServer() as telegram:
        ana = telegram.person("Ana")
        group = telegram.group("Club", admins=[ana])
        telegram.private(ana)
        settings = {"TELEGRAM_TOKEN": telegram.token, "TELEGRAM_API_BASE": telegram.url}
        workers = {"AION_WORKERS": "colab=http://127.0.0.1:9,kaggle=http://127.0.0.1:9"}
        async with process.running(tmp_path, module="tests.e2e.quick_aion", **settings) as run:
            await run.until_logged("running: telegram")
            telegram.say(group, ana, "/channel@aion_bot moderators")
            await telegram.wait_for_message(says("I tell moderators"))
            await run.kill()
        async with process.running(tmp_path, module="tests.e2e.quick_aion", **settings, **workers) as run:
            await run.until_logged("running: telegram")
            told = await telegram.wait_for_message(says("The worker colab went offline: start kaggle."))
            assert told.chat["id"] == group["id"]
            telegram.say(group, ana, "/providers@aion_bot")
            await telegram.wait_for_message(says("colab: offline"))
            await telegram.wait_for_quiet()
            await run.kill()
        assert len([message for message in telegram.shown if "worker colab" in message.text]) == 1
        listed = await process.aion(tmp_path, "providers", "--json", **workers)
        assert [(each["provider"], each["state"]) for each in listed.json[:2]] == [
            ("colab", "offline"),
            ("kaggle", "offline"),
        ]
