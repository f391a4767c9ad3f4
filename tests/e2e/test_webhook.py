"""Updates that Telegram brings: each once, none without the secret, and polling again where the webhook is given up."""

from __future__ import annotations

import asyncio
import socket
from contextlib import suppress

import aiohttp
import pytest

from bot.adapters.telegram.adapter import TelegramAdapter
from bot.adapters.telegram.webhook import Webhook
from tests.e2e.telegram_community import TIMING, Community, running, says
from tests.e2e.telegram_server import TelegramServer


@pytest.fixture
def webhook() -> Webhook:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    return Webhook(f"http://127.0.0.1:{port}/telegram/updates", "127.0.0.1", port, ask_every_s=0.05)


async def test_updates_are_brought_once_refused_without_the_secret_and_polled_for_again(webhook: Webhook) -> None:
    community = Community()
    async with TelegramServer() as server:
        ana = server.person("Ana")
        dm = server.private(ana)
        task = asyncio.create_task(TelegramAdapter(community, server.token, server.url, TIMING, webhook).run())
        try:
            server.say(dm, ana, "When do you open?")
            await server.wait_for_message(says("nine"))
            server.redeliver(server.updates[-1])
            await server.wait_for_quiet()
            forged = {"update_id": 1, "message": server.updates[0]["message"]}
            async with aiohttp.ClientSession() as session:
                for headers in ({}, {"X-Telegram-Bot-Api-Secret-Token": "guess"}):
                    async with session.post(webhook.url, json=forged, headers=headers) as refused:
                        assert refused.status == 403
                proof = {"X-Telegram-Bot-Api-Secret-Token": webhook.secret(server.token)}
                async with session.post(webhook.url, json={"update_id": 7, "message": 5}, headers=proof) as skipped:
                    assert skipped.status == 200
            await server.wait_for_call("getWebhookInfo", 2)
        finally:
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task
        assert server.of("getUpdates") == []
        assert len(server.shown) == 1
        server.say(dm, ana, "Next?")
        async with running(server, community):
            await server.wait_for_message(says("I don't know."))
    assert [message.text for message in community.heard] == ["When do you open?", "Next?"]
