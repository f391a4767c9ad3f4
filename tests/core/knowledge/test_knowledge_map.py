"""What is drawn of a space's knowledge, and that no title can break it."""

import html
import json
import re
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pytest

from core.control_characters import without_controls
from core.errors import BadInput
from core.knowledge.knowledge_map import MAX_POINTS, KnowledgeMap, map_knowledge
from core.knowledge.map_image import as_html, as_png
from core.storage.database import Database
from core.storage.documents import Documents, NewDocument
from core.storage.embeddings.embedded_chunks import EmbeddedChunks
from core.storage.passages import Passages
from core.types import GLOBAL, Chunk, Scope, SpaceId
from tests.fakes import WordEmbedder
from tests.hostile import HOSTILE

HERE, THERE = SpaceId("discord:1"), SpaceId("discord:2")
NASTY = "</script><img src=x> $\\frac{1}{0}$ 漢字 🙂"


async def teach(database: Database, space: SpaceId, name: str, *texts: str) -> None:
    embedder = WordEmbedder()
    chunks = [Chunk(text, 0, len(text), "Part") for text in texts]
    new = NewDocument(name, name, name, "text", "en", name + "\n".join(texts))
    embedded = EmbeddedChunks(chunks, ["en"] * len(chunks), embedder.embed_passages(texts), embedder.id)
    await Documents(database).store(space, new, embedded)


async def charted(folder: Path) -> KnowledgeMap:
    async with await Database.open(folder) as database:
        await teach(database, HERE, NASTY, *(f"cat dog animal {n}" for n in range(20)))
        await teach(database, GLOBAL, "Hours", *(f"open nine five hours {n}" for n in range(20)))
        await teach(database, THERE, "Secret", "cobalt")
        return await map_knowledge(Passages(database), Scope(HERE))


async def test_shows_the_own_and_the_global_passages_with_titles(tmp_path: Path) -> None:
    drawn = await charted(tmp_path)
    assert drawn.points.shape == (40, 3) and len(drawn.clusters) == len(drawn.labels) == 40
    assert set(drawn.clusters) == set(range(len(drawn.titles))) and "Hours" in drawn.titles
    assert not any("cobalt" in label for label in drawn.labels) and 0 < drawn.explained <= 1
    animals = {c for c, label in zip(drawn.clusters, drawn.labels, strict=True) if "animal" in label}
    assert animals.isdisjoint(c for c, label in zip(drawn.clusters, drawn.labels, strict=True) if "open" in label)


async def test_is_drawn_whatever_the_titles_are(tmp_path: Path) -> None:
    drawn = await charted(tmp_path)
    png = as_png(drawn, NASTY)
    assert png.startswith(b"\x89PNG") and int.from_bytes(png[16:20]) == 1000
    page = as_html(drawn, NASTY)
    assert "<img" not in page and page.count("</script>") == 2 and "://" not in page
    (written,) = re.findall(r'application/json">(.*?)</script>', page, re.DOTALL)
    assert json.loads(written)["labels"] == list(drawn.labels)


def elements(page: str) -> list[tuple[str, list[tuple[str, str | None]]]]:
    """Return the elements of a page with their attributes, in order."""
    found: list[tuple[str, list[tuple[str, str | None]]]] = []
    parser = HTMLParser()
    parser.handle_starttag = lambda tag, attributes: found.append((tag, attributes))  # type: ignore[method-assign]
    parser.feed(page)
    parser.close()
    return found


@pytest.mark.parametrize(
    "hostile", [NASTY, "<!--<script>", "{data} {heading}", '" onload="x', "\\u003c/script>", *HOSTILE]
)
def test_no_text_becomes_markup_on_the_page_and_no_control_is_left(hostile: str) -> None:
    points = np.zeros((2, 3), dtype=np.float32)

    def page(text: str) -> str:
        return as_html(KnowledgeMap(points, (0, 1), (text, "b"), (text, f"x{text}"), 1.0), text)

    shown = page(hostile)
    assert elements(shown) == elements(page("harmless"))
    assert shown.count("<!--") == 0
    assert without_controls(shown) == shown
    (written,) = re.findall(r'application/json">(.*?)</script>', shown, re.DOTALL)
    read = json.loads(written)
    assert [read["titles"][0], read["labels"][1]] == [without_controls(hostile), f"x{without_controls(hostile)}"]
    assert html.unescape(re.findall("<h1>(.*?)</h1>", shown, re.DOTALL)[0]) == without_controls(hostile)


async def test_one_passage_none_and_too_many(tmp_path: Path) -> None:
    async with await Database.open(tmp_path) as database:
        with pytest.raises(BadInput):
            await map_knowledge(Passages(database), Scope(HERE))
        await teach(database, HERE, "One", "only this")
        drawn = await map_knowledge(Passages(database), Scope(HERE))
        assert drawn.titles == ("One",) and as_png(drawn, "x").startswith(b"\x89PNG")
        await teach(database, HERE, "Many", *(f"word{n % 7} same" for n in range(MAX_POINTS + 10)))
        drawn = await map_knowledge(Passages(database), Scope(HERE))
        assert MAX_POINTS / 2 <= len(drawn.points) <= MAX_POINTS
