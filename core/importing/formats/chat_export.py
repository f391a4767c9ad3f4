"""Which format an export has, and its events in order. Blocks; for exports from outside it runs in a sandbox."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import BinaryIO, Literal

from core.errors import BadInput
from core.importing.formats.discord_html import read_discord_html
from core.importing.formats.discord_json import MESSAGES, read_discord_json
from core.importing.formats.discord_text import looks_like_discord_text, read_discord_text
from core.importing.formats.export_folder import ExportFolder
from core.importing.formats.html_stream import BrokenHtml
from core.importing.formats.json_stream import BrokenJson, JsonStream
from core.importing.formats.mbox import looks_like_mbox, read_mbox
from core.importing.formats.slack import DAY, read_slack
from core.importing.formats.telegram_html import PAGE, read_telegram_html
from core.importing.formats.telegram_json import OF_AN_ACCOUNT, OF_ONE_CHAT, read_telegram_json
from core.importing.formats.text_lines import decoded_lines
from core.importing.formats.whatsapp import looks_like_whatsapp, read_whatsapp
from core.types.exported_message import ExportEvent

ExportFormat = Literal[
    "discord-json", "discord-html", "discord-text", "telegram-json", "telegram-html", "slack", "whatsapp", "mbox"
]

SUFFIXES = (".json", ".html", ".htm", ".txt", ".mbox", ".zip")
"""How the names of exports end."""

_HEAD_BYTES = 65_536
_NAMES = re.compile(r'"(guild|chats|personal_information|messages)"\s*:')


class ChatExport:
    """One export: its ``format``, its ``name`` for people, and its events.

    ``is_cut`` tells, once they were read, whether it ended before its end.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self.name = path.stem
        self.is_cut = False
        self._folder = _folder_of(path)
        self.format: ExportFormat = _format_of_folder(self._folder, self.name) if self._folder else _format_of(path)

    def events(self) -> Iterator[ExportEvent]:
        """Yield messages and pins in the order of the export. Raises ``BadInput`` where it cannot be read."""
        try:
            yield from self._events()
        except (BrokenJson, BrokenHtml, EOFError):
            self.is_cut = True
        except (OSError, ValueError, RuntimeError) as error:  # also of zipfile: a broken or locked member
            raise BadInput("importing.broken", name=self.name) from error

    def _events(self) -> Iterator[ExportEvent]:
        if self._folder is None:
            with self._path.open("rb") as stream:
                yield from self._events_of(stream)
        elif self.format == "slack":
            yield from read_slack(self._folder)
        elif self.format == "telegram-html":
            with ExitStack() as stack:
                pages = (stack.enter_context(self._folder.open(name)) for name in _pages(self._folder))
                yield from read_telegram_html(pages, self.name)
        else:
            with self._folder.open("result.json") as stream:
                yield from self._events_of(stream)

    def _events_of(self, stream: BinaryIO) -> Iterator[ExportEvent]:
        match self.format:
            case "discord-json":
                return read_discord_json(JsonStream(stream, frozenset((MESSAGES,))))
            case "telegram-json":
                return read_telegram_json(JsonStream(stream, frozenset((OF_ONE_CHAT, OF_AN_ACCOUNT))))
            case "discord-html":
                return read_discord_html(stream, self._path.name)
            case "discord-text":
                return read_discord_text(stream)
            case "telegram-html":
                return read_telegram_html(iter((stream,)), self.name)
            case "whatsapp":
                return read_whatsapp(stream, self.name)
            case _:
                return read_mbox(stream, self.name)


def find_exports(path: Path) -> list[Path]:
    """Return the exports at a path: itself, or those in a folder that holds several.

    Raises ``BadInput`` when there is none.
    """
    if not path.exists():
        raise BadInput("file.missing", name=path.name)
    if not path.is_dir() or _format_in(ExportFolder(path)) is not None:
        return [path]
    inner = sorted(each for each in path.iterdir() if not each.name.startswith(".") and not each.is_symlink())
    found = [
        each
        for each in inner
        if (_format_in(ExportFolder(each)) is not None if each.is_dir() else each.suffix.lower() in SUFFIXES)
    ]
    if not found:
        raise BadInput("importing.unknown", name=path.name)
    return found


def _folder_of(path: Path) -> ExportFolder | None:
    if path.is_dir():
        return ExportFolder(path)
    if path.suffix.lower() != ".zip":
        return None
    folder = ExportFolder.of_archive(path)
    inner = folder.folders()
    return inner[0] if _format_in(folder) is None and len(inner) == 1 and not folder.files() else folder


def _format_of_folder(folder: ExportFolder, name: str) -> ExportFormat:
    if (found := _format_in(folder)) is None:
        raise BadInput("importing.unknown", name=name)
    return found


def _format_in(folder: ExportFolder) -> ExportFormat | None:
    files = folder.files()
    if "result.json" in files:
        return "telegram-json"
    if _pages(folder):
        return "telegram-html"
    is_slack = "channels.json" in files or "users.json" in files
    return "slack" if is_slack or any(map(DAY.fullmatch, _first_files(folder))) else None


def _first_files(folder: ExportFolder) -> list[str]:
    return next((inner.files() for inner in folder.folders()), [])


def _pages(folder: ExportFolder) -> list[str]:
    """Return the pages of Telegram's HTML in their order."""
    found = [(int(match["n"] or 1), name) for name in folder.files() if (match := PAGE.fullmatch(name))]
    return [name for _, name in sorted(found)]


def _format_of(path: Path) -> ExportFormat:
    try:
        with path.open("rb") as stream:
            head = stream.read(_HEAD_BYTES)
            stream.seek(0)
            first = [line for line, _ in zip(decoded_lines(stream), range(20), strict=False)]
    except OSError as error:
        raise BadInput("knowledge.unreadable", name=path.name, problem=error.strerror) from error
    text = head.decode("utf-8", "replace").lstrip("\ufeff \n\r\t")
    found = _format_of_text(text, first) if not looks_like_mbox(head) else "mbox"
    if found is None:
        raise BadInput("importing.unknown", name=path.name)
    return found


def _format_of_text(text: str, first: list[str]) -> ExportFormat | None:
    if text.startswith("{"):
        names = set(_NAMES.findall(text))
        return "discord-json" if "guild" in names else "telegram-json" if names else None
    if text.startswith("<"):
        return "discord-html" if "chatlog" in text or "DiscordChatExporter" in text else _telegram_page(text)
    if looks_like_discord_text(first):
        return "discord-text"
    return "whatsapp" if looks_like_whatsapp(first) else None


def _telegram_page(text: str) -> ExportFormat | None:
    return "telegram-html" if "page_wrap" in text and "history" in text else None
