"""The sandbox that reads exports. Started by ``core.importing.export_reader``; it loads neither models nor database."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from pathlib import Path

from core.importing.frames import encode_survey
from core.importing.survey import survey_export
from core.language import detect_language
from core.sandbox.frames import Frame
from core.sandbox.serve import Operation, serve


def _survey(request: Frame) -> Frame:
    header = request.header
    since = datetime.fromisoformat(header["since"]) if header["since"] else None
    return encode_survey(survey_export(Path(header["path"]), since, header["roles"], header["hint"]))


OPERATIONS: Mapping[str, Operation] = {"survey": _survey}

if __name__ == "__main__":
    detect_language("")  # loads its model, by way of a file, before the first request
    serve(OPERATIONS)
