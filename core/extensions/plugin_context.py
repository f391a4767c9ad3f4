"""What a plugin's command is given: the call's own context, across threads, and the services its manifest names."""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import Awaitable, Callable, Coroutine
from dataclasses import dataclass, field
from typing import Any, TypeVar

from core.commands import Context, Registry
from core.errors import PluginFailed, UserError
from core.markdown import Markdown
from core.services import SpaceServices
from core.types import Answer, Button, File, Language, Menu, Message, ReplyItem, SpaceId

T = TypeVar("T")

MAX_REPLIES = 20
"""Status lines and replies of one call. More would flood the chat."""


@dataclass(frozen=True, slots=True)
class OtherLoop:
    """The event loop that everything of AION runs in, as seen from a plugin's thread."""

    loop: asyncio.AbstractEventLoop

    async def run(self, work: Coroutine[Any, Any, T]) -> T:
        """Carry out ``work`` there and return its result here; cancelled with the caller."""
        return await asyncio.wrap_future(asyncio.run_coroutine_threadsafe(work, self.loop))


class GrantedService:
    """A service whose coroutine functions are carried out in AION's event loop."""

    def __init__(self, service: object, home: OtherLoop) -> None:
        self._service, self._home = service, home

    def __getattr__(self, name: str) -> Any:
        """Return an attribute of the service. Raises ``AttributeError`` for one that is not public."""
        if name.startswith("_"):
            raise AttributeError(name)
        value = getattr(self._service, name)
        if not inspect.iscoroutinefunction(value):
            return value

        def across(*arguments: Any, **named: Any) -> Awaitable[Any]:
            return self._home.run(value(*arguments, **named))

        return across


class GrantedServices:
    """The services that a plugin's manifest names, by the names in ``core.services.SpaceServices``."""

    def __init__(self, services: SpaceServices, names: tuple[str, ...], home: OtherLoop) -> None:
        self._services, self._names, self._home = services, names, home

    def __getattr__(self, name: str) -> GrantedService:
        """Return a service. Raises ``PluginFailed`` for one that the manifest does not name."""
        if name not in self._names:
            raise PluginFailed(f"its manifest does not name the service {name!r}")
        return GrantedService(getattr(self._services, name), self._home)


@dataclass(slots=True)
class PluginContext:
    """A ``core.commands.Context`` for the thread of a plugin."""

    _context: Context
    _names: tuple[str, ...]
    _home: OtherLoop
    _n_sent: int = field(default=0, init=False)

    @property
    def message(self) -> Message:
        """Return the message that called the command."""
        return self._context.message

    @property
    def language(self) -> Language:
        """Return the language to reply in."""
        return self._context.language

    @property
    def services(self) -> Any:
        """Return the services that the manifest names."""
        return GrantedServices(self._context.services, self._names, self._home)

    @property
    def registry(self) -> Registry:
        """Raise ``PluginFailed``: the commands of others are no business of a plugin."""
        raise PluginFailed("the registry is not given to plugins")

    def say(self, key: str, **values: object) -> Markdown:
        """Return a sentence of the text catalogue."""
        return self._context.say(key, **values)

    def label(self, key: str, **values: object) -> str:
        """Return a sentence of the text catalogue without markup."""
        return self._context.label(key, **values)

    def channel(self, conversation: str) -> Markdown:
        """Return a conversation of the space as people of its platform know it."""
        return self._context.channel(conversation)

    def audience(self, space: SpaceId) -> Markdown:
        """Return the name of those who may read a space."""
        return self._context.audience(space)

    def role(self, role: str) -> Markdown:
        """Return a role, by its name or id, as people of its platform know it."""
        return self._context.role(role)

    def explain(self, error: UserError) -> Markdown:
        """Return an error as one sentence."""
        return self._context.explain(error)

    async def note(self, action: str, subject: str, detail: str = "") -> None:
        """Raise ``PluginFailed``: what is recorded of moderators is no business of a plugin."""
        raise PluginFailed("the audit log is not given to plugins")

    async def answer(self, question: str) -> Answer:
        """Answer a question and deliver the answer."""
        return await self._send(lambda: self._context.answer(question))

    async def answer_afresh(self, question: str) -> Answer:
        """Answer a question though it was answered before."""
        return await self._send(lambda: self._context.answer_afresh(question))

    async def progress(self, text: Markdown) -> None:
        """Show a passing status line."""
        await self._send(lambda: self._context.progress(text))

    async def reply(self, text: Markdown, *buttons: Button) -> None:
        """Send the command's final reply."""
        await self._send(lambda: self._context.reply(text, *buttons))

    async def show(self, text: Markdown, *files: File) -> None:
        """Send the final reply with files below it."""
        await self._send(lambda: self._context.show(text, *files))

    async def mark(self, emoji: str, text: Markdown, *buttons: Button) -> None:
        """Put an emoji on the message that called the command, and send the final reply."""
        await self._send(lambda: self._context.mark(emoji, text, *buttons))

    async def deal(self, text: Markdown, *items: ReplyItem) -> None:
        """Send the final reply, which lists several things, each with buttons of its own."""
        await self._send(lambda: self._context.deal(text, *items))

    async def offer(self, text: Markdown, menu: Menu | None, *buttons: Button) -> None:
        """Send the final reply with a menu under it."""
        await self._send(lambda: self._context.offer(text, menu, *buttons))

    async def settle(self, text: Markdown, *buttons: Button) -> None:
        """Send the final reply and retire the buttons that led to it."""
        await self._send(lambda: self._context.settle(text, *buttons))

    async def _send(self, work: Callable[[], Coroutine[Any, Any, T]]) -> T:
        self._n_sent += 1
        if self._n_sent > MAX_REPLIES:
            raise PluginFailed(f"it replied more than {MAX_REPLIES} times to one call")
        return await self._home.run(work())
