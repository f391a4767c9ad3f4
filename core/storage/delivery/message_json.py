"""Messages, replies and delivered parts to JSON and back, for the inbox."""

from __future__ import annotations

from base64 import b64decode, b64encode
from collections.abc import Mapping, Sequence
from dataclasses import asdict, fields, replace
from typing import Any

from core.markdown import Markdown
from core.types import Button, File, Menu, MenuOption, Message, Person, PostedMessage, Reply, ReplyItem, Source
from core.types.delivery import DeliveredPart

_FILES = "n_files"
_DROPPED = ("attachments", "nearby", "history", "others")


def message_to_json(message: Message) -> dict[str, Any]:
    """Return a message as JSON values without what it may read (``_DROPPED``); of attachments only their number."""
    kept = {each.name: getattr(message, each.name) for each in fields(message) if each.name not in _DROPPED}
    mappings = {name: dict(value) for name, value in kept.items() if isinstance(value, Mapping)}
    quoted = [asdict(post) | {"address": dict(post.address)} for post in message.quoted]
    people = {"person": asdict(message.person), "named": [asdict(person) for person in message.named]}
    return kept | mappings | people | {"quoted": quoted, _FILES: len(message.attachments)}


def message_from_json(stored: Mapping[str, Any]) -> tuple[Message, bool]:
    """Return the message of ``message_to_json`` without its attachments, and whether it had any."""
    values = {name: value for name, value in stored.items() if name != _FILES}
    quoted = tuple(map(post_from_json, stored.get("quoted", ())))
    people = {"person": _person(stored["person"]), "named": tuple(map(_person, stored.get("named", ())))}
    return Message(**values | people | {"quoted": quoted}), bool(stored[_FILES])


def post_from_json(stored: Mapping[str, Any]) -> PostedMessage:
    """Return the posted message of the fields of one."""
    return PostedMessage(**{**stored, "author": _person(stored["author"])})


def _person(stored: Mapping[str, Any]) -> Person:
    return Person(**{**stored, "roles": tuple(stored.get("roles", ()))})


def reply_to_json(reply: Reply) -> dict[str, Any]:
    """Return a reply as JSON values; files are base64."""
    files = [[file.name, b64encode(file.data).decode()] for file in reply.files]
    return asdict(replace(reply, files=())) | {"files": files}


def reply_from_json(stored: Mapping[str, Any]) -> Reply:
    """Return the reply of ``reply_to_json``."""
    sources = tuple(Source(**source) for source in stored["sources"])
    buttons = _buttons(stored)
    items = tuple(ReplyItem(Markdown(item["text"]), _buttons(item)) for item in stored.get("items", ()))
    files = tuple(File(name, b64decode(data)) for name, data in stored.get("files", ()))
    read = {
        "sources": sources,
        "buttons": buttons,
        "items": items,
        "files": files,
        "menu": _menu(stored.get("menu")),
    }
    return Reply(**{**stored, "text": Markdown(stored["text"]), **read})


def _buttons(stored: Mapping[str, Any]) -> tuple[Button, ...]:
    return tuple(Button(**button) for button in stored.get("buttons", ()))


def _menu(stored: Mapping[str, Any] | None) -> Menu | None:
    if stored is None:
        return None
    return Menu(**{**stored, "options": tuple(MenuOption(**option) for option in stored["options"])})


def parts_to_json(parts: Sequence[DeliveredPart]) -> list[list[Any]]:
    """Return the parts of a reply as ``[index, handle, mark]``."""
    return [[part.index, part.handle, part.mark] for part in parts]


def parts_from_json(stored: Sequence[Sequence[Any]]) -> tuple[DeliveredPart, ...]:
    """Return the parts of ``parts_to_json``."""
    return tuple(DeliveredPart(index, handle, mark) for index, handle, mark in stored)
