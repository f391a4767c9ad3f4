"""Calling a command of a plugin's file in a test, without a platform, a data folder or models."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from core.commands import Registry, parse_command_line
from core.errors import BadInput, UserError
from core.extensions.loader import load, unload
from core.extensions.manifest import read_source
from core.extensions.plugin_context import OtherLoop, PluginContext
from core.extensions.plugin_thread import PluginThread
from core.markdown import Markdown, escape
from core.texts import explain_markdown, say, say_markdown
from core.types import Answer, Button, File, Language, Menu, Message, Person, SpaceId

CALL_S = 60.0


def called(plugin: Path, line: str, language: Language = "en", services: Any = None) -> str:
    """Return what a plugin replies to a typed line such as ``/dice 6``. Blocks.

    ``services`` has what the manifest names as attributes, e.g. ``SimpleNamespace(documents=...)``. Raises ``BadInput``
    when the file cannot be loaded or has no such command, and what the command raises.
    """
    return asyncio.run(_call(plugin, line, language, services))


async def _call(plugin: Path, line: str, language: Language, services: Any) -> str:
    loaded = await load(read_source(plugin))
    try:
        typed = parse_command_line(line)
        found = [command for command in loaded.commands if typed is not None and command.name == typed.name]
        if typed is None or not found:
            raise BadInput("command.unknown", command=line)
        message = Message(
            platform="terminal",
            space=SpaceId("terminal:test"),
            conversation="test",
            person=Person("tester", "Tester", is_moderator=True),
            text=line,
            key="1",
            command=typed.name,
            arguments=typed.arguments(found[0]),
        )
        context = RecordingContext(message, language, services)
        given = PluginContext(context, loaded.source.manifest.services, OtherLoop(asyncio.get_running_loop()))
        await _in(loaded.thread, lambda: found[0].handler(given))
        return "\n".join(context.replies)
    finally:
        await unload(loaded)


async def _in(thread: PluginThread, work: Any) -> None:
    await thread.call(work, CALL_S)


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

    async def offer(self, text: Markdown, menu: Menu | None, *buttons: Button) -> None:
        """Keep a reply."""
        self.replies.append(text)

    async def settle(self, text: Markdown, *buttons: Button) -> None:
        """Keep a reply."""
        self.replies.append(text)
