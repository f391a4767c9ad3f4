"""``aion-memory[light]``: the whole path without torch, in an environment that has nothing else, in 400 MB."""

from __future__ import annotations

import re
import sys
import tomllib
from pathlib import Path

import pytest
from discord_server import DiscordServer
from light_install import light_python, pinned
from notes import write_notes
from packaging.requirements import Requirement
from process import ROOT, aion, running
from telegram_server import TelegramServer

from core.models.installation import FULL_MODULES
from tests.core.curation.site import as_page, serving
from tests.pages import ARTICLES

MOST_MB = 400
PATIENCE_S = 90


def peak_mb(pid: int) -> float:
    """Return the most memory that a process has had resident, in MB (10^6 bytes)."""
    return _kb("VmHWM", Path(f"/proc/{pid}/status")) * 1024 / 1e6


def family_mb(pid: int) -> float:
    """Return the memory that a process and its children hold now, what they share counted once, in MB."""
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    return sum(_kb("Pss", Path(f"/proc/{each}/smaps_rollup")) for each in (pid, *children)) * 1024 / 1e6


def _kb(name: str, file: Path) -> int:
    found = re.search(rf"^{name}:\s+(\d+)", file.read_text(), re.MULTILINE)
    assert found
    return int(found[1])


def test_the_lock_of_the_light_installation_lacks_what_the_full_one_adds() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    extras = project["optional-dependencies"]
    added = {Requirement(each).name for name in ("full", "llama") for each in extras[name]} - {"aion-memory"}
    assert {name.replace("-", "_") for name in added} == FULL_MODULES
    names = {each.name for each in pinned()}
    assert extras["light"] == []
    assert not names & added
    assert {Requirement(each).name for each in project["dependencies"] if "python_version" not in each} <= {
        name if name != "discord-py" else "discord.py" for name in names
    }


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
@pytest.mark.slow
@pytest.mark.timeout(300)
async def test_it_is_set_up_taught_and_asked_on_both_platforms(tmp_path: Path) -> None:
    python, data_dir = light_python(tmp_path / "venv"), tmp_path / "data"
    data_dir.mkdir()
    async with DiscordServer() as discord, TelegramServer() as telegram, serving() as site:
        site.pages = {"/library": as_page(ARTICLES["library"].title, ARTICLES["library"].text)}
        places = {
            "DISCORD_API_BASE": discord.api_base,
            "DISCORD_GATEWAY_URL": discord.gateway_url,
            "TELEGRAM_API_BASE": telegram.url,
            "AION_FETCH_ALLOW": site.host,
            "NO_PROXY": "*",
        }
        tokens = {"DISCORD_TOKEN": discord.token, "TELEGRAM_TOKEN": telegram.token}
        made = await aion(data_dir, "init", "--yes", python=python, **places, **tokens)
        assert made.status == 0, made.err
        taught = await aion(data_dir, "index", str(write_notes(tmp_path / "notes")), python=python)
        assert taught.status == 0, taught.err

        refused = await aion(data_dir, "train", "sft", "--data", "x", "--out", "y", python=python)
        assert refused.status == 1
        assert refused.err == "`aion train sft` needs the full installation of AION: pip install 'aion-memory[full]'.\n"

        ana, rui = discord.person("Ana"), telegram.person("Rui", language="pt-br")
        channel, private = discord.channel(discord.guild("Allotment"), "general"), telegram.private(rui)
        async with running(data_dir, python=python, **places) as run:  # the tokens are in the .env that init wrote
            await run.until_logged("running: discord, telegram")
            await discord.wait_for_bot()
            discord.say(channel, ana, "Who is the beekeeper?", mentions_bot=True)
            await discord.wait_for_message(lambda m: "Tobias Wren" in m.content and m.buttons, PATIENCE_S)
            telegram.say(private, rui, "Quanto tempo dura cada aula?")
            await telegram.wait_for_message(lambda m: "duas horas" in m.text and m.buttons, PATIENCE_S)

            learned = await aion(data_dir, "learn", site.url("/library"), python=python)
            assert learned.status == 0, learned.err
            told = await aion(data_dir, "chat", "--once", "How long may a member keep a book?", "--json", python=python)
            assert "three weeks" in told.json["answer"]
            assert peak_mb(run.process.pid) < MOST_MB
            assert family_mb(run.process.pid) < MOST_MB  # with the sandbox that read the page
            found = await aion(data_dir, "doctor", "--json", python=python, **places)
            checks = {each["check"]: each["level"] for each in found.json["findings"]}
            assert checks["light_installation"] == "ok"
            assert found.json["healthy"], found.out
            assert await run.stop() == 0, "".join(run.log)
        assert not [line for line in run.log if "Traceback" in line or " ERROR " in line]
