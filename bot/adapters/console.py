"""The terminal as a platform: one person in one space, with the same commands as on the chat platforms.

Replies are printed, not posted: there is nothing to edit, to resume or to press, so ``bot.delivery`` is not used.
"""

from __future__ import annotations

import asyncio
import getpass
import json
import shlex
import sys
import uuid
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path

from rich.console import Console
from rich.markdown import Markdown as RenderedMarkdown

from bot.control.client import call_starting
from bot.control.commands import handed_over
from bot.control.server import serve_commands
from bot.terminal.caller import LocalCaller, called_by, caller
from bot.terminal.language import terminal_locale
from bot.terminal.open_aion import open_aion
from bot.terminal.output import TerminalConsole, print_raw
from core.assembly.aion import Aion
from core.chat.source_markdown import cited_number, source_path
from core.commands import Registry, parse_command_line
from core.control_characters import without_controls
from core.errors import BadInput
from core.markdown import Markdown, plain_text
from core.offload import offload
from core.settings import read_settings
from core.texts import language_of_locale, say
from core.types import Answer, Attachment, Button, Menu, Message, Person, Reply, SpaceId, Thumb

THUMBS: dict[str, Thumb] = {"+": "up", "👍": "up", "-": "down", "👎": "down"}
"""The lines that rate the last answer."""


def terminal_space() -> SpaceId:
    """Return the space of the user at the terminal."""
    return SpaceId(f"terminal:{getpass.getuser()}")


def terminal_person() -> Person:
    """Return the user at the terminal, who moderates their own space."""
    return Person(f"terminal:{getpass.getuser()}", getpass.getuser(), is_moderator=True)


async def read_line(line: str, registry: Registry) -> Message:
    """Return a typed line as a message; the files of a command are at the paths after it. Raises ``BadInput``."""
    line = without_controls(line)
    command_line = parse_command_line(line)
    command = registry.get(command_line.name) if command_line else None
    takes_files = command is not None and any(p.kind == "attachment" for p in command.parameters)
    paths = _paths(command_line.rest) if command_line and takes_files else ()
    return Message(
        key=f"terminal:{uuid.uuid4()}",
        platform="terminal",
        space=terminal_space(),
        conversation=terminal_space(),
        person=terminal_person(),
        text=line,
        locale=terminal_locale(),
        command=command_line.name if command_line else None,
        arguments=command_line.arguments(command) if command_line and command else {},
        attachments=tuple([await attach(path) for path in paths]),
    )


async def attach(path: Path) -> Attachment:
    """Return a file of the caller's as an attachment. Raises ``BadInput`` when there is no such file."""
    try:
        n_bytes = await caller().size(path)
    except OSError:
        raise BadInput("file.missing", name=str(path)) from None
    return Attachment(path.name, n_bytes, partial(caller().read, path))


def _paths(rest: str) -> list[Path]:
    try:
        return [Path(part).expanduser() for part in shlex.split(rest)]
    except ValueError:  # an unclosed quote: the whole line is the path
        return [Path(rest).expanduser()]


@dataclass
class ConsoleOutlet:
    """Prints one reply: the text while it is written, then its sources (``core.ports.Outlet``)."""

    console: Console
    answer_id: int | None = None
    buttons: tuple[Button, ...] = ()
    menu: Menu | None = None
    _shown: str = field(default="", init=False)

    async def progress(self, text: Markdown) -> None:
        """Print a dim status line."""
        self.console.print(plain_text(text), style="dim")

    async def partial(self, text: Markdown) -> None:
        """Print what was added since the last call; nothing where the output is no terminal."""
        shown = plain_text(text)
        if self.console.is_terminal and shown.startswith(self._shown):
            self.console.print(shown[len(self._shown) :], end="", soft_wrap=True)
            self._shown = shown

    def _print(self, text: Markdown) -> None:
        shown = RenderedMarkdown(text) if self.console.is_terminal else plain_text(text)
        self.console.print(shown, soft_wrap=True)

    async def send(self, reply: Reply) -> None:
        """Print the rest of the reply, its items and its sources, and save its files to the current folder."""
        self.answer_id, self.buttons, self.menu = reply.answer_id, reply.buttons, reply.menu
        text = plain_text(reply.text)
        if self._shown and text.startswith(self._shown):
            self.console.print(text[len(self._shown) :], soft_wrap=True)
        else:
            if self._shown:
                self.console.print()
            self._print(reply.text)
        for item in reply.items:
            self._print(item.text)
            self.console.print(as_commands(item.buttons), style="dim")
        if reply.sources:
            paths = [f"{cited_number(source, text)}{' › '.join(source_path(source))}" for source in reply.sources]
            self.console.print("\n".join(["", *(f"📖 {path}" for path in paths)]), style="dim", soft_wrap=True)
        for file in reply.files:
            path = await caller().write(Path(file.name), file.data)
            self.console.print(say(reply.language, "file.saved", path=path), soft_wrap=True)


def as_commands(buttons: Sequence[Button]) -> str:
    """Return the commands to type in place of buttons, on one line."""
    return " · ".join(f"{button.label} /{button.command} {button.argument}".rstrip() for button in buttons)


def menu_buttons(menu: Menu | None) -> tuple[Button, ...]:
    """Return the options of a menu as buttons."""
    if menu is None:
        return ()
    return tuple(
        Button(option.label, menu.command, f"{menu.argument} {option.value}".strip()) for option in menu.options
    )


async def converse() -> None:
    """Answer typed lines until the input ends, here or by the AION that runs on the data folder.

    The one that is opened here loads its models meanwhile, and carries out what other terminals hand over.
    """
    data_dir = read_settings().data_dir
    if (welcomed := await call_starting(data_dir, WELCOME, {})) is not None:
        return await _converse(data_dir, welcomed.result)
    async with open_aion() as aion, asyncio.TaskGroup() as background:
        work = (aion.warm(), aion.reembedding.run_in_background(), serve_commands(aion, data_dir))
        tasks = [background.create_task(each) for each in work]
        try:
            with called_by(LocalCaller(aion)):
                await _converse(data_dir, await welcome())
        finally:
            for task in tasks:
                task.cancel()


async def _converse(data_dir: Path, commands: Sequence[str]) -> None:
    last_answer: int | None = None
    async for line in typed_lines(data_dir, commands):
        last_answer = await reply_to_line(line, last_answer)


WELCOME = "bot.adapters.console.welcome"


@handed_over
async def welcome() -> list[str]:
    """Print how much is known here, and return the names of the commands."""
    async with open_aion() as aion:
        n_documents = await aion.count_documents(terminal_space())
        language = language_of_locale(terminal_locale(), aion.settings.language)
        TerminalConsole().print(say(language, "chat.welcome", n_documents=n_documents))
        return [command.name for command in aion.dispatch.registry.listed]


@handed_over
async def reply_to_line(line: str, last_answer: int | None) -> int | None:
    """Print the reply to a typed line, a thumb on ``last_answer`` included; return the id of the last answer now."""
    console = TerminalConsole()
    async with open_aion() as aion:
        if (thumb := THUMBS.get(line)) and last_answer is not None:
            person, space = terminal_person(), terminal_space()
            thanks = await aion.dispatch.rate(space, last_answer, person, thumb, terminal_locale())
            console.print(plain_text(thanks.text), style="dim")
            console.print(as_commands(thanks.buttons), style="dim")
            return last_answer
        outlet = ConsoleOutlet(console)
        try:
            message = await read_line(line, aion.dispatch.registry)
        except BadInput as error:
            language = language_of_locale(terminal_locale(), aion.settings.language)
            console.print(say(language, error.key, **error.values), style="dim")
            return last_answer
        await aion.dispatch.handle(message, outlet)
        console.print(as_commands((*menu_buttons(outlet.menu), *outlet.buttons)), style="dim")
        return outlet.answer_id or last_answer


async def typed_lines(data_dir: Path, commands: Sequence[str]) -> AsyncIterator[str]:
    """Yield the non-empty lines of the input, with history and completion where that is a terminal."""
    if not sys.stdin.isatty():
        while line := await offload(sys.stdin.readline):
            if line.strip():
                yield line.strip()
        return
    from prompt_toolkit import PromptSession
    from prompt_toolkit.completion import WordCompleter
    from prompt_toolkit.history import FileHistory

    session: PromptSession[str] = PromptSession(
        history=FileHistory(str(data_dir / "chat_history")),
        completer=WordCompleter([f"/{name}" for name in commands], sentence=True),
    )
    while True:
        try:
            line = (await session.prompt_async("\n❯ ")).strip()
        except (EOFError, KeyboardInterrupt):
            return
        if line:
            yield line


@asynccontextmanager
async def _once(space: SpaceId) -> AsyncIterator[Aion]:
    """Yield an AION whose models and indexes are loaded, so that loading is not part of the measured latency."""
    async with open_aion() as aion:
        await aion.ready(space)
        yield aion


async def _asked_in(question: str, space: str | None) -> Message:
    """Return a typed question as one asked in ``space``; in the terminal's own without it."""
    message = await read_line(question, Registry())
    return replace(message, space=SpaceId(space), conversation=f"{space}:{message.key}") if space else message


@handed_over
async def answer_as_text(question: str, space: str | None = None) -> None:
    """Print the answer to one question, asked in ``space``, on the standard output."""
    outlet, message = ConsoleOutlet(TerminalConsole()), await _asked_in(question, space)
    async with _once(message.space) as aion:
        await aion.questions.answer(message, question, outlet)


@handed_over
async def answer_as_json(question: str, space: str | None = None) -> None:
    """Print the answer to one question, asked in ``space``, as one JSON object on the standard output."""
    message = await _asked_in(question, space)
    async with _once(message.space) as aion:
        answer = await aion.questions.answer(message, question, DiscardingOutlet())
    print_raw(json.dumps(as_json(answer), ensure_ascii=False, indent=2))


def as_json(answer: Answer) -> dict[str, object]:
    """Return what ``--json`` prints of an answer."""
    return {
        "answer": without_controls(answer.text),
        "confidence": round(answer.confidence.value, 4),
        "reasons": [say(answer.language, reason.key, **reason.values) for reason in answer.confidence.reasons],
        "used": answer.used,
        "model": answer.model,
        "sources": [
            {"n": source.n}
            | {name: without_controls(getattr(source, name)) for name in ("document", "heading", "quote")}
            for source in answer.sources
        ],
        "latency_ms": {step: round(ms, 2) for step, ms in answer.latency_ms.items()},
    }


class DiscardingOutlet:
    """An outlet for an answer that is read from its return value instead."""

    async def progress(self, text: Markdown) -> None:
        """Show nothing."""

    async def partial(self, text: str) -> None:
        """Show nothing."""

    async def send(self, reply: Reply) -> None:
        """Show nothing."""
