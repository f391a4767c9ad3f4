"""Calling what a plugin's file registers in a test, without a platform, a data folder or models."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

from core.commands import Registry, parse_command_line
from core.errors import BadInput, UserError
from core.extensions.contributions import FoundPage, PluginJobRun, WritingTask
from core.extensions.loader import LoadedPlugin, load, unload
from core.extensions.manifest import read_source
from core.extensions.plugin_context import GrantedServices, OtherLoop, PluginContext
from core.extensions.screen_check import checked_parts
from core.extensions.screen_parts import ScreenPart, ScreenVisit
from core.markdown import Markdown, escape
from core.texts import explain_markdown, say, say_markdown
from core.types import (
    Answer,
    Button,
    File,
    Language,
    Menu,
    Message,
    Person,
    PromptTurn,
    ReplyItem,
    Sampling,
    SpaceId,
)

CALL_S = 60.0

SPACE = SpaceId("terminal:test")

T = TypeVar("T")


def called(plugin: Path, line: str, language: Language = "en", services: Any = None) -> str:
    """Return what a plugin replies to a typed line such as ``/dice 6``. Blocks.

    ``services`` has what the manifest names as attributes, e.g. ``SimpleNamespace(documents=...)``. Raises ``BadInput``
    when the file cannot be loaded or has no such command, and what the command raises.
    """
    return asyncio.run(_call(plugin, line, language, services))


def told(plugin: Path, hook: str, event: Any) -> Any:
    """Tell a plugin's hook of an event of ``core.extensions.hooks``, and return what it returns. Blocks.

    Raises ``BadInput`` when the file cannot be loaded, ``AttributeError`` when it has no such hook, and what that
    raises.
    """
    return asyncio.run(_with(plugin, lambda loaded: getattr(loaded.module, hook)(event)))


def ran(plugin: Path, job: str, language: Language = "en") -> list[str]:
    """Run a plugin's job once, and return what it tells the moderators. Blocks. Raises as ``told`` does."""
    notices: list[str] = []

    async def keep(space: SpaceId, text: Markdown) -> None:
        notices.append(text)

    async def run(loaded: LoadedPlugin) -> None:
        work = next(each.work for each in loaded.registered.jobs if each.name == job)
        await work(PluginJobRun(SPACE, language, keep))

    asyncio.run(_with(plugin, run))
    return notices


def found(plugin: Path, engine: str, theme: str, language: Language = "en") -> list[FoundPage]:
    """Return what a plugin's search engine finds. Blocks. Raises as ``told`` does."""

    async def search(loaded: LoadedPlugin) -> list[FoundPage]:
        chosen = next(each for each in loaded.registered.engines if each.name == engine)
        return list(await chosen.search(theme, language))

    return asyncio.run(_with(plugin, search))


def extracted(plugin: Path, name: str, data: bytes) -> str:
    """Return the Markdown that a plugin reads in a file. Blocks. Raises as ``told`` does."""

    async def extract(loaded: LoadedPlugin) -> str:
        chosen = next(each for each in loaded.registered.extractors if name.endswith(each.suffix))
        return await chosen.extract(data, name)

    return asyncio.run(_with(plugin, extract))


def written(plugin: Path, generator: str, prompt: str) -> str:
    """Let a plugin's generator write a reply to a prompt. Blocks. Raises as ``told`` does."""

    async def write(loaded: LoadedPlugin) -> str:
        chosen = next(each for each in loaded.registered.generators if each.name == generator)
        return await chosen.write(WritingTask(SPACE, (PromptTurn("user", prompt),), Sampling().max_new_tokens))

    return asyncio.run(_with(plugin, write))


def shown(plugin: Path, screen: str, language: Language = "en", services: Any = None) -> tuple[ScreenPart, ...]:
    """Return what a plugin's page shows, as it is drawn. Blocks. ``services`` as in ``called``.

    Raises as ``told`` does, and ``PluginFailed`` for what cannot be drawn.
    """
    return asyncio.run(_visit(plugin, screen, "", {}, language, services))


def sent(
    plugin: Path,
    screen: str,
    fields: Mapping[str, str],
    form: str = "form",
    language: Language = "en",
    services: Any = None,
) -> tuple[ScreenPart, ...]:
    """Send a form to a plugin's page, and return what the page shows then. Blocks. Raises as ``shown`` does."""
    return asyncio.run(_visit(plugin, screen, form, fields, language, services))


async def _visit(
    plugin: Path, screen: str, form: str, fields: Mapping[str, str], language: Language, services: Any
) -> tuple[ScreenPart, ...]:
    home = OtherLoop(asyncio.get_running_loop())

    async def visit(loaded: LoadedPlugin) -> tuple[ScreenPart, ...]:
        chosen = next(each for each in loaded.registered.screens if each.name == screen)
        given = GrantedServices(services, loaded.source.manifest.services, home)
        visitor = Person("tester", "Tester", is_moderator=True)
        if form and chosen.send is not None:
            await chosen.send(ScreenVisit(SPACE, visitor, language, given, form, fields))
        return checked_parts(await chosen.show(ScreenVisit(SPACE, visitor, language, given)))

    return await _with(plugin, visit)


async def _call(plugin: Path, line: str, language: Language, services: Any) -> str:
    loaded = await load(read_source(plugin))
    try:
        typed = parse_command_line(line)
        known = [command for command in loaded.commands if typed is not None and command.name == typed.name]
        if typed is None or not known:
            raise BadInput("command.unknown", command=line)
        message = Message(
            platform="terminal",
            space=SPACE,
            conversation="test",
            person=Person("tester", "Tester", is_moderator=True),
            text=line,
            key="1",
            command=typed.name,
            arguments=typed.arguments(known[0]),
        )
        context = RecordingContext(message, language, services)
        given = PluginContext(context, loaded.source.manifest.services, OtherLoop(asyncio.get_running_loop()))
        await loaded.thread.call(lambda: known[0].handler(given), CALL_S)
        return "\n".join(context.replies)
    finally:
        await unload(loaded)


async def _with(plugin: Path, work: Callable[[LoadedPlugin], Awaitable[T]]) -> T:
    """Carry out work of a loaded plugin in its own thread, within ``CALL_S``."""
    loaded = await load(read_source(plugin))
    try:
        return await loaded.thread.call(lambda: work(loaded), CALL_S)
    finally:
        await unload(loaded)


@dataclass
class RecordingContext:
    """A ``core.commands.Context`` that keeps what is replied."""

    message: Message
    language: Language
    services: Any
    registry: Registry = field(default_factory=Registry)
    replies: list[str] = field(default_factory=list)

    def say(self, key: str, **values: object) -> Markdown:
        """Return a sentence of the text catalogue."""
        return say_markdown(self.language, key, **values)

    def label(self, key: str, **values: object) -> str:
        """Return a sentence of the text catalogue without markup."""
        return say(self.language, key, **values)

    def channel(self, conversation: str) -> Markdown:
        """Return the conversation's id."""
        return Markdown(conversation)

    def audience(self, space: SpaceId) -> Markdown:
        """Return the space's id."""
        return escape(space)

    def role(self, role: str) -> Markdown:
        """Return the role as it is named."""
        return escape(role)

    def explain(self, error: UserError) -> Markdown:
        """Return an error as one sentence."""
        return explain_markdown(self.language, error)

    async def note(self, action: str, subject: str, detail: str = "") -> None:
        """Record nothing."""

    async def answer(self, question: str) -> Answer:
        """Raise ``BadInput``: nothing was taught in a test."""
        raise BadInput("question.empty")

    async def answer_afresh(self, question: str) -> Answer:
        """Raise ``BadInput``: nothing was taught in a test."""
        raise BadInput("question.empty")

    async def progress(self, text: Markdown) -> None:
        """Show nothing."""

    async def reply(self, text: Markdown, *buttons: Button) -> None:
        """Keep a reply."""
        self.replies.append(text)

    async def show(self, text: Markdown, *files: File) -> None:
        """Keep a reply."""
        self.replies.append(text)

    async def mark(self, emoji: str, text: Markdown, *buttons: Button) -> None:
        """Keep a reply."""
        self.replies.append(text)

    async def deal(self, text: Markdown, *items: ReplyItem) -> None:
        """Keep a reply with what it lists."""
        self.replies.append(Markdown("\n\n").join([text, *(item.text for item in items)]))

    async def offer(self, text: Markdown, menu: Menu | None, *buttons: Button) -> None:
        """Keep a reply."""
        self.replies.append(text)

    async def settle(self, text: Markdown, *buttons: Button) -> None:
        """Keep a reply."""
        self.replies.append(text)
