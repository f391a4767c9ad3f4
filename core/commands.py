"""Commands, declared once: name, typed parameters, permission, help in every language.

A plugin module has one function, ``register(registry)``, and adds ``Command`` values through it. Each platform shows
the same registry natively: Discord as slash commands, Telegram as its menu, the terminal as ``/commands``.
Permissions are checked here for every platform, whatever its client hides. How a message reaches a command is in
``core.dispatch``.
"""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Literal, Protocol

from core.errors import BadInput, PermissionRefused, UserError
from core.markdown import Markdown
from core.services import SpaceServices
from core.types import Answer, Button, File, Language, Menu, Message, Person, ReplyItem, SpaceId

Localised = Mapping[Language, str]
"""The same sentence in every language AION speaks."""

Permission = Literal["everyone", "teacher", "trusted", "moderator"]
"""``teacher``: moderators, and whoever may teach in their private chat (``core.chat.private_teaching``).
``trusted``: moderators, and those whose replies the space trusts."""


@dataclass(frozen=True, slots=True)
class Parameter:
    """One argument of a command.

    ``text`` takes the rest of a typed line, ``number`` and ``word`` its next word; ``attachment`` takes a file;
    ``channel`` the id of one of the space's channels, ``role`` that of a role, ``person`` that of somebody, who is then
    among ``Message.named``, and ``audience`` for whom a command teaches (``core.chat.audiences``); only a platform can
    give these. A number is a whole one, 0 or
    more, of at most 18 digits. ``choices`` are all it may be; where it ``names`` something the space has, a
    platform may offer that while one types.
    """

    name: str
    description: Localised
    kind: Literal["text", "word", "number", "attachment", "channel", "role", "person", "audience"] = "text"
    required: bool = True
    choices: tuple[str, ...] = ()
    names: Literal["document", "proposal"] | None = None


class Context(Protocol):
    """One call of a command: the message, the services bound to it, and ways to reply. All that a handler is given."""

    @property
    def message(self) -> Message:
        """Return the message that called the command."""
        ...

    @property
    def language(self) -> Language:
        """Return the language to reply in."""
        ...

    @property
    def services(self) -> SpaceServices:
        """Return the services, bound to the space and the sender of the message."""
        ...

    @property
    def registry(self) -> Registry:
        """Return every command there is."""
        ...

    def say(self, key: str, **values: object) -> Markdown:
        """Return a sentence of the text catalogue in the caller's language; its values are shown as they are."""
        ...

    def label(self, key: str, **values: object) -> str:
        """Return a sentence of the text catalogue as text without markup, for buttons and pictures."""
        ...

    def channel(self, conversation: str) -> Markdown:
        """Return a conversation of the space as people of its platform know it."""
        ...

    def audience(self, space: SpaceId) -> Markdown:
        """Return the name of those who may read a space, as people of its platform know them."""
        ...

    def role(self, role: str) -> Markdown:
        """Return a role, by its name or id, as people of its platform know it."""
        ...

    def explain(self, error: UserError) -> Markdown:
        """Return an error as one sentence in the caller's language."""
        ...

    async def note(self, action: str, subject: str, detail: str = "") -> None:
        """Record a change that the caller made, in the space's audit log; ``action`` is a key of the table ``did``."""
        ...

    async def answer(self, question: str) -> Answer:
        """Answer a question, streaming it to where the caller will read it, and deliver it."""
        ...

    async def answer_afresh(self, question: str) -> Answer:
        """Answer a question as ``answer`` does, though it was answered before."""
        ...

    async def progress(self, text: Markdown) -> None:
        """Show a passing status line."""
        ...

    async def reply(self, text: Markdown, *buttons: Button) -> None:
        """Send the command's final reply, with buttons under it."""
        ...

    async def show(self, text: Markdown, *files: File) -> None:
        """Send the command's final reply, with files below it."""
        ...

    async def mark(self, emoji: str, text: Markdown, *buttons: Button) -> None:
        """Put an emoji on the message that called the command, and send the final reply, or none without a text."""
        ...

    async def deal(self, text: Markdown, *items: ReplyItem) -> None:
        """Send the final reply: several things, each with the buttons that decide on it."""
        ...

    async def offer(self, text: Markdown, menu: Menu | None, *buttons: Button) -> None:
        """Send the final reply with a menu and buttons under it; those that called this command are of no more use."""
        ...

    async def settle(self, text: Markdown, *buttons: Button) -> None:
        """Send the final reply, after which the buttons one of which called this command are of no more use."""
        ...


Handler = Callable[[Context], Awaitable[None]]

NAME = re.compile(r"[a-z][a-z0-9_]{0,31}")
"""What both platforms accept as a command name."""


@dataclass(frozen=True, slots=True)
class Command:
    """A command as declared. ``private`` replies are shown to the caller alone, never where others read.

    ``quiet`` ones, which are of interest to the caller alone, are shown so where the platform can, else to all.
    One that is not ``listed`` is what a button calls: it can be typed, and crowds neither menus nor ``/help``.
    One that ``takes_replies`` is also called by whoever replies to a message with its button, with the button's
    argument and the words of the reply.
    """

    name: str
    description: Localised
    handler: Handler
    parameters: tuple[Parameter, ...] = ()
    permission: Permission = "everyone"
    private: bool = False
    quiet: bool = False
    listed: bool = True
    takes_replies: bool = False


@dataclass
class Registry:
    """The commands of one running AION."""

    _commands: dict[str, Command] = field(default_factory=dict)
    _followers: list[Callable[[], None]] = field(default_factory=list)

    def add(self, command: Command) -> None:
        """Add a command. Raises ``ValueError`` on a name that is taken or that a platform would refuse."""
        if not NAME.fullmatch(command.name):
            raise ValueError(f"command name {command.name!r} must match {NAME.pattern}")
        if command.name in self._commands:
            raise ValueError(f"command {command.name!r} is declared twice")
        self._commands[command.name] = command

    def remove(self, name: str) -> None:
        """Remove a command, if there is one of that name."""
        self._commands.pop(name, None)

    def follow(self, follower: Callable[[], None]) -> None:
        """Call ``follower`` whenever commands were exchanged while AION runs."""
        self._followers.append(follower)

    def unfollow(self, follower: Callable[[], None]) -> None:
        """Do not call ``follower`` any more."""
        if follower in self._followers:
            self._followers.remove(follower)

    def tell_followers(self) -> None:
        """Call everybody who follows the commands."""
        for follower in self._followers:
            follower()

    def get(self, name: str) -> Command | None:
        """Return the command of that name, if there is one."""
        return self._commands.get(name)

    def __iter__(self) -> Iterator[Command]:
        """Yield the commands in the order they were added."""
        return iter(self._commands.values())

    @property
    def listed(self) -> tuple[Command, ...]:
        """Return the commands to show in a menu, in the order they were added."""
        return tuple(command for command in self if command.listed)


@dataclass(frozen=True, slots=True)
class CommandLine:
    """A typed ``/command rest of line``. ``addressee`` is the name after ``@``, as Telegram groups write it."""

    name: str
    rest: str
    addressee: str | None = None

    def arguments(self, command: Command) -> dict[str, str]:
        """Give each number and word of the command a word of the line, and its text what is left."""
        given: dict[str, str] = {}
        rest = self.rest
        for parameter in command.parameters:
            if parameter.kind in ("number", "word") and rest:
                word, rest = (*rest.split(maxsplit=1), "")[:2]
                given[parameter.name] = word.removeprefix("#") if parameter.kind == "number" else word
            elif parameter.kind == "text" and rest:
                given[parameter.name], rest = rest, ""
        return given


_WHOLE = re.compile(r"[0-9]{1,18}")
_LINE = re.compile(r"/(?P<name>[A-Za-z][A-Za-z0-9_-]*)(?:@(?P<addressee>\w+))?(?:\s+(?P<rest>.*))?", re.DOTALL)


def parse_command_line(text: str) -> CommandLine | None:
    """Read ``/name``, ``/name@bot`` or ``/name rest``; ``None`` when the text is not a command.

    No platform has both: ``/forget-me`` is ``/forget_me``.
    """
    if not (match := _LINE.fullmatch(text.strip())):
        return None
    return CommandLine(match["name"].lower().replace("-", "_"), (match["rest"] or "").strip(), match["addressee"])


def require_permission(person: Person, command: Command) -> None:
    """Raise ``PermissionRefused`` when ``person`` may not call ``command``."""
    if not may_call(person, command):
        raise PermissionRefused("command.moderators_only", command=command.name)


def may_call(person: Person, command: Command) -> bool:
    """Return whether ``person`` may call ``command``."""
    match command.permission:
        case "everyone":
            return True
        case "teacher":
            return person.is_moderator or person.may_teach
        case "trusted":
            return person.is_moderator or person.is_trusted
        case "moderator":
            return person.is_moderator


def require_arguments(message: Message, command: Command, language: Language) -> None:
    """Raise ``BadInput`` when a required argument is missing, or a number is not 1 to 18 digits."""
    for parameter in command.parameters:
        given = message.attachments if parameter.kind == "attachment" else message.arguments.get(parameter.name)
        if parameter.required and not given:
            raise BadInput("command.missing", command=command.name, parameter=parameter.description[language])
        if parameter.kind == "number" and isinstance(given, str) and not _WHOLE.fullmatch(given):
            raise BadInput("command.no_number", command=command.name, given=given)
