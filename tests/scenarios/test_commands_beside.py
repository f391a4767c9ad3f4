"""Every command of ``aion`` beside an AION that runs on its data folder: carried out, or refused with the reason."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import pytest
import typer
from typer.testing import CliRunner

from bot import cli
from bot.control.server import serve_commands
from bot.control.socket_path import FILE
from core.assembly.aion import Aion
from core.assembly.bootstrap import assemble
from core.settings import Settings
from plugins import load_plugins
from tests.fakes import ScriptedGenerator, WordEmbedder

pytestmark = [pytest.mark.slow, pytest.mark.timeout(400)]

IN_USE = "already runs on the data folder"
BESIDE: dict[str, tuple[str, int, str]] = {
    "index": ("index notes", 0, "Learned"),
    "docs": ("docs", 0, "Library"),
    "spaces": ("spaces", 0, "global"),
    "chat": ("chat", 0, "nine"),
    "ask": ("ask questions.jsonl --json", 0, '"id"'),
    "learn": ("learn http://127.0.0.1:1/page", 1, "may not open"),
    "map": ("map --html map.html", 0, "map.html"),
    "reembed": ("reembed", 0, ""),
    "forget": ("forget Kitchen", 0, "Forgotten"),
    "import": ("import said.txt", 1, "said.txt"),
    "watch": ("watch", 0, ""),
    "watch add": ("watch add notes", 0, "notes"),
    "watch prune": ("watch prune 1 --yes", 0, "notes"),
    "watch stop": ("watch stop 1", 0, "notes"),
    "review list": ("review list", 0, ""),
    "review approve": ("review approve 7", 1, "7"),
    "review reject": ("review reject 7", 1, "7"),
    "conflicts": ("conflicts", 0, ""),
    "jobs": ("jobs", 0, "channels"),
    "jobs run": ("jobs run gather-gaps", 0, "within seconds"),
    "jobs pause": ("jobs pause gather-gaps", 0, ""),
    "jobs resume": ("jobs resume gather-gaps", 0, ""),
    "providers": ("providers", 0, ""),
    "quality": ("quality --space global", 0, ""),
    "settings": ("settings --space global", 0, ""),
    "tokens": ("tokens", 0, ""),
    "tokens add": ("tokens add helpdesk --space global", 0, "aion_"),
    "tokens revoke": ("tokens revoke 1", 0, ""),
    "webhooks": ("webhooks", 0, ""),
    "webhooks add": ("webhooks add https://example.org/hook", 0, ""),
    "webhooks remove": ("webhooks remove 1", 0, ""),
    "plugin": ("plugin", 0, ""),
    "plugin new": ("plugin new dice", 0, "dice"),
    "backup": ("backup --to kept", 0, "Backed up"),
    "backup list": ("backup list --to kept", 0, "aion-"),
    "backup verify": ("backup verify kept/{archive}", 0, ""),
    "doctor": ("doctor", 1, "AION is running"),
    "lora list": ("lora list", 0, ""),
    "lora add": ("lora add notes", 1, "notes"),
    "lora promote": ("lora promote v1", 1, "v1"),
    "lora rollback": ("lora rollback", 1, ""),
    "lora diff": ("lora diff v1 v2", 1, "v1"),
    "train export": ("train export --out exported", 1, "nothing to learn from"),
    "train cycle": ("train cycle", 1, ""),
    "train sft": ("train sft --data none.jsonl --out lora", 1, "none.jsonl"),
    "train kto": ("train kto --data none.jsonl --out lora", 1, "none.jsonl"),
    "train reward": ("train reward --data none.jsonl", 1, "none.jsonl"),
    "train ppo": ("train ppo --data none.jsonl --out lora", 1, "none.jsonl"),
    "train plan": ("train plan", 0, ""),
    "train scratch": ("train scratch --text none --out own", 1, "none"),
    "train scale": ("train scale --text none --out ladder", 1, "none"),
    "eval": ("eval none", 1, "none"),
    "tune": ("tune none", 1, "none"),
    "serve": ("serve --port 0 --host 0.0.0.0", 1, "AION_SERVE_TOKEN"),
    "mcp": ("mcp", 1, "AION_API_TOKEN"),
    "init": ("init --yes", 0, "PRIVACY.md"),
    "run": ("run", 1, IN_USE),
    "gateway": ("gateway", 1, "PostgreSQL"),
    "core": ("core", 1, "PostgreSQL"),
    "restore": ("restore kept/{archive}", 1, "restored into an empty one"),
    "upgrade": ("upgrade", 1, "when it started"),
    "migrate": ("migrate", 1, "missing in the copy"),
}
"""Each command as it is typed, its exit status, and a piece of what it prints, in the order in which they are typed."""


def declared(command: Any = None, path: tuple[str, ...] = ()) -> Iterator[str]:
    """Yield the name of every command, groups that are commands themselves included."""
    command = command or typer.main.get_command(cli.app)
    if not hasattr(command, "commands") or command.invoke_without_command:
        yield " ".join(path)
    for name, under in getattr(command, "commands", {}).items():
        yield from declared(under, (*path, name))


@pytest.fixture
async def running(tmp_path: Path, data_dir: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Aion]:
    """Return a running AION; commands are typed in the folder ``here``."""
    here = tmp_path / "here"
    (here / "notes").mkdir(parents=True)
    (here / "notes" / "library.md").write_text("# Library\n\nThe library opens at nine.\n", encoding="utf-8")
    (here / "notes" / "kitchen.md").write_text("# Kitchen\n\nIt closes at ten.\n", encoding="utf-8")
    (here / "questions.jsonl").write_text('{"id": "1", "text": "When does the library open?"}\n', encoding="utf-8")
    (here / "said.txt").write_text("no export\n", encoding="utf-8")
    monkeypatch.chdir(here)
    for name, value in {"AION_DATA_DIR": str(data_dir), "AION_READER": "off", "LANG": "C.UTF-8"}.items():
        monkeypatch.setenv(name, value)
    settings = Settings.model_validate({"AION_DATA_DIR": data_dir, "AION_READER": "off"})
    async with assemble(settings, load_plugins(), embedder=WordEmbedder(), local=ScriptedGenerator([])) as aion:
        serving = asyncio.create_task(serve_commands(aion, data_dir))
        while not (data_dir / FILE).exists():  # noqa: ASYNC110 (a file is waited for)
            await asyncio.sleep(0.01)
        yield aion
        serving.cancel()
        await asyncio.wait([serving])


async def test_every_command_works_beside_it_or_says_why_not(
    running: Aion, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert sorted(BESIDE) == sorted(declared())
    wrong = []
    for typed, status, said in BESIDE.values():
        if typed == "migrate":
            monkeypatch.setenv("AION_DATABASE_URL", "postgresql://user:made-up@127.0.0.1:1/aion")
        archive = next((path.name for path in (tmp_path / "here").glob("kept/*")), "")
        arguments = typed.format(archive=archive).split()
        done = await asyncio.to_thread(CliRunner().invoke, cli.app, arguments, input="When does the library open?\n+\n")
        told = f"{done.output}{done.stderr}"
        if (done.exit_code, said in told) != (status, True) or (IN_USE in told and typed != "run"):
            wrong.append(f"{typed}: {done.exit_code}, {told[-300:]!r}, {done.exception!r}")
    assert not wrong, "\n".join(wrong)
