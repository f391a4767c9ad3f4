"""Guest mode on Telegram: one answer in a chat the bot is not in, from what was taught for everybody alone."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import func, select
from telegram import Bot

from bot.adapters.telegram.guests.post import GuestPost
from bot.adapters.telegram.rate_limits import TelegramRateLimits
from bot.delivery.errors import Undeliverable
from bot.delivery.post import RenderedMessage
from bot.delivery.stream import StreamedReply
from core.assembly.aion import Aion
from core.markdown import Markdown
from core.storage.schema import inbox, metadata
from core.types import GLOBAL, File, Message, Person, Reply, SpaceId
from core.types.delivery import DeliveredPart
from tests.e2e.real_core import core_in, on_telegram
from tests.e2e.telegram_community import Community, running, says
from tests.e2e.telegram_faults import Dropped, Flood
from tests.e2e.telegram_server import TelegramServer
from tests.fakes import MemoryJournal

POOL = b"# Pool\n\nThe swimming pool opens at seven every morning.\n"
PISCINA = b"# Piscina\n\nA piscina de inverno abre ao meio-dia aos domingos.\n"
CELLAR = b"# Wine cellar\n\nThe code of the wine cellar is 4711-grape this year.\n"


@asynccontextmanager
async def taught(server: TelegramServer, folder: Path, group: dict[str, object]) -> AsyncIterator[Aion]:
    """Run the real core; everybody may know of the pool, one group of its cellar."""
    async with on_telegram(server, folder) as aion:
        await aion.ingest.index_file(GLOBAL, "pool.md", POOL)
        await aion.ingest.index_file(GLOBAL, "piscina.md", PISCINA)
        await aion.ingest.index_file(SpaceId(f"telegram:{group['id']}"), "cellar.md", CELLAR)
        yield aion


async def test_a_guest_answers_from_what_is_global_and_keeps_nothing(tmp_path: Path) -> None:
    async with TelegramServer() as server:
        ana, bia, robot = server.person("Ana"), server.person("Bia", "pt-br"), server.person("Robot", is_bot=True)
        group = server.group("Club", admins=[ana])
        club, other = server.elsewhere("Chess", number=group["id"]), server.elsewhere("Running")
        async with taught(server, tmp_path, group) as aion:
            server.say(group, ana, "@aion_bot What is the code of the wine cellar?")
            await server.wait_for_message(says("4711"))
            await server.wait_for_quiet()
            before = await rows(aion)
            server.summon(club, ana, "@aion_bot When does the swimming pool open?")
            told = await server.wait_for_message(says("at seven"))
            assert "📖 [1] Pool" in told.text and not told.buttons
            server.redeliver(server.updates[-1])
            server.summon(other, robot, "@aion_bot When does the swimming pool open?")
            server.summon(club, ana, "@aion_bot What is the code of the wine cellar?")
            await server.wait_for_call("answerGuestQuery", 2)
            server.summon(other, bia, "@aion_bot Quando abre a piscina de inverno aos domingos?")
            await server.wait_for_message(lambda m: m.chat is other and "meio-dia" in m.text)
            server.summon(other, bia, "@aion_bot /learn piscina")
            await server.wait_for_message(says("Aqui sou um convidado"))
            quoted = {**server.summon(other, robot, "When does the swimming pool open?"), "from": bia}
            server.summon(other, ana, "@aion_bot", reply_to=quoted)
            await server.wait_for_message(lambda m: m.inline_id is not None and m is not told and "seven" in m.text)
            await server.wait_for_quiet()
            guests = [m for m in server.shown if m.inline_id is not None]
            assert [m.chat["title"] for m in guests] == ["Chess", "Chess", "Running", "Running", "Running"]
            assert not any("4711" in m.text for m in guests)
            after = await rows(aion)
            assert after.pop("inbox") == before.pop("inbox") + 5
            assert after == before, "only the keys of what was answered are kept"
            kept = select(inbox).where(inbox.c.space_id.like("telegram:guest:%"))
            for row in await aion.stores.database.rows(kept):
                assert (row.state, row.message, row.reply, row.parts) == ("closed", None, None, None)


async def rows(aion: Aion) -> dict[str, int]:
    """Return how many rows each table has."""
    counted = {}
    for table in metadata.sorted_tables:
        row = await aion.stores.database.row(select(func.count()).select_from(table))
        counted[table.name] = int(row[0]) if row is not None else 0
    return counted


async def test_guests_are_limited_like_everybody(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AION_LIMIT_PERSON_PER_MINUTE", "0.001")
    async with TelegramServer() as server, on_telegram(server, tmp_path):
        ana, bia = server.person("Ana"), server.person("Bia")
        chess, running_club = server.elsewhere("Chess"), server.elsewhere("Running")
        server.summon(chess, ana, "@aion_bot Thanks!")
        await server.wait_for_message(says("welcome"))
        server.summon(running_club, ana, "@aion_bot Thanks!")
        await server.wait_for_message(says("at once"))
        server.summon(running_club, ana, "@aion_bot Thanks again!")
        server.summon(running_club, bia, "@aion_bot Thanks!")
        await server.wait_for_message(lambda m: m.chat is running_club and "welcome" in m.text)
        assert len(server.shown) == 3, "the limit is a person's, whatever the chat, and is told once"


def asked(query_id: str) -> Message:
    """Return a guest's question as it is stored."""
    space = SpaceId("telegram:guest:-7")
    address = {"guest_query": query_id, "chat": "-7"}
    person = Person("telegram:5", "Ana")
    words = "When does the swimming pool open?"
    return Message(f"telegram:guest:{query_id}", "telegram", space, space, person, words, address=address)


@pytest.mark.parametrize(
    ("parts", "shown"),
    [
        ((), ["at seven"]),
        ((DeliveredPart(0, "inline7"),), ["at seven"]),
        ((DeliveredPart(0, None),), ["Looking"]),
    ],
)
async def test_after_a_crash_a_question_is_answered_once(
    tmp_path: Path, parts: tuple[DeliveredPart, ...], shown: list[str]
) -> None:
    """Accepted only; its status line shown; and, in doubt, perhaps answered."""
    async with TelegramServer() as server, core_in(tmp_path) as aion:
        await aion.ingest.index_file(GLOBAL, "pool.md", POOL)
        server.summon(server.elsewhere("Chess"), server.person("Ana"), "@aion_bot When does the swimming pool open?")
        question = asked(server.updates.pop()["guest_message"]["guest_query_id"])
        async with Bot(server.token, base_url=f"{server.url}/bot") as bot:
            if parts:
                first = await guest_post(bot, question).send(RenderedMessage("Looking it up…"), 0)
                parts = tuple(replace(part, handle=part.handle and first) for part in parts)
        await aion.dispatch.inbox.accept(question)
        await aion.dispatch.inbox.note(question, parts)
        async with running(server, aion.dispatch):  # type: ignore[arg-type]  # the real one, where tests mostly give a fake
            for _ in range(3_000):
                if not await aion.dispatch.inbox.count_open():
                    break
                await asyncio.sleep(0.02)
        assert len(server.shown) == 1 and all(map(server.shown[0].text.__contains__, shown))


def guest_post(bot: Bot, question: Message) -> GuestPost:
    return GuestPost(bot, TelegramRateLimits(), -7, question.address["guest_query"], 0.01)


async def test_a_slow_answer_takes_the_place_of_its_status_line_and_a_long_one_is_cut() -> None:
    async with TelegramServer() as server:
        server.summon(server.elsewhere("Chess"), server.person("Ana"), "@aion_bot Why?")
        query_id = server.updates.pop()["guest_message"]["guest_query_id"]
        async with Bot(server.token, base_url=f"{server.url}/bot") as bot:
            post, journal = guest_post(bot, asked(query_id)), MemoryJournal()
            long = Reply(Markdown("**Because** " + "it is so. " * 800), "en", files=(File("map.png", b"png"),))
            async with StreamedReply(post, journal=journal) as outlet:
                await outlet.progress(Markdown("Looking it up…"))
                await server.wait_for_message(says("Looking"))
                await outlet.send(long)
            [shown] = server.shown
            assert shown.history == ["Looking it up…"] and shown.text.startswith("Because it is so.")
            assert shown.text.endswith("…") and shown.entities[0]["type"] == "bold"
            shown.deleted = True
            await post.edit(journal.parts[0].handle or "", RenderedMessage("Again"))
            with pytest.raises(Undeliverable):
                await post.send(RenderedMessage("More"), 1)
            with pytest.raises(Undeliverable):
                await post.send(RenderedMessage("Answered before"), 0)
        assert len(server.shown) == 1


async def test_what_telegram_may_have_taken_is_not_sent_again_and_a_flood_is_waited_out() -> None:
    community = Community()
    async with TelegramServer() as server, running(server, community):
        ana = server.person("Ana")
        server.inject("answerGuestQuery", Flood(0), Dropped(applied=True))
        server.summon(server.elsewhere("Chess"), ana, "@aion_bot When do you open?")
        await server.wait_for_call("answerGuestQuery", 2)
        await server.wait_for_message(says("nine"))
        server.refuses_entities = True
        server.summon(server.elsewhere("Running"), ana, "@aion_bot When do you open?")
        await server.wait_for_message(lambda m: m.chat["title"] == "Running" and "nine" in m.text)
        assert [m.space.startswith("telegram:guest:") for m in community.heard] == [True, True]
    assert len(server.shown) == 2
