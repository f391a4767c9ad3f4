"""DiscordChatExporter's plain text.

Messages stand below ``[date time] name``; attachments and reactions in blocks of their own. There are no ids, and the
order of day and month is that of whoever exported.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import islice
from typing import BinaryIO

from core.importing.formats.moments import local_moments
from core.importing.formats.text_lines import decoded_lines
from core.types.exported_message import ExportedMessage, Reactions

_RULE = re.compile(r"={20,}")
_HEADER = re.compile(r"(?P<name>Guild|Channel):\s*(?P<value>.{1,300})")
_START = re.compile(r"\[(?P<stamp>\d[^\]\n]{8,40})\] (?P<name>.{1,100}?)(?P<pinned> \(pinned\))?\Z")
_BLOCK = re.compile(r"\{(?P<kind>Attachments|Embed|Stickers|Reactions|Invite)\}")
_REACTION = re.compile(r"(?P<emoji>\S{1,40})(?: \((?P<n>\d{1,6})\))?")
_N_SAMPLED = 20_000
_MAX_LINES = 2_000
"""The most lines of one message."""


@dataclass(slots=True)
class _Entry:
    stamp: str
    name: str
    is_pinned: bool
    blocks: dict[str, list[str]] = field(default_factory=dict)


def looks_like_discord_text(head: list[str]) -> bool:
    """Tell whether the first lines of a text are DiscordChatExporter's."""
    return any(map(_RULE.fullmatch, head[:2])) and any(map(_HEADER.fullmatch, head))


def read_discord_text(stream: BinaryIO) -> Iterator[ExportedMessage]:
    """Yield what people wrote; ``stream`` is read twice."""
    sampled = [match["stamp"] for line in islice(decoded_lines(stream), _N_SAMPLED) if (match := _START.match(line))]
    moments = local_moments(sampled)
    stream.seek(0)
    header: dict[str, str] = {}
    for n, entry in enumerate(_entries(decoded_lines(stream), header)):
        said_at = moments.read(entry.stamp)
        text = "\n".join(entry.blocks.get("", ())).strip()
        if said_at is None:
            continue
        key = hashlib.blake2b(
            f"{n}\n{entry.stamp}\n{entry.name}".encode("utf-8", "replace"), digest_size=12
        ).hexdigest()
        channel = header.get("Channel", "")
        yield ExportedMessage(
            key=key,
            channel=channel.rpartition(" / ")[2],
            author=f"discord-name:{entry.name}",
            text=text,
            said_at=said_at,
            url=f"discord-text:{key}",
            is_pinned=entry.is_pinned,
            reactions=tuple(_reactions(entry.blocks.get("Reactions", ()))),
            attachments=tuple(line.rpartition("/")[2] for line in entry.blocks.get("Attachments", ()) if line),
        )


def _entries(lines: Iterator[str], header: dict[str, str]) -> Iterator[_Entry]:
    """Yield the messages; what stands above them is put into ``header``."""
    entry, block = None, ""
    for line in lines:
        if match := _START.match(line):
            if entry is not None:
                yield entry
            entry, block = _Entry(match["stamp"], match["name"], bool(match["pinned"])), ""
        elif _RULE.fullmatch(line) and entry is not None:
            break
        elif entry is None:
            if match := _HEADER.fullmatch(line):
                header[match["name"]] = match["value"]
        elif match := _BLOCK.fullmatch(line):
            block = match["kind"]
        elif len(kept := entry.blocks.setdefault(block, [])) < _MAX_LINES:
            kept.append(line)
    if entry is not None:
        yield entry


def _reactions(lines: list[str] | tuple[str, ...]) -> Iterator[Reactions]:
    for match in _REACTION.finditer(" ".join(lines)):
        yield Reactions(match["emoji"], int(match["n"] or 1))
