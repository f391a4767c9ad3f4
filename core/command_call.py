"""One call of a command: what its handler is given to work and to reply with."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from core.chat.channel_name import audience_name, channel_name
from core.commands import Command, Registry
from core.errors import UserError
from core.markdown import Markdown, escape
from core.ports import Outlet
from core.question_answering import QuestionAnswering
from core.services import SpaceServices
from core.texts import explain_markdown, say, say_markdown
from core.types import Answer, Button, File, Language, Menu, Message, Reply, ReplyItem, SpaceId


@dataclass(frozen=True, slots=True)
class CommandCall:
    """One call of a command, replied to through an outlet (``core.commands.Context``)."""

    message: Message
    language: Language
    services: SpaceServices
    registry: Registry
    _command: Command
    _questions: QuestionAnswering
    _outlet: Outlet
    _note: Callable[[str, str, str], Awaitable[None]]

    def say(self, key: str, **values: object) -> Markdown:
        """Return a sentence of the catalogue in the caller's language, its values escaped."""
        return say_markdown(self.language, key, **values)

    def label(self, key: str, **values: object) -> str:
        """Return a sentence of the catalogue as text without markup, for buttons and pictures."""
        return say(self.language, key, **values)

    def channel(self, conversation: str) -> Markdown:
        """Return a conversation of the space as people of its platform know it."""
        return channel_name(self.message, conversation, self.language)

    def audience(self, space: SpaceId) -> Markdown:
        """Return the name of those who may read a space, as people of its platform know them."""
        return audience_name(space, self.language)

    def role(self, role: str) -> Markdown:
        """Return a role, by its name or id, as people of its platform know it."""
        is_id = self.message.platform == "discord" and role.isdecimal()
        return Markdown(f"<@&{role}>") if is_id else escape(role)

    def explain(self, error: UserError) -> Markdown:
        """Return an error as one sentence in the caller's language."""
        return explain_markdown(self.language, error)

    async def note(self, action: str, subject: str, detail: str = "") -> None:
        """Record a change that the caller made."""
        await self._note(action, subject, detail)

    async def answer(self, question: str) -> Answer:
        """Answer a question and deliver it where the command was called."""
        return await self._questions.answer(self.message, question, self._outlet)

    async def answer_afresh(self, question: str) -> Answer:
        """Answer a question as ``answer`` does, though it was answered before."""
        return await self._questions.answer_afresh(self.message, question, self._outlet)

    async def progress(self, text: Markdown) -> None:
        """Show a passing status line; none of a private command, whose line others would read."""
        if not self._command.private:
            await self._outlet.progress(text)

    async def reply(self, text: Markdown, *buttons: Button) -> None:
        """Send the command's final reply, with buttons under it."""
        await self._send(text, buttons=buttons)

    async def show(self, text: Markdown, *files: File) -> None:
        """Send the command's final reply, with files below it."""
        await self._send(text, files=files)

    async def mark(self, emoji: str, text: Markdown, *buttons: Button) -> None:
        """Put an emoji on the message that called the command, and send the final reply, or none without a text."""
        await self._send(text, buttons=buttons, reaction=emoji)

    async def deal(self, text: Markdown, *items: ReplyItem) -> None:
        """Send the final reply: several things, each with the buttons that decide on it."""
        await self._send(text, items=items)

    async def offer(self, text: Markdown, menu: Menu | None, *buttons: Button) -> None:
        """Send the final reply with a menu, and retire the buttons of the message that led to it."""
        await self._send(text, buttons=buttons, menu=menu, settles=True)

    async def settle(self, text: Markdown, *buttons: Button) -> None:
        """Send the final reply and retire the buttons of the message whose button called the command."""
        await self._send(text, buttons=buttons, settles=True)

    async def _send(
        self,
        text: Markdown,
        *,
        buttons: tuple[Button, ...] = (),
        menu: Menu | None = None,
        files: tuple[File, ...] = (),
        settles: bool = False,
        reaction: str = "",
        items: tuple[ReplyItem, ...] = (),
    ) -> None:
        await self._outlet.send(
            Reply(
                text,
                self.language,
                private=self._command.private,
                quiet=self._command.quiet,
                buttons=buttons,
                menu=menu,
                files=files,
                settles=settles,
                reaction=reaction,
                items=items,
            )
        )
