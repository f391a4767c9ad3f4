"""Labelled documents are stored as ``aion index`` stores the files that their titles name; others as they are."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from core.evaluation.dataset import LabelledDocument
from core.experiments.search_eval import SPACE, store_labelled
from core.knowledge.prepare import DocumentSource, PreparedDocument, prepare
from core.storage.database import Database
from core.storage.documents import Documents
from core.storage.passages import Passages
from core.types import Passage
from tests.fakes import WordEmbedder
from tests.parser import InProcessParser

FILES = {
    "yard/01-rules.md": "---\ntitle: Rules of the yard\nlayout: page\n---\n\n# Gate\n\nThe gate **opens** at nine.\n",
    "yard/kiln.tex": "\\section{Kiln}\n\nThe kiln is \\textbf{fired} on Fridays.\n",
    "yard/chat.txt": "[2026-03-02 09:14] ada: where is the key?\n[2026-03-03 09:15] rui: under the pot\n" * 9,
}


async def stored(folder: Path, files: Mapping[str, str]) -> list[Passage]:
    corpus = [LabelledDocument(f"d{n}", title, text) for n, (title, text) in enumerate(files.items())]
    async with await Database.open(folder) as database:
        embedder, passages = WordEmbedder(), Passages(database)
        await store_labelled(Documents(database), embedder, corpus, SPACE)
        return list(await passages.passages(SPACE, (await passages.changes(SPACE, 0, embedder.id)).added))


async def test_a_file_is_stored_as_it_is_when_it_is_indexed(tmp_path: Path) -> None:
    expected = []
    for name, text in FILES.items():
        prepared = await prepare(InProcessParser(), DocumentSource(name, text.encode), {}, "en")
        assert isinstance(prepared, PreparedDocument)
        expected += [
            (prepared.new.title, chunk.heading, chunk.text, language)
            for chunk, language in zip(prepared.chunks, prepared.languages, strict=True)
        ]
    found = await stored(tmp_path, {**FILES, "yard/empty.md": "---\ntitle: Nothing\n---\n"})
    assert [(each.document, each.heading, each.text, each.language) for each in found] == expected
    assert len(expected) > len(FILES)


async def test_a_text_whose_title_names_no_file_stays_as_it_is(tmp_path: Path) -> None:
    found = await stored(tmp_path, {"Node.js": "A **runtime**.", "": "---\ntitle: Bare\n---\nWords."})
    assert [(each.document, each.text) for each in found] == [
        ("Node.js", "A **runtime**."),
        ("", "---\ntitle: Bare\n---\nWords."),
    ]
