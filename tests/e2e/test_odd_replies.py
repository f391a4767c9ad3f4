"""Whatever a platform replies, its adapter goes on: what is missing in a reply costs one call, or a new start."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest
from discord_faults import Odd as OddDiscord
from discord_front import ScriptedFront, adapter
from discord_server import DiscordServer
from process import running as running_process

from bot.adapters.discord import command_sync
from bot.adapters.telegram.adapter import TelegramAdapter
from bot.adapters.telegram.webhook import Webhook
from bot.operator.doctor.discord import DiscordCheckup
from bot.operator.doctor.report import findings
from bot.operator.doctor.telegram import TelegramCheckup
from bot.watchdog import Adapter, AdapterWatch, WatchdogPolicy
from core.errors import Unavailable
from core.types import LANGUAGES
from tests.e2e.telegram_community import TIMING, Community, says
from tests.e2e.telegram_faults import Odd
from tests.e2e.telegram_server import TelegramServer

POLICY = WatchdogPolicy(deaf_after_s=30, check_every_s=0.02, first_pause_s=0.02, longest_pause_s=0.1)
NONSENSE: list[Any] = [None, True, 7, "odd", [], {}, [5], [None], {"id": "x"}, [{"id": "1"}], {"id": [], "url": {}}]


@asynccontextmanager
async def watched(chosen: Adapter) -> AsyncIterator[AdapterWatch]:
    """Run an adapter under its watch while the block lasts; the watch must not have ended by then."""
    watch = AdapterWatch("platform", chosen, POLICY)
    task = asyncio.create_task(watch.run())
    try:
        yield watch
        assert not task.done(), task.exception()
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


@pytest.fixture
async def discord() -> AsyncIterator[DiscordServer]:
    async with DiscordServer() as server:
        yield server


@pytest.fixture
async def telegram() -> AsyncIterator[TelegramServer]:
    async with TelegramServer(reads_all_group_messages=True) as server:
        yield server


@pytest.fixture(autouse=True)
def quick_syncs(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(command_sync, "FIRST_PAUSE_S", 0.02)
    yield


# --- Discord ----------------------------------------------------------------------------------------------------------


async def asked(discord: DiscordServer, text: str) -> None:
    """Ask in direct messages and wait for the answer, which is shown once."""
    await discord.wait_until(lambda: discord.is_connected)
    eva = next(iter(discord.people.values()))
    discord.say(discord.dm(eva), eva, text)
    await discord.wait_for_message(lambda m: m.content == f"You said: {text}")
    assert [m.content for m in discord.shown].count(f"You said: {text}") == 1


async def test_odd_replies_to_the_commands_are_logged_and_they_are_sent_again(
    discord: DiscordServer, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    discord.person("Eva")
    discord.inject("PUT /applications", *map(OddDiscord, NONSENSE))
    async with watched(adapter(ScriptedFront(), discord, tmp_path)) as watch:
        await asked(discord, "meanwhile")
        async with asyncio.timeout(20):
            while not (tmp_path / "discord_commands.json").exists():  # noqa: ASYNC110 (files tell nobody)
                await asyncio.sleep(0.01)
    assert "the commands were not sent" in caplog.text
    assert (watch.health.n_restarts, discord.n_identified) == (0, 1)


@pytest.mark.parametrize("call", ["GET /users/@me", "GET /oauth2/applications/@me"])
async def test_after_an_odd_reply_at_the_start_discord_is_connected_to_again(
    discord: DiscordServer, tmp_path: Path, call: str, caplog: pytest.LogCaptureFixture
) -> None:
    discord.person("Eva")
    discord.inject(call, *map(OddDiscord, NONSENSE))
    async with watched(adapter(ScriptedFront(), discord, tmp_path)) as watch:
        await asked(discord, "at last")
    assert watch.health.n_restarts > 0
    assert "starting it again" in caplog.text


@pytest.mark.parametrize("frame", [None, 7, [], {}, {"op": "x"}, {"op": 10, "d": {}, "s": None, "t": None}], ids=str)
async def test_an_odd_frame_of_the_gateway_ends_nothing(discord: DiscordServer, tmp_path: Path, frame: Any) -> None:
    discord.person("Eva")
    async with watched(adapter(ScriptedFront(), discord, tmp_path)):
        await asked(discord, "before")
        discord.send_frame(frame)
        await asked(discord, "after")


@pytest.mark.parametrize("body", [None, "odd", {"id": "x"}], ids=str)
async def test_an_odd_reply_to_a_message_neither_doubles_it_nor_ends_anything(
    discord: DiscordServer, tmp_path: Path, body: Any
) -> None:
    discord.person("Eva")
    discord.inject(r"POST /channels/\d+/messages", OddDiscord(body))
    discord.inject(r"POST /channels/\d+/typing", OddDiscord(body))
    async with watched(adapter(ScriptedFront(), discord, tmp_path)) as watch:
        await asked(discord, "first")
        await asked(discord, "second")
    assert watch.health.n_restarts == 0


async def test_odd_replies_to_an_interaction_leave_it_answered_once(discord: DiscordServer, tmp_path: Path) -> None:
    eva = discord.person("Eva")
    channel = discord.channel(discord.guild("Library", roles={"Reader": [eva]}), "general")
    async with watched(adapter(ScriptedFront(), discord, tmp_path)):
        await discord.wait_for_bot()
        for n, body in enumerate(NONSENSE):
            discord.inject("POST /interactions", OddDiscord(body))
            call = discord.slash("ask", eva, channel, question=f"When {n}?")
            assert f"When {n}?" in (await discord.wait_for_reply(call)).content


async def test_odd_histories_are_left_out(discord: DiscordServer, tmp_path: Path) -> None:
    discord.person("Eva")
    front = ScriptedFront()
    async with watched(adapter(front, discord, tmp_path)):
        await asked(discord, "before")
    discord.inject(r"GET /channels/\d+/messages", *map(OddDiscord, NONSENSE))
    async with watched(adapter(front, discord, tmp_path)):
        await asked(discord, "after")


# --- Telegram ---------------------------------------------------------------------------------------------------------

FEW: list[Any] = [None, True, "odd", {}, [5], [{"id": 1}], {"id": 1}]


@pytest.mark.parametrize("method", ["getMe", "getUpdates", "getMyCommands", "setMyCommands", "sendChatAction"])
async def test_a_call_with_odd_results_is_repeated_and_telegram_is_answered(
    telegram: TelegramServer, method: str
) -> None:
    ana = telegram.person("Ana")
    telegram.inject(method, *map(Odd, FEW))
    async with watched(TelegramAdapter(Community(), telegram.token, telegram.url, TIMING)) as watch:
        telegram.say(telegram.private(ana), ana, "When do you open?")
        await telegram.wait_for_message(says("nine"))
    assert len(telegram.shown) == 1
    assert watch.health.n_restarts == 0


@pytest.mark.parametrize("result", [None, True, {"id": 1}], ids=str)
async def test_a_message_with_an_odd_result_is_not_sent_twice_and_the_person_is_told(
    telegram: TelegramServer, result: Any
) -> None:
    ana = telegram.person("Ana")
    telegram.inject("sendMessage", Odd(result))
    async with watched(TelegramAdapter(Community(), telegram.token, telegram.url, TIMING)):
        telegram.say(telegram.private(ana), ana, "When do you open?")
        await telegram.wait_for_message(says("I was interrupted while sending my answer."))
    assert len([call for call in telegram.of("sendMessage") if "nine" in call.params["text"]]) == 1


async def test_an_odd_result_of_an_edit_changes_nothing(telegram: TelegramServer) -> None:
    community = Community(pause_s=0.1)
    ana = telegram.person("Ana")
    telegram.inject("editMessageText", Odd("odd"), Odd(7))
    async with watched(TelegramAdapter(community, telegram.token, telegram.url, TIMING)):
        telegram.say(telegram.group("Library"), ana, "@aion_bot When do you open?")
        shown = await telegram.wait_for_message(lambda m: bool(m.buttons))
    assert telegram.shown == [shown]


async def test_who_moderates_is_not_known_from_an_odd_result(telegram: TelegramServer) -> None:
    ana = telegram.person("Ana")
    group = telegram.group("Library", admins=[ana])
    telegram.inject("getChatMember", *[Odd({})] * 3)
    async with watched(TelegramAdapter(Community(), telegram.token, telegram.url, TIMING)):
        telegram.say(group, ana, "/index@aion_bot")
        await telegram.wait_for_message(says("Only moderators"))
        telegram.say(group, ana, "/index@aion_bot")
        await telegram.wait_for_message(says("Learned"))


async def test_an_odd_state_of_the_webhook_ends_nothing(telegram: TelegramServer) -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    webhook = Webhook(f"http://127.0.0.1:{port}/updates", "127.0.0.1", port, ask_every_s=0.02)
    ana = telegram.person("Ana")
    telegram.inject("getWebhookInfo", *map(Odd, FEW))
    async with watched(TelegramAdapter(Community(), telegram.token, telegram.url, TIMING, webhook)) as watch:
        await telegram.wait_for_call("getWebhookInfo", len(FEW) + 1)
        telegram.say(telegram.private(ana), ana, "When do you open?")
        await telegram.wait_for_message(says("nine"))
    assert watch.health.n_restarts == 0


# --- the operator, and the other platform -----------------------------------------------------------------------------


@pytest.mark.parametrize("result", [7, {}, {"id": []}], ids=str)
async def test_the_doctor_says_that_replies_are_odd(
    discord: DiscordServer,
    telegram: TelegramServer,
    result: Any,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("AION_DATA_DIR", str(tmp_path / "data"))
    monkeypatch.setenv("NO_PROXY", "*")
    monkeypatch.setenv("DISCORD_TOKEN", discord.token)
    monkeypatch.setenv("DISCORD_API_BASE", discord.api_base)
    monkeypatch.setenv("DISCORD_GATEWAY_URL", discord.gateway_url)
    monkeypatch.setenv("TELEGRAM_TOKEN", telegram.token)
    monkeypatch.setenv("TELEGRAM_API_BASE", telegram.url)
    discord.inject("GET /applications/@me", OddDiscord(result))
    telegram.inject("getMe", Odd(result))
    found = [finding async for finding in findings() if finding.key == "odd_reply"]
    assert [finding.values["platform"] for finding in found] == ["Discord", "Telegram"]
    assert all(finding.sentence(language) and finding.fix(language) for finding in found for language in LANGUAGES)
    async with httpx.AsyncClient(trust_env=False) as client:
        for checkup in (
            DiscordCheckup(client, discord.token, discord.api_base, None),
            TelegramCheckup(client, telegram.token, telegram.url),
        ):
            discord.inject("GET /users/@me", OddDiscord(result))
            telegram.inject("getMe", Odd(result))
            with pytest.raises(Unavailable):
                await checkup.account()


@pytest.mark.slow
@pytest.mark.timeout(180)
async def test_the_other_platform_never_notices(
    discord: DiscordServer, telegram: TelegramServer, tmp_path: Path
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = str(free.getsockname()[1])
    settings = {"DISCORD_TOKEN": discord.token, "DISCORD_API_BASE": discord.api_base, "AION_HEALTH_PORT": port}
    settings |= {"DISCORD_GATEWAY_URL": discord.gateway_url}
    settings |= {"TELEGRAM_TOKEN": telegram.token, "TELEGRAM_API_BASE": telegram.url}
    discord.inject("GET /users/@me", OddDiscord([]), OddDiscord({"id": 5}))
    ana, eva = telegram.person("Ana"), discord.person("Eva")
    async with running_process(tmp_path, module="tests.e2e.quick_aion", **settings) as run:
        await run.until_logged("discord: ended by an error")
        await run.until_logged("/health")
        async with httpx.AsyncClient(trust_env=False) as client:
            health = (await client.get(f"http://127.0.0.1:{port}/health")).json()
        assert health["adapters"]["discord"]["problem"] is not None
        assert health["adapters"]["telegram"]["problem"] is None
        telegram.say(telegram.private(ana), ana, "/echo one")
        await telegram.wait_for_message(lambda m: "one" in m.text, 60)
        await discord.wait_for_bot()
        discord.say(discord.dm(eva), eva, "two")
        await discord.wait_for_message(lambda m: "two" in m.content, 60)
        assert await run.stop() == 0
    assert len([call for call in telegram.calls if call.method == "getMe"]) == 1
