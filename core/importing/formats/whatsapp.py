"""WhatsApp's exported chat: ``31/12/2021, 23:59 - Name: text`` (Android), ``[31/12/21, 23:59:59] Name: text`` (iOS).

The order of day and month is that of the phone; ``core.importing.formats.moments`` finds it. There are no ids, replies
or reactions: a message's key is made of its time, author and words.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from itertools import islice
from typing import BinaryIO

from core.importing.formats.moments import LocalMoments, local_moments
from core.importing.formats.text_lines import decoded_lines
from core.types.exported_message import ExportedMessage

_STAMP = r"\d{1,4}[./-]\d{1,2}[./-]\d{2,4},?\s+\d{1,2}[:.]\d{2}(?:[:.]\d{2})?(?:\s?[ap]\.?\s?m\.?)?"
_START = re.compile(
    rf"(?:\[(?P<ios>{_STAMP})\]\s|(?P<android>{_STAMP})\s[-–]\s)(?:(?P<name>[^:\n]{{1,80}}):(?:\s|\Z))?(?P<text>.*)",
    re.IGNORECASE,
)
_EDITED = re.compile(r"<(?:this message was edited|mensagem editada|esta mensagem foi editada)>\Z", re.IGNORECASE)
_NO_WORDS = re.compile(
    r"<?(?:media omitted|m[ií]dia (?:oculta|omitida)|ficheiro n[ãa]o revelado"
    r"|(?:image|video|audio|gif|sticker|document|imagem|v[ií]deo|[áa]udio|figurinha|documento) "
    r"(?:omitted|ocult[oa]|omitid[oa])"
    r"|(?:this message was deleted|you deleted this message|(?:esta )?mensagem (?:foi )?apagada"
    r"|voc[êe] apagou esta mensagem|null)\.?)>?",
    re.IGNORECASE,
)
_FILE = re.compile(r"(?P<name>\S[^\n]{0,200}\.\w{1,8}) \((?:file attached|arquivo anexado|ficheiro anexado)\)", re.I)
_ATTACHED = re.compile(r"<(?:attached|anexado|anexo): (?P<name>[^>\n]{1,200})>", re.I)

_N_SAMPLED = 5_000
"""Lines in which the order of day and month is looked for."""

_MAX_CHARS = 100_000
"""The most characters of one message; a longer one is a file that was taken for a chat."""


def looks_like_whatsapp(head: list[str]) -> bool:
    """Tell whether the first lines of a text are a chat of WhatsApp's."""
    return any(_START.match(line) for line in head[:5])


def read_whatsapp(stream: BinaryIO, chat: str) -> Iterator[ExportedMessage]:
    """Yield what people wrote; ``stream`` is read twice."""
    sampled = [
        match[1] or match[2] for line in islice(decoded_lines(stream), _N_SAMPLED) if (match := _START.match(line))
    ]
    stream.seek(0)
    reader = _Reader(chat, local_moments(sampled))
    for name, stamp, text in _entries(decoded_lines(stream)):
        if (message := reader.message(name, stamp, text)) is not None:
            yield message


def _entries(lines: Iterator[str]) -> Iterator[tuple[str, str, str]]:
    """Yield author, time and text of each message; system messages have no author."""
    name, stamp, text, size = "", "", [""], 0
    for line in lines:
        if match := _START.match(line):
            yield name, stamp, "\n".join(text)
            name, stamp = match["name"] or "", match["ios"] or match["android"]
            text, size = [match["text"]], 0
        elif (size := size + len(line)) < _MAX_CHARS:
            text.append(line)
    yield name, stamp, "\n".join(text)


class _Reader:
    """Makes messages of entries; entries of the same words at the same time are numbered."""

    def __init__(self, chat: str, moments: LocalMoments) -> None:
        self._chat, self._moments = chat, moments
        self._last, self._n_same = "", 0

    def message(self, name: str, stamp: str, text: str) -> ExportedMessage | None:
        said_at = self._moments.read(stamp)
        if not name or said_at is None:
            return None
        file = _FILE.search(text) or _ATTACHED.search(text)
        words = (text.replace(file[0], "") if file else text).strip()
        is_edited = _EDITED.search(words) is not None
        words = _EDITED.sub("", words).strip()
        if _NO_WORDS.fullmatch(words):
            return None
        key = hashlib.blake2b(f"{stamp}\n{name}\n{text}".encode("utf-8", "replace"), digest_size=12).hexdigest()
        self._n_same = self._n_same + 1 if key == self._last else 0
        self._last = key
        key += f"-{self._n_same}" if self._n_same else ""
        return ExportedMessage(
            key=key,
            channel=self._chat,
            author=f"whatsapp:{name.strip()}",
            text=words,
            said_at=said_at,
            url=f"whatsapp:{key}",
            is_edited=is_edited,
            attachments=(file["name"],) if file else (),
        )
