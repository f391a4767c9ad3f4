"""Commands handed to a running AION: they print and read here, run there, and end when either side goes."""

from __future__ import annotations

import asyncio
import io
import json
import os
import socket
import stat
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from types import SimpleNamespace

import pytest

from bot.adapters import console
from bot.adapters.console import converse, terminal_space
from bot.control import commands, server
from bot.control.client import call_running
from bot.control.server import CommandServer, serve_commands
from bot.control.socket_path import FILE, socket_address
from bot.control.values import to_json
from bot.operator.ask import answer_file
from bot.operator.knowledge.docs import print_documents
from bot.operator.knowledge.forget import forget_document
from bot.operator.knowledge.index import index_paths
from bot.operator.knowledge.map import draw_map
from bot.terminal.caller import caller
from core.assembly.aion import Aion
from core.assembly.bootstrap import assemble
from core.errors import BadInput, Unavailable
from core.knowledge.files import DOCUMENTS
from core.sandbox.frames import Frame, receive_frame
from core.settings import Settings
from core.storage.database import Database
from core.types import SpaceId
from plugins import load_plugins
from tests.fakes import ScriptedGenerator, WordEmbedder

GLOBAL = SpaceId("global")


@asynccontextmanager
async def running(data_dir: Path) -> AsyncIterator[Aion]:
    """Run an AION without platforms whose control socket listens."""
    settings = Settings.model_validate({"AION_DATA_DIR": data_dir})
    local = ScriptedGenerator([])
    async with assemble(settings, load_plugins(), embedder=WordEmbedder(), local=local) as aion:
        serving = asyncio.create_task(serve_commands(aion, data_dir))
        while not (data_dir / FILE).exists():  # noqa: ASYNC110 (a file is waited for)
            await asyncio.sleep(0.01)
        try:
            yield aion
        finally:
            serving.cancel()
            await asyncio.wait([serving])


@pytest.fixture
async def aion(tmp_path: Path, data_dir: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Aion]:
    """Return a running AION; commands of this test are called from the folder ``here``."""
    (tmp_path / "here" / "notes").mkdir(parents=True)
    (tmp_path / "here" / "notes" / "library.md").write_text("# Library\n\nIt opens at nine.\n", encoding="utf-8")
    (tmp_path / "here" / "notes" / "kitchen.md").write_text("# Kitchen\n\nIt closes at ten.\n", encoding="utf-8")
    monkeypatch.chdir(tmp_path / "here")
    monkeypatch.setenv("AION_DATA_DIR", str(data_dir))
    async with running(data_dir) as aion:
        yield aion


def lines(capsys: pytest.CaptureFixture[str]) -> list[str]:
    return capsys.readouterr().out.splitlines()


async def test_files_are_read_here_and_learned_there(aion: Aion, capsys: pytest.CaptureFixture[str]) -> None:
    await index_paths([Path("notes"), Path("missing.md")], "global", DOCUMENTS, if_empty=False, verbose=False)
    said = lines(capsys)
    assert said[:2] == ["✅ Learned notes/kitchen.md (1 passage).", "✅ Learned notes/library.md (1 passage)."]
    assert "missing.md" in said[2]
    assert said[3].startswith("2 added")
    assert {name for each in await aion.documents.list(GLOBAL) for name in each.names} == {
        "notes/kitchen.md",
        "notes/library.md",
    }
    await print_documents("global")
    assert [line.split("\t")[1] for line in lines(capsys)] == ["Kitchen", "Library"]
    await forget_document("Kitchen", "global")
    assert lines(capsys) == ["Forgotten: Kitchen (1 passage)."]
    assert [each.title for each in await aion.documents.list(GLOBAL)] == ["Library"]


async def test_what_a_command_writes_is_written_here(
    aion: Aion, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    await index_paths([Path("notes")], "global", DOCUMENTS, if_empty=False, verbose=False)
    capsys.readouterr()
    await draw_map("global", Path("map.html"), None)
    assert lines(capsys)[-1].endswith("here/map.html")
    assert (tmp_path / "here" / "map.html").read_text(encoding="utf-8").startswith("<!")
    with pytest.raises(BadInput, match="unwritable"):
        await draw_map("global", Path("no/such/folder/map.html"), None)


async def test_questions_are_read_and_answered_line_by_line(aion: Aion, capsys: pytest.CaptureFixture[str]) -> None:
    await index_paths([Path("notes")], "global", DOCUMENTS, if_empty=False, verbose=False)
    capsys.readouterr()
    Path("questions.jsonl").write_text('{"id": "1", "text": "When does the library open?"}\n', encoding="utf-8")  # noqa: ASYNC240 (a test)
    await answer_file(Path("questions.jsonl"), None, False, True)
    assert json.loads(lines(capsys)[0])["id"] == "1"


async def test_an_error_there_is_the_same_error_here(aion: Aion) -> None:
    with pytest.raises(BadInput) as error:
        await forget_document("no such document", "global")
    assert error.value.key.startswith("docs.") or error.value.key.startswith("knowledge.")


async def test_the_callers_language_is_spoken(
    aion: Aion, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("AION_LANGUAGE", "pt")
    await print_documents("global")
    assert "ensinaram" in capsys.readouterr().out


async def test_only_the_owner_may_enter(aion: Aion, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert stat.S_IMODE((tmp_path / "data" / FILE).stat().st_mode) & 0o077 == 0
    assert stat.S_IMODE((tmp_path / "data").stat().st_mode) == 0o700
    monkeypatch.setattr(server, "_is_owner", lambda connected: False)
    with pytest.raises(Unavailable, match="gone"):
        await print_documents("global")


def test_another_users_process_is_no_owner() -> None:
    class Connected:
        def getsockopt(self, *_: int) -> bytes:
            return __import__("struct").pack("3i", 1, os.getuid() + 12345, 0)

    assert not server._is_owner(Connected())  # type: ignore[arg-type]


async def test_nothing_but_the_listed_commands_is_called(aion: Aion, tmp_path: Path) -> None:
    for name in ("os.system", "bot.operator.knowledge.docs._table", "bot.cli.main", ""):
        with pytest.raises(Unavailable, match="gone"):
            await call_running(tmp_path / "data", name, {})
    with pytest.raises(ValueError, match="not among"):
        commands.handed_over(test_nothing_but_the_listed_commands_is_called)


@pytest.mark.parametrize("sent", [b"", b"GET / HTTP/1.1\r\n\r\n", b"\xff" * 64, Frame({"command": 7}).encode()])
async def test_whatever_is_sent_does_not_stop_it(aion: Aion, tmp_path: Path, sent: bytes) -> None:
    with socket_address(tmp_path / "data") as address:
        assert address is not None
        reader, writer = await asyncio.open_unix_connection(address)
    writer.write(sent)
    writer.write_eof()
    assert await reader.read() == b""
    writer.close()
    await print_documents("global")


async def test_a_caller_that_goes_ends_its_command_and_nothing_is_half_done(aion: Aion, tmp_path: Path) -> None:
    """The caller goes while its first file is being waited for."""
    with socket_address(tmp_path / "data") as address:
        reader, writer = await asyncio.open_unix_connection(address)
    arguments = {
        "paths": [{"$path": "notes"}],
        "space": "global",
        "selection": to_json(DOCUMENTS),
        "if_empty": False,
        "verbose": False,
    }
    command = "bot.operator.knowledge.index.index_paths"
    writer.write(Frame({"command": command, "arguments": to_json(arguments)}).encode())
    asked = await receive_frame(reader)
    assert asked.header["find"] == ["notes"]
    writer.write(
        Frame({"files": [{"path": {"$path": "a.md"}, "name": "a.md"}], "reply_to": asked.header["ask"]}).encode()
    )
    while "fetch" not in (await receive_frame(reader)).header:
        pass
    writer.close()
    await writer.wait_closed()
    while [task for task in asyncio.all_tasks() if task.get_name() == "handed-over command"]:  # noqa: ASYNC110
        await asyncio.sleep(0.01)
    assert await aion.documents.list(GLOBAL) == ()
    await index_paths([Path("notes")], "global", DOCUMENTS, if_empty=False, verbose=False)
    assert len(await aion.documents.list(GLOBAL)) == 2


async def test_a_running_aion_that_goes_is_said_in_a_sentence(tmp_path: Path) -> None:
    async def leave(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await receive_frame(reader)
        writer.close()

    with socket_address(tmp_path) as address:
        async with await asyncio.start_unix_server(leave, address):
            with pytest.raises(Unavailable, match="gone"):
                await call_running(tmp_path, "bot.operator.knowledge.docs.print_documents", {"space": "global"})


async def test_a_socket_that_a_killed_process_left_is_passed_over(tmp_path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as left, socket_address(tmp_path) as address:
        assert address is not None
        left.bind(address)
    assert await call_running(tmp_path, "bot.operator.knowledge.docs.print_documents", {"space": "global"}) is None
    assert await call_running(tmp_path / "none", "bot.operator.knowledge.docs.print_documents", {}) is None


async def test_more_commands_than_it_can_carry_out_are_refused(aion: Aion, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(server, "N_AT_ONCE", 0)
    with pytest.raises(Unavailable, match="busy"):
        await print_documents("global")


async def test_a_fault_there_is_a_sentence_here(aion: Aion, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(server, "_work", lambda name: SimpleNamespace())
    with pytest.raises(Unavailable, match="failed"):
        await print_documents("global")
    assert CommandServer(aion)


async def test_a_data_folder_with_a_long_path_has_a_socket_too(tmp_path: Path) -> None:
    deep = tmp_path / ("a" * 60) / ("b" * 60)
    deep.mkdir(parents=True)
    async with running(deep):
        assert (deep / FILE).exists()
        called = await call_running(deep, "bot.operator.knowledge.docs.print_documents", {"space": "global"})
        assert called is not None
    assert not (deep / FILE).exists()


async def test_a_conversation_goes_on_beside_it(
    aion: Aion, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    typed = ["/index notes/library.md", "/index notes/none.md", "When does the library open?", "+", "/export_me"]
    monkeypatch.setattr("sys.stdin", io.StringIO("".join(f"{line}\n" for line in typed)))
    await converse()
    said = capsys.readouterr().out
    for part in ("library.md", "none.md", "nine", "Thanks!"):
        assert part in said
    space = terminal_space()
    assert [each.title for each in await aion.documents.list(space)] == ["Library"]
    assert await aion.stores.rated_answers.count_since(None) == 1
    assert list((tmp_path / "here").glob("*.json")), "files are saved where it was typed"


async def test_a_command_waits_for_an_aion_that_is_starting(
    data_dir: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("AION_DATA_DIR", str(data_dir))
    async with await Database.open(data_dir):
        asked = asyncio.create_task(index_paths([Path("none.md")], "global", DOCUMENTS, if_empty=False, verbose=False))
        await asyncio.sleep(0.1)
    async with running(data_dir):
        with pytest.raises(BadInput, match=r"indexed\.nothing"):
            await asked
    assert "none.md" in capsys.readouterr().out


async def test_a_conversation_alone_carries_out_what_others_type(
    data_dir: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    @asynccontextmanager
    async def open_light() -> AsyncIterator[Aion]:
        if (held := caller().running) is not None:
            yield held
            return
        settings = Settings.model_validate({"AION_DATA_DIR": data_dir})
        async with assemble(settings, load_plugins(), embedder=WordEmbedder(), local=ScriptedGenerator([])) as aion:
            yield aion

    async def lines(folder: Path, names: Sequence[str]) -> AsyncIterator[str]:
        assert "index" in names
        while not (data_dir / FILE).exists():  # noqa: ASYNC110 (a file is waited for)
            await asyncio.sleep(0.01)
        assert await call_running(data_dir, "bot.operator.knowledge.docs.print_documents", {"space": "global"})
        yield "/help"

    monkeypatch.setenv("AION_DATA_DIR", str(data_dir))
    monkeypatch.setattr(console, "open_aion", open_light)
    monkeypatch.setattr(console, "typed_lines", lines)
    await converse()
    assert "/index" in capsys.readouterr().out


async def test_a_command_that_ends_with_aion_is_no_fault_in_the_log(
    aion: Aion, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with socket_address(tmp_path / "data") as address:
        reader, writer = await asyncio.open_unix_connection(address)
    arguments = {"paths": [{"$path": "notes"}], "space": "global", "selection": to_json(DOCUMENTS)}
    call = {"command": "bot.operator.knowledge.index.index_paths", "arguments": to_json(arguments)}
    call["arguments"] |= {"if_empty": False, "verbose": False}
    writer.write(Frame(call).encode())
    assert "find" in (await receive_frame(reader)).header
    [handling] = [task for task in asyncio.all_tasks() if "CommandServer.handle" in repr(task.get_coro())]
    handling.cancel()  # as the event loop does with what is left when it ends
    assert await reader.read() == b""
    await asyncio.wait([handling])
    assert not [each for each in caplog.records if each.levelname == "ERROR"]
    writer.close()
