"""What fuzzing begins with: documents of every kind, marks that readers look for, and replies of providers."""

from __future__ import annotations

from pathlib import Path

from tests.corpus.handbook import handbook
from tests.corpus.office import write_docx, write_epub, write_ods, write_odt, write_pptx, write_rtf, write_xlsx
from tests.corpus.texts import (
    write_adoc,
    write_csv,
    write_eml,
    write_html,
    write_json,
    write_markdown,
    write_notebook,
    write_org,
    write_rst,
    write_srt,
    write_tex,
    write_yaml,
    write_zip,
)
from tests.format_attacks import FORMAT_ATTACKS
from tests.hostile import HOSTILE
from tests.reader_attacks import ATTACKS, FEEDS, NAMES

_N_BYTES = 120
_BOOK = handbook(1)

_WRITERS = {
    **{".docx": write_docx, ".epub": write_epub, ".ods": write_ods, ".odt": write_odt, ".pptx": write_pptx},
    **{".rtf": write_rtf, ".xlsx": write_xlsx, ".adoc": write_adoc, ".csv": write_csv, ".eml": write_eml},
    **{".html": write_html, ".json": write_json, ".md": write_markdown, ".ipynb": write_notebook, ".org": write_org},
    **{".rst": write_rst, ".srt": write_srt, ".tex": write_tex, ".yaml": write_yaml, ".zip": write_zip},
}
DOCUMENTS: tuple[tuple[str, bytes], ...] = (
    *((suffix, write(_BOOK)) for suffix, write in _WRITERS.items()),
    *(
        (Path(NAMES[kind]).suffix, make(_N_BYTES))
        for each in (ATTACKS, FORMAT_ATTACKS)
        for kind, makes in each.items()
        for make in makes.values()
    ),
    *((".html", make(_N_BYTES)) for make in FEEDS.values()),
)
"""Files by suffix, among them small ones of one thing again and again."""

REPLIES: tuple[bytes, ...] = tuple(
    f"data: {delta}\n\ndata: [DONE]\n\n".encode()
    for delta in (
        '{"choices": [{"index": 0, "delta": {"content": "The <think>plan</think> key"}, "finish_reason": null}]}',
        '{"choices": [{"delta": {"content": [{"type": "text", "text": "a"}]}, "finish_reason": "stop"}]}',
        '{"choices": [{"message": {"content": "\\ud83d"}}, {"text": "\\udd11 <|channel|>final<|message|>"}]}',
        '{"error": {"code": 429, "message": "a"}, "choices": null}',
    )
)
"""Replies of providers."""

TEXTS: tuple[bytes, ...] = tuple(text.encode() for text in HOSTILE)
"""Texts that would act where they are shown."""
