"""``aion init`` as a process: answered through a pipe, at a terminal or by the environment; tokens tried for real."""

from __future__ import annotations

import asyncio
import os
import pty
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from aiohttp import web
from discord_server import DiscordServer
from dotenv import dotenv_values
from process import ROOT, aion, environment

from tests.e2e.telegram_server import TelegramServer

KEY = "made-up-groq-key"


@pytest.fixture
async def servers() -> AsyncIterator[dict[str, str]]:
    """Return where both platforms are."""
    async with DiscordServer() as discord, TelegramServer() as telegram:
        yield {
            "DISCORD_API_BASE": discord.api_base,
            "TELEGRAM_API_BASE": telegram.url,
            "discord": discord.token,
            "telegram": telegram.token,
        }


@asynccontextmanager
async def provider(folder: Path) -> AsyncIterator[str]:
    """Run an API that knows one key; return the table that names it."""

    async def models(request: web.Request) -> web.Response:
        known = request.headers.get("Authorization") == f"Bearer {KEY}"
        return web.json_response({"data": []}, status=200 if known else 401)

    app = web.Application()
    app.router.add_get("/v1/models", models)
    runner = web.AppRunner(app, shutdown_timeout=0.2)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    table = folder / "providers.toml"
    table.write_text(
        f'[[provider]]\nname = "groq"\nbase_url = "http://127.0.0.1:{runner.addresses[0][1]}/v1"\n'
        'key_env = "GROQ_API_KEY"\npaid = false\nlanguages = ["en"]\ncontext_tokens = 100\nmax_output_tokens = 100\n'
        'models = [{ id = "m" }]\n'
    )
    yield str(table)
    await runner.cleanup()


def where(servers: dict[str, str]) -> dict[str, str]:
    return {name: value for name, value in servers.items() if name.isupper()} | {"NO_PROXY": "*"}


def beside(folder: Path) -> list[str]:
    """Return the names of what stands beside a .env: the old file, and what was not finished."""
    return [file.name for file in folder.iterdir() if file.name.startswith(".env.")]


async def test_wrong_answers_are_asked_again_and_the_rest_is_kept(tmp_path: Path, servers: dict[str, str]) -> None:
    (tmp_path / ".env").write_text("# mine\nAION_TAU=0.5\nDISCORD_TOKEN=\n")
    async with provider(tmp_path) as table:
        answers = ["fr", "pt", "wrong.token", servers["discord"], "12:no", servers["telegram"], "", ""]
        stdin = "\n".join([*answers, "wrong-key", KEY, "y", ""])
        done = await aion(tmp_path, "init", stdin=stdin, AION_PROVIDERS_FILE=table, **where(servers))
    assert done.status == 0, done.err
    assert (tmp_path / ".env").read_text() == (
        f"# mine\nAION_TAU=0.5\nDISCORD_TOKEN={servers['discord']}\nAION_LANGUAGE=pt\n"
        f"TELEGRAM_TOKEN={servers['telegram']}\nGROQ_API_KEY={KEY}\n"
    )
    assert (tmp_path / ".env").stat().st_mode & 0o777 == 0o600
    assert [name.endswith(".bak") for name in beside(tmp_path)] == [True]
    assert "O Discord recusa o token" in done.out  # from the first answer on in the language that was chosen
    assert "https://t.me/aion_bot?startgroup=true" in done.out
    assert "oauth2/authorize" in done.out
    assert not [secret for secret in (servers["discord"], servers["telegram"], KEY) if secret in done.out + done.err]


async def test_whoever_says_no_or_leaves_changes_nothing(tmp_path: Path, servers: dict[str, str]) -> None:
    (tmp_path / ".env").write_text("AION_TAU=0.5\n")
    async with provider(tmp_path) as table:
        for stdin in ("pt\n\n\n\n\n\nn\n", "pt\n" + servers["discord"]):
            done = await aion(tmp_path, "init", stdin=stdin, AION_PROVIDERS_FILE=table, **where(servers))
            assert done.status == 1
            assert "nada foi escrito" in done.err or "nothing was written" in done.err
    assert (tmp_path / ".env").read_text() == "AION_TAU=0.5\n"
    assert not beside(tmp_path)


async def test_without_a_question(tmp_path: Path, servers: dict[str, str]) -> None:
    async with provider(tmp_path) as table:
        settings = where(servers) | {"AION_PROVIDERS_FILE": table, "GROQ_API_KEY": KEY}
        settings |= {"TELEGRAM_TOKEN": servers["telegram"], "AION_LANGUAGE": "pt"}
        done = await aion(tmp_path, "init", "--yes", **settings)
        assert done.status == 0, done.err
        assert dotenv_values(tmp_path / ".env") == {
            "AION_LANGUAGE": "pt",
            "TELEGRAM_TOKEN": servers["telegram"],
            "GROQ_API_KEY": KEY,
        }
        privacy = tmp_path / "PRIVACY.md"
        assert "groq" in privacy.read_text() and "/forget_me" in privacy.read_text()
        privacy.write_text("mine")
        again = await aion(tmp_path, "init", "--yes", **settings)
        assert privacy.read_text() == "mine"
        assert (again.status, "Nada mudou" in again.out) == (0, True)
        refused = await aion(tmp_path, "init", "--yes", **settings | {"DISCORD_TOKEN": "wrong"})
        assert (refused.status, "401" in refused.err) == (1, True)
    assert not beside(tmp_path)


async def test_a_platform_that_is_away_is_taken_at_ones_word(tmp_path: Path) -> None:
    settings = {"TELEGRAM_TOKEN": "12:made-up", "TELEGRAM_API_BASE": "http://127.0.0.1:9", "NO_PROXY": "*"}
    done = await aion(tmp_path, "init", "--yes", **settings)
    assert (done.status, "could not be tried" in done.out) == (0, True)
    assert dotenv_values(tmp_path / ".env") == {"TELEGRAM_TOKEN": "12:made-up"}


async def test_control_c_at_a_terminal_leaves_nothing(tmp_path: Path, servers: dict[str, str]) -> None:
    ours, theirs = pty.openpty()
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "bot",
        "init",
        cwd=tmp_path,
        env={**environment(tmp_path / "data", where(servers)), "PYTHONPATH": str(ROOT), "TERM": "xterm"},
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
    )
    os.close(theirs)
    screen = await shown_until(ours, "AION_LANGUAGE", "en or pt")
    os.write(ours, b"en\r")
    screen += await shown_until(ours, "DISCORD_TOKEN")
    os.write(ours, b"half-a-tok")
    await asyncio.sleep(0.3)
    os.write(ours, b"\x03")
    assert await asyncio.wait_for(process.wait(), 20) == 130
    os.close(ours)
    assert "half-a-tok" not in screen
    assert not beside(tmp_path)
    assert not (tmp_path / ".env").exists()


async def shown_until(terminal: int, *words: str) -> str:
    """Return what a terminal shows until one of the words is there."""
    loop, shown = asyncio.get_running_loop(), ""
    async with asyncio.timeout(30):
        while not any(word in shown for word in words):
            shown += (await loop.run_in_executor(None, os.read, terminal, 4096)).decode(errors="replace")
    return shown
