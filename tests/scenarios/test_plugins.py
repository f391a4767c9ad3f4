"""Plugins through the chat: shown, enabled space by space, called within limits, isolated, read anew."""

from __future__ import annotations

import asyncio
import gc
import sys
import threading
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

import core.extensions.host as limits
from core.assembly.aion import Aion
from core.assembly.bootstrap import assemble
from core.errors import BadInput
from core.settings import Settings
from core.types import SpaceId
from plugins import load_plugins
from tests.fakes import MODERATOR, SPACE, CollectingOutlet, ScriptedGenerator, WordEmbedder, message

HOURS = b"# Library\n\nThe library opens at nine o'clock in the morning on Saturdays.\n"
ASKED = "When does the library open on Saturdays?"
ELSEWHERE = SpaceId("telegram:-100")

PLUGIN = """# /// aion
# name = "{name}"
# version = "1.0"
# description = {{ en = "A plugin of the tests", pt = "Um plugin dos testes" }}
# services = ["documents"]
# hooks = [{hooks}]
# ///
import asyncio, time
from core.commands import Command, Registry
from core.extensions.hooks import hook
from core.markdown import Markdown

HEARD = []

{code}

def register(registry: Registry) -> None:
    registry.add(Command("{name}", {{"en": "Do it", "pt": "Fazer"}}, run))
"""

COUNT = """
async def run(context):
    documents = await context.services.documents.documents()
    await context.reply(Markdown(f"{len(documents)} documents"))
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "plugins").mkdir()
    return tmp_path / "plugins"


@pytest.fixture
async def aion(tmp_path: Path, folder: Path) -> AsyncIterator[Aion]:
    settings = Settings.model_validate({"AION_DATA_DIR": tmp_path})
    local = ScriptedGenerator([])
    async with assemble(settings, load_plugins(), embedder=WordEmbedder(), local=local) as app:
        await app.ingest.index_file(SPACE, "hours.md", HOURS)
        yield app


def write(folder: Path, name: str, code: str, hooks: str = "") -> None:
    (folder / f"{name}.py").write_text(PLUGIN.format(name=name, code=code, hooks=hooks))


async def call(aion: Aion, command: str, space: SpaceId = SPACE, **arguments: str) -> CollectingOutlet:
    outlet = CollectingOutlet()
    key = f"{command}{arguments}{asyncio.get_running_loop().time()}"
    asked = message(command, key=key, command=command, arguments=arguments, person=MODERATOR, space=space)
    await aion.dispatch.handle(asked, outlet)
    return outlet


async def ask(aion: Aion, text: str) -> str:
    outlet = CollectingOutlet()
    await aion.dispatch.handle(message(text, key=f"{asyncio.get_running_loop().time()}"), outlet)
    return outlet.text


async def enable(aion: Aion, name: str) -> None:
    """Read the files anew and enable a plugin as a moderator does: look at its card, press the button under it."""
    await call(aion, "plugin", action="reload")
    card = await call(aion, "plugin", action="enable", name=name)
    [button] = card.replies[-1].buttons
    assert len(f"{button.command} {button.argument}".encode()) <= 48
    assert "is enabled" in (await call(aion, button.command, what=button.argument)).text


def heard(name: str) -> list[Any]:
    return list(sys.modules[f"aion_plugin_{name}"].HEARD)


async def test_a_plugin_is_shown_enabled_in_one_space_and_called(aion: Aion, folder: Path) -> None:
    assert "no plugin" in (await call(aion, "plugin")).text
    write(folder, "count", COUNT)
    listed = await call(aion, "plugin", action="reload")
    assert "A plugin of the tests" in listed.text and "not enabled here" in listed.text
    assert "not enabled here" in (await call(aion, "count")).text
    card = await call(aion, "plugin", action="enable", name="count")
    assert "/count" in card.text and "documents" in card.text and card.replies[-1].private
    await enable(aion, "count")
    assert (await call(aion, "count")).text == "1 documents"
    assert "not enabled here" in (await call(aion, "count", ELSEWHERE)).text
    await call(aion, "plugin", action="disable", name="count")
    assert "not enabled here" in (await call(aion, "count")).text


async def test_changed_code_does_nothing_until_it_is_enabled_again(aion: Aion, folder: Path) -> None:
    write(folder, "count", COUNT)
    await enable(aion, "count")
    [button] = (await call(aion, "plugin", action="enable", name="count")).replies[-1].buttons
    write(folder, "count", COUNT.replace('documents"', 'texts"'))
    assert (await call(aion, "count")).text == "1 documents"  # the file is read when somebody says so
    assert "changed since it was enabled" in (await call(aion, "plugin", action="reload")).text
    assert "not enabled here" in (await call(aion, "count")).text
    assert "changed since it was shown" in (await call(aion, button.command, what=button.argument)).text
    await enable(aion, "count")
    assert (await call(aion, "count")).text == "1 texts"


async def test_hooks_are_called_in_spaces_that_enabled_them(aion: Aion, folder: Path) -> None:
    code = (
        COUNT
        + """
@hook
async def before_answer(question):
    return question.text.replace("biblio", "library")

@hook
async def after_answer(answer):
    HEARD.append((answer.question, answer.used, answer.confidence > 0))

@hook
async def on_rating(rating):
    HEARD.append(rating.thumb)

@hook
async def on_document(document):
    HEARD.append((document.name, document.change))
"""
    )
    write(folder, "count", code, '"before_answer", "after_answer", "on_rating", "on_document"')
    await call(aion, "plugin", action="reload")
    assert "nine" in await ask(aion, ASKED)
    await enable(aion, "count")
    assert "nine" in await ask(aion, "When does the biblio open on Saturdays?")
    await aion.dispatch.rate(SPACE, 1, MODERATOR, "up", None)
    await aion.ingest.index_file(SPACE, "club.md", b"# Club\n\nThe club meets on Mondays.\n")
    await aion.ingest.index_file(ELSEWHERE, "other.md", b"# Other\n\nNobody here knows of it.\n")
    await aion.documents.forget(SPACE, "club.md")
    async with asyncio.timeout(9):
        while len(heard("count")) < 4:  # noqa: ASYNC110 (it is heard in another thread)
            await asyncio.sleep(0.01)
    asked, *others = heard("count")
    assert asked[0] == ASKED
    assert others == ["up", ("club.md", "learned"), ("Club", "forgotten")]


SHELF = (
    COUNT
    + """
from datetime import timedelta

async def sweep(run):
    HEARD.append(run.space)

async def extract(data, name):
    return "# Keys\\n\\n" + data.decode()[::-1]
"""
)


async def test_a_plugins_job_and_file_kind_reach_the_parts_that_use_them(aion: Aion, folder: Path) -> None:
    more = 'registry.add_job("sweep", timedelta(hours=1), sweep)\n    registry.add_extractor(".rev", extract)\n'
    text = PLUGIN.format(name="count", code=SHELF, hooks="") + "    " + more
    text = text.replace("# ///\nimport", '# jobs = ["sweep"]\n# extractors = [".rev"]\n# ///\nimport')
    (folder / "count.py").write_text(text)
    data = b"The spare key of the boathouse hangs behind the green door."[::-1]
    await call(aion, "plugin", action="reload")
    with pytest.raises(BadInput):
        await aion.ingest.index_file(SPACE, "keys.rev", data)
    await enable(aion, "count")
    assert "sweep, .rev" in (await call(aion, "plugin", action="enable", name="count")).text
    await aion.ingest.index_file(SPACE, "keys.rev", data)
    assert "green door" in await ask(aion, "Where hangs the spare key of the boathouse?")
    [job] = aion.scheduler.more()
    assert (job.name, await job.work()) == ("count.sweep", "ran in 1 spaces, failed in 0")
    assert heard("count") == [SPACE]


HARM = {
    "raises": "async def run(context):\n    raise RuntimeError('no')\n",
    "blocks": "async def run(context):\n    time.sleep(2)\n",
    "spins": "async def run(context):\n    while True:\n        pass\n",
    "waits": "async def run(context):\n    await asyncio.sleep(60)\n",
    "floods": "async def run(context):\n    for _ in range(1000):\n        await context.progress(Markdown('x'))\n",
    "reaches": "async def run(context):\n    await context.services.rights.forget_me()\n",
}


@pytest.mark.parametrize("code", HARM.values(), ids=HARM)
async def test_harm_stays_with_the_plugin(aion: Aion, folder: Path, code: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "COMMAND_S", 0.2)
    monkeypatch.setattr("core.extensions.plugin_thread.GRACE_S", 0.3)
    write(folder, "count", code)
    await enable(aion, "count")
    called = asyncio.create_task(call(aion, "count"))
    assert "nine" in await ask(aion, ASKED)  # nobody waits for it
    assert "count failed" in (await called).text
    for _ in range(limits.MAX_FAILURES - 1):
        await call(aion, "count")
    assert "does not run" in (await call(aion, "count")).text
    assert "stopped after failing" in (await call(aion, "plugin")).text
    write(folder, "count", COUNT)
    await enable(aion, "count")
    assert (await call(aion, "count")).text == "1 documents"


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        ("print('no manifest')\n", "is missing"),
        (PLUGIN.format(name="count", code="import missing", hooks=""), "missing"),
        (PLUGIN.format(name="count", code="raise SystemExit(3)", hooks=""), "end AION"),
        (PLUGIN.format(name="other", code=COUNT, hooks=""), "name"),
        (
            PLUGIN.format(name="count", code=COUNT + "\n@hook\nasync def on_rating(rating): ...\n", hooks=""),
            "its manifest",
        ),
        (PLUGIN.format(name="count", code=COUNT, hooks='"on_fire"'), "hooks"),
        (PLUGIN.format(name="count", code=COUNT, hooks='"on_rating"'), "marked @hook"),
        (
            PLUGIN.format(name="count", code=COUNT + "\n@hook\nasync def on_rating(thumb): ...\n", hooks='"on_rating"'),
            "Argument",
        ),
        (
            PLUGIN.format(name="count", code=COUNT, hooks="").replace('{"en": "Do it", "pt": "Fazer"}', '"Do it"'),
            "description",
        ),
        (PLUGIN.format(name="count", code=COUNT, hooks="").replace(", run)", ", run, parameters=['side'])"), "tuple"),
        (PLUGIN.format(name="count", code="def run(context): ...", hooks=""), "async def"),
        (
            PLUGIN.format(name="count", code=COUNT, hooks="").replace(", run)", ", run, permission='king')"),
            "permission",
        ),
        (PLUGIN.format(name="count", code=COUNT, hooks="").replace('Command("count"', 'Command("help"'), "twice"),
    ],
    ids=[
        "no manifest",
        "missing import",
        "exits",
        "other name",
        "unnamed hook",
        "unknown hook",
        "missing hook",
        "argument of a hook",
        "plain description",
        "list of parameters",
        "plain function",
        "unknown permission",
        "taken command",
    ],
)
async def test_what_cannot_be_loaded_says_why(aion: Aion, folder: Path, content: str, problem: str) -> None:
    (folder / "count.py").write_text(content)
    listed = await call(aion, "plugin", action="reload")
    assert "cannot be loaded" in listed.text and problem in listed.text
    assert "does not run" in (await call(aion, "plugin", action="enable", name="count")).text
    assert "Library" in (await call(aion, "docs")).text


async def test_an_enabled_plugin_keeps_its_command(aion: Aion, folder: Path) -> None:
    write(folder, "count", COUNT)
    await enable(aion, "count")
    (folder / "aaa.py").write_text(
        PLUGIN.format(name="aaa", code=COUNT, hooks="").replace('Command("aaa"', 'Command("count"')
    )
    write(folder, "count", COUNT + "\nN = 1\n")  # both are read now, aaa first by name
    assert "the command 'count' is the plugin count's" in (await call(aion, "plugin", action="reload")).text


async def test_help_lists_what_is_enabled_here(aion: Aion, folder: Path) -> None:
    write(folder, "count", COUNT)
    await call(aion, "plugin", action="reload")
    assert "/count" not in (await call(aion, "help")).text
    await enable(aion, "count")
    assert "/count — Do it" in (await call(aion, "help")).text
    assert "/count" not in (await call(aion, "help", ELSEWHERE)).text


NAMED = '# generators = ["sage"]\n# screens = ["tosses"]\n'

DOORS = """
async def show(visit):
    return []

async def sage(task):
    return "The library opens at nine o'clock in the morning on Saturdays [1]."
"""

REGISTERED = """    registry.add_screen("tosses", "Tosses", show)
    registry.add_generator("sage", sage)
"""


async def test_a_plugin_that_writes_is_named_by_its_card_and_by_its_answers(aion: Aion, folder: Path) -> None:
    text = PLUGIN.format(name="count", code=COUNT + DOORS, hooks="") + REGISTERED
    (folder / "count.py").write_text(text.replace("# ///\nimport", f"{NAMED}# ///\nimport"))
    await enable(aion, "count")
    card = (await call(aion, "plugin", action="enable", name="count")).text
    assert (
        "Writes answers, which must stand in what you taught: sage" in card and "Pages on the dashboard: tosses" in card
    )
    assert "nine" in await ask(aion, ASKED)
    record = await aion.stores.answers.get(SPACE, 1)
    assert record is not None and record.generation is not None
    assert (record.used, record.generation.model) == ("plugin:count.sage", "count 1.0")


async def test_a_hundred_reloads_leave_everything_as_it_was(aion: Aion, folder: Path) -> None:
    code = COUNT + "\n@hook\nasync def on_rating(rating): ...\nasyncio.ensure_future(asyncio.sleep(60))\n" + DOORS
    plugins, writers = aion.services.plugins, aion.questions.pipeline.writers

    def held() -> tuple[int, ...]:
        gc.collect()
        tasks, handlers = len(asyncio.all_tasks()), len(aion.dispatch.registry.listed)
        threads = [thread.name for thread in threading.enumerate() if thread.name.startswith("plugin ")]
        return tasks, handlers, len(threads), len(sys.modules)

    async def added() -> tuple[int, int]:
        return len(await plugins.screens.links(SPACE, "en", False)), len(await writers.plugins(SPACE))

    await call(aion, "plugin", action="reload")
    before = held()
    for n in range(100):
        broken = "\nraise ValueError\n" if n % 3 == 2 else ""
        text = PLUGIN.format(name="count", code=f"{code}\nN = {n}{broken}", hooks='"on_rating"') + REGISTERED
        (folder / "count.py").write_text(text.replace("# ///\nimport", f"{NAMED}# ///\nimport"))
        await plugins.of(SPACE).reload()
        card = await plugins.of(SPACE).find("count", "en")
        if not broken:
            await plugins.of(SPACE).enable("count", card.digest)
        assert await added() == ((0, 0) if broken else (1, 1)), card.problem
        (folder / "count.py").unlink()
        await plugins.of(SPACE).reload()
    assert held() == before and await added() == (0, 0)
