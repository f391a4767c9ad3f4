"""Messages that one member of a group sees: sent to a press, changed and removed by their own methods."""

from __future__ import annotations

import pytest
from telegram import Bot

from bot.adapters.telegram.address import Asker, TelegramPlace
from bot.adapters.telegram.post import TelegramPost
from bot.adapters.telegram.rate_limits import TelegramRateLimits
from bot.adapters.telegram.reactions import ShownAnswers
from bot.delivery.errors import MessageGone
from bot.delivery.post import RenderedMessage
from core.types import Button, File
from tests.e2e.telegram_server import TelegramServer


async def test_it_is_changed_and_removed_and_what_was_public_leaves_the_group() -> None:
    async with TelegramServer() as server:
        ana = server.person("Ana")
        group, dm = server.group("Club"), server.private(ana)
        async with Bot(server.token, base_url=f"{server.url}/bot") as bot:
            card = await bot.send_message(group["id"], "Choose.")
            press = server.press(server.shown[0], "do:sources:1", ana)
            place, asker = TelegramPlace(group["id"], None, False), Asker(card.message_id, ana["id"], press)
            post = TelegramPost(bot, TelegramRateLimits(), ShownAnswers(), place, asker, 0.01)
            public = await post.send(RenderedMessage("Looking…"), 0)
            quiet = RenderedMessage("**Sources**", quiet=True, buttons=(Button("More", "sources", "2"),))
            with pytest.raises(MessageGone):
                await post.edit(public, quiet)
            sent = await post.send(quiet, 1)
            shown = server.shown[-1]
            assert (shown.seen_by, shown.text, [each["text"] for each in shown.buttons]) == (
                ana["id"],
                "Sources",
                ["More"],
            )
            assert shown.entities == [{"type": "bold", "offset": 0, "length": 7}]
            restored = post.restore(post.serialize(sent))
            await post.edit(restored, RenderedMessage("*Other* sources", quiet=True))
            assert (shown.text, shown.buttons) == ("Other sources", [])
            await post.delete(restored)
            await post.delete(restored)
            assert shown.deleted
            await post.send(RenderedMessage("", quiet=True, file=File("map.png", b"png")), 2)
        assert server.texts(group) == ["Choose."]
        assert server.texts(dm) == ["[map.png]"], "a file is sent where it stays"
