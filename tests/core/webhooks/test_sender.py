"""The sender: in order, at least once, slower after each failure, and off after days of them."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import pytest
from aiohttp import web

from core.chat.channels import Channels
from core.chat.notices import Notices
from core.curation.guarded_http import GuardedHttp
from core.storage.database import Database
from core.storage.delivery.inbox import Inbox
from core.storage.delivery.webhooks import OutgoingWebhook, Webhooks
from core.storage.spaces import Spaces
from core.types import EVENT_KINDS, CommunityEvent, SpaceId
from core.webhooks.client import WebhookClient
from core.webhooks.sender import BACK_OFF_S, BATCH, LASTING, MAX_ATTEMPTS, WebhookSender
from tests.core.curation.test_fetch import serving

HERE = SpaceId("discord:1")


@dataclass
class World:
    """A receiver that answers with ``status``, and a clock that tests turn."""

    webhooks: Webhooks
    inbox: Inbox
    sender: WebhookSender
    url: str
    status: int = 200
    taken: list[tuple[str, str]] = field(default_factory=list)
    n_asked: int = 0
    now: datetime = field(default_factory=lambda: datetime.now(UTC) + timedelta(minutes=1))

    async def post(self, *titles: str) -> None:
        for title in titles:
            await self.webhooks.post(HERE, CommunityEvent("document.forgotten", {"title": title}))

    async def webhook(self) -> OutgoingWebhook:
        return (await self.webhooks.of(HERE))[0]

    def turn(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)


@pytest.fixture
async def world(database: Database) -> AsyncIterator[World]:
    async def receive(request: web.Request) -> web.Response:
        world.n_asked += 1
        if world.status == 200:
            body = await request.json()
            world.taken.append((request.headers["webhook-id"], body["data"]["title"]))
        return web.Response(status=world.status)

    async with serving(receive) as site:
        spaces, webhooks, inbox = Spaces(database), Webhooks(database), Inbox(database)
        channels = Channels(spaces)
        await channels.gather_moderators(HERE, "7")
        client = WebhookClient(GuardedHttp(frozenset({site.host})))
        sender = WebhookSender(webhooks, client, Notices(inbox, channels, spaces, "en"), lambda: world.now)
        world = World(webhooks, inbox, sender, f"{site.base}/hook")
        await webhooks.add(HERE, world.url, EVENT_KINDS)
        yield world


async def test_events_are_delivered_once_each_in_order(world: World) -> None:
    titles = [str(i) for i in range(BATCH + 3)]
    await world.post(*titles)
    assert await world.sender.send_due() == BATCH
    assert await world.sender.send_due() == 3
    assert await world.sender.send_due() == 0
    assert [title for _, title in world.taken] == titles
    assert len({number for number, _ in world.taken}) == len(titles)


async def test_a_failure_is_tried_again_under_the_same_id_after_ever_longer_waits(world: World) -> None:
    await world.post("a", "b")
    [first, _] = await world.webhooks.waiting(await world.webhook(), 2)
    world.status = 503
    for n_failures, pause_s in enumerate(BACK_OFF_S[:3], start=1):
        await world.sender.send_due()
        assert world.n_asked == n_failures, "the others wait behind the one that failed"
        world.turn(pause_s - 1)
        await world.sender.send_due()
        assert world.n_asked == n_failures, "it is not tried before its time"
        world.turn(2)
    failing = await world.webhook()
    assert (failing.problem, failing.n_failures, failing.n_waiting) == ("503", 3, 2)
    world.status = 200
    assert await world.sender.send_due() == 2
    assert world.taken[0] == (first.message_id, "a")
    assert (await world.webhook()).failing_since is None


async def test_what_is_refused_again_and_again_is_dropped_and_the_next_one_tried(world: World) -> None:
    await world.post("refused", "next")
    world.status = 400
    for _ in range(MAX_ATTEMPTS):
        await world.sender.send_due()
        world.turn(BACK_OFF_S[-1])
    world.status = 200
    await world.sender.send_due()
    assert [title for _, title in world.taken] == ["next"]


async def test_days_of_failure_switch_it_off_and_tell_the_moderators(world: World) -> None:
    await world.post("a")
    world.status = 500
    await world.sender.send_due()
    world.turn(LASTING.total_seconds())
    await world.sender.send_due()
    off = await world.webhook()
    assert off.off_at is not None and off.n_waiting == 0
    [notice] = await world.inbox.unfinished("discord")
    assert notice.reply is not None and "/webhook test" in notice.reply.text and "127.0.0.1" in notice.reply.text
    assert "/hook" not in notice.reply.text, "an address may hold a key"
    await world.post("b")
    assert (await world.webhook()).n_waiting == 0
    await world.webhooks.succeeded(off, world.now)
    await world.post("c")
    world.status = 200
    assert await world.sender.send_due() == 1


async def test_one_that_says_it_is_gone_is_switched_off_at_once(world: World) -> None:
    await world.post("a")
    world.status = 410
    await world.sender.send_due()
    assert (await world.webhook()).off_at is not None


async def test_a_body_has_type_time_and_data(world: World) -> None:
    await world.post("é")
    [message] = await world.webhooks.waiting(await world.webhook(), 1)
    body = json.loads(message.body)
    assert body["type"] == "document.forgotten" and body["data"] == {"title": "é"}
    assert datetime.fromisoformat(body["timestamp"]).tzinfo is not None
