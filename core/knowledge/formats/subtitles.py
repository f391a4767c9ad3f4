"""Reading subtitles (SubRip, WebVTT): what is said, in paragraphs that begin with their time and speaker."""

from __future__ import annotations

import re

from core.errors import BadInput
from core.knowledge.formats.document_text import DocumentText, ReadText, one_line

_TIMES = re.compile(r"(?:(\d{1,3}):)?(\d{1,2}):(\d{2})[.,]\d{1,3}[ \t]*-->[ \t]*(?:\d{1,3}:)?\d{1,2}:\d{2}[.,]\d{1,3}")
_VOICE = re.compile(r"<v(?:\.[\w.]{1,40})?[ \t]++([^<>\n]{1,60})>")
_TAG = re.compile(r"</?[a-z0-9][^<>\n]{0,100}>|\{\\[^{}\n]{1,60}\}", re.IGNORECASE)
_SENTENCE_END = re.compile(r"[.!?…][\"'”’»)\]]*$")
_PARAGRAPH_CHARS = 400
"""A paragraph ends at the first sentence end after so many characters, or at twice as many."""


def read(text: str, name: str) -> ReadText:
    """Return what is said. Raises ``BadInput`` when there are no subtitles in the text."""
    cues = list(_cues(text))
    if not cues:
        raise BadInput("knowledge.damaged", name=name)
    out = DocumentText(name)
    time, voice, said = "", "", ""
    for start, speaker, words in cues:
        is_full = len(said) >= _PARAGRAPH_CHARS and (_SENTENCE_END.search(said) or len(said) >= 2 * _PARAGRAPH_CHARS)
        if said and (speaker != voice or is_full):
            out.paragraph(_paragraph(time, voice, said))
            said = ""
        if not said:
            time, voice = start, speaker
        if not said.endswith(words):  # rolling captions repeat the line above
            said = f"{said} {words}".strip()
    out.paragraph(_paragraph(time, voice, said))
    return ReadText(None, out.text())


def _cues(text: str) -> list[tuple[str, str, str]]:
    """Return each cue's time, speaker and words."""
    cues = []
    for block in re.split(r"\n[ \t]*\n", text):
        lines = block.split("\n")
        n_time = next((n for n, line in enumerate(lines[:2]) if _TIMES.match(line.strip())), None)
        match = _TIMES.match(lines[n_time].strip()) if n_time is not None else None
        if match is None or n_time is None:
            continue
        said = " ".join(lines[n_time + 1 :])
        speaker = _VOICE.search(said)
        words = one_line(_TAG.sub("", said))
        if words:
            time = f"{int(match[1] or 0):02}:{int(match[2]):02}:{match[3]}"
            cues.append((time, one_line(speaker[1]) if speaker else "", words))
    return cues


def _paragraph(time: str, voice: str, said: str) -> str:
    return f"({time}) {voice}: {said}" if voice else f"({time}) {said}"
