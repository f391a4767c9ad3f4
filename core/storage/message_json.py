"""How a message and its reply are written down, so that another process can go on with them."""

from __future__ import annotations

from base64 import b64decode, b64encode
from collections.abc import Mapping, Sequence
from dataclasses import asdict, fields, replace
from typing import Any

from core.types import Button, File, Message, Person, PostedMessage, Reply, Source
from core.types.delivery import DeliveredPart

_FILES = "n_files"
_FETCHED = ("attachments", "nearby")


def message_as_json(message: Message) -> dict[str, Any]:
    """Return a message as JSON can hold it: everything but what is fetched; of attachments the number is kept."""
    kept = {each.name: getattr(message, each.name) for each in fields(message) if each.name not in _FETCHED}
    mappings = {name: dict(value) for name, value in kept.items() if isinstance(value, Mapping)}
    quoted = [asdict(post) | {"address": dict(post.address)} for post in message.quoted]
    return kept | mappings | {"person": asdict(message.person), "quoted": quoted, _FILES: len(message.attachments)}


def message_of(written: Mapping[str, Any]) -> tuple[Message, bool]:
    """Return a message from ``message_as_json``, and whether files came with it, which it lacks."""
    values = {name: value for name, value in written.items() if name != _FILES}
    quoted = tuple(PostedMessage(**post | {"author": Person(**post["author"])}) for post in written.get("quoted", ()))
    return Message(**values | {"person": Person(**written["person"]), "quoted": quoted}), bool(written[_FILES])


def reply_as_json(reply: Reply) -> dict[str, Any]:
    """Return a reply as JSON can hold it."""
    files = [[file.name, b64encode(file.data).decode()] for file in reply.files]
    return asdict(replace(reply, files=())) | {"files": files}


def reply_of(written: Mapping[str, Any]) -> Reply:
    """Return a reply from ``reply_as_json``."""
    sources = tuple(Source(**source) for source in written["sources"])
    buttons = tuple(Button(**button) for button in written.get("buttons", ()))
    files = tuple(File(name, b64decode(png)) for name, png in written.get("files", ()))
    return Reply(**{**written, "sources": sources, "buttons": buttons, "files": files})


def parts_as_json(parts: Sequence[DeliveredPart]) -> list[list[Any]]:
    """Return the parts of a reply as JSON can hold them."""
    return [[part.index, part.handle, part.mark] for part in parts]


def parts_of(written: Sequence[Sequence[Any]]) -> tuple[DeliveredPart, ...]:
    """Return the parts of a reply from ``parts_as_json``."""
    return tuple(DeliveredPart(index, handle, mark) for index, handle, mark in written)
