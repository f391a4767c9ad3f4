"""The sandbox that reads exports. Started by ``core.importing.export_reader``; it loads neither models nor database."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from pathlib import Path

from core.importing.frames import decode_messages, encode_lessons, encode_survey
from core.importing.survey import survey_export, survey_messages
from core.language import load_detector
from core.sandbox.frames import Frame
from core.sandbox.serve import Operation, serve


def _survey(request: Frame) -> Frame:
    header = request.header
    since = datetime.fromisoformat(header["since"]) if header["since"] else None
    return encode_survey(survey_export(Path(header["path"]), since, header["roles"], header["hint"]))


def _survey_messages(request: Frame) -> Frame:
    messages = decode_messages(request.body)
    return encode_lessons(survey_messages(messages, request.header["roles"], request.header["hint"]))


OPERATIONS: Mapping[str, Operation] = {"survey": _survey, "messages": _survey_messages}

if __name__ == "__main__":
    load_detector()  # by way of a file, which no request may open
    serve(OPERATIONS)
