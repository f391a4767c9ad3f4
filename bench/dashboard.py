"""How long the pages of the dashboard take of AION's own time, and how many bytes they send, in a large community.

Run: python bench/dashboard.py [N_PASSAGES] [N_ANSWERS]   (100,000 of each without arguments)
Prints the median and the worst of N_RUNS requests of each page, the median of their processor time, which other work on
the machine hardly changes, and its bytes; also where a filter fits nothing.
"""

from __future__ import annotations

import asyncio
import sys
import tempfile
import time
from pathlib import Path
from statistics import median

import numpy as np
from sqlalchemy import text

from bench.synthetic import store, unit_vectors
from bench.table import heading, row
from tests.dashboard import HERE, Browser, Site, open_site

N_RUNS = 7
PASSAGES_EACH = 100

PAGES = (
    "/today",
    "/proposals",
    "/gaps",
    "/conflicts",
    "/conversations",
    "/conversations?used=closest&language=pt&thumb=up",
    "/conversations?source=manual 5",
    "/conversations?source=%231",
    "/conversations?before=200",
    "/conversations/50000",
    "/knowledge",
    "/knowledge?q=nothing has this title",
    "/knowledge/500",
    "/knowledge/map",
    "/quality",
    "/models",
    "/jobs",
    "/settings",
    "/audit",
)

_COPY = """
WITH RECURSIVE numbers(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < :n_copies)
INSERT INTO answers (space_id, asker, conversation, question, language, prompt, passages, sources, text, used,
    log_probs, confidence, confidence_spec, reasons, features, band, latency_ms, created_at)
SELECT space_id, 'person ' || (n % 500), conversation, question || ' ' || n, language, json_array(:prompt), passages,
    sources, text, CASE n % 4 WHEN 0 THEN 'abstained' WHEN 1 THEN 'closest' ELSE 'extract' END, log_probs,
    (n % 100) / 100.0, 0.7, reasons, features, CASE n % 4 WHEN 0 THEN 'abstain' ELSE 'local' END, latency_ms,
    datetime('now', '-' || (n % 90) || ' days', '-' || (n % 1440) || ' minutes') || '.000000'
FROM answers, numbers WHERE answers.id = :first
"""

_RATE = """
INSERT INTO ratings (answer_id, person, thumb, created_at, updated_at)
SELECT id, 'rater', CASE id % 3 WHEN 0 THEN 'down' ELSE 'up' END, created_at, created_at FROM answers
WHERE id % 5 = 0 AND id <> :first
"""


_CITE = """
INSERT INTO answer_documents (answer_id, document_id)
SELECT id, CASE id % 3 WHEN 0 THEN 1 ELSE 2 + id % :n_others END FROM answers WHERE used <> 'abstained' AND id <> :first
"""


async def fill(site: Site, n_passages: int, n_answers: int) -> None:
    """Store what a large community has: passages, answers, ratings, proposals."""
    draw = np.random.default_rng(7)
    for number in range(n_passages // PASSAGES_EACH):
        texts = [f"Manual {number}, passage {n}: " + "words about clay and kilns " * 15 for n in range(PASSAGES_EACH)]
        await store(site.aion.documents, f"manual {number}", texts, unit_vectors(draw, PASSAGES_EACH), space=HERE)
    first = await site.answer(HERE, "How do I fire stoneware?")
    await site.propose("kilns")
    async with site.aion.stores.database.write() as connection:
        values = {"n_copies": n_answers, "first": first, "prompt": "A sentence of the prompt. " * 120}
        await connection.execute(text(_COPY), values)
        await connection.execute(text(_RATE), {"first": first})
        n_others = n_passages // PASSAGES_EACH - 1
        await connection.execute(text(_CITE), {"first": first, "n_others": n_others})


async def measure(browser: Browser, path: str) -> tuple[list[float], list[float], int]:
    """Return the milliseconds of each request of a page, by the clock and of processor time, and the page's bytes."""
    taken, worked = [], []
    for _ in range(N_RUNS):
        start_s, busy_s = time.perf_counter(), time.process_time()
        page = await browser.get(path)
        taken.append((time.perf_counter() - start_s) * 1000)
        worked.append((time.process_time() - busy_s) * 1000)
        page.raise_for_status()
    return taken, worked, len(page.content)


async def main(n_passages: int, n_answers: int) -> None:
    """Print the table."""
    with tempfile.TemporaryDirectory() as folder:
        async with open_site(Path(folder)) as site:
            await fill(site, n_passages, n_answers)
            print(f"stored: {n_passages:,} passages, {n_answers:,} answers", flush=True)
            browser = await site.signed_in()
            await browser.get("/gaps")  # gathers the gaps of a space that has none yet, as the nightly job does
            await browser.get("/knowledge/map")
            await site.tasks.finish(120)
            print(heading("page", "median ms", "worst ms", "processor ms", "kB"))
            for path in PAGES:
                taken, worked, n_bytes = await measure(browser, path)
                figures = (median(taken), max(taken), median(worked), n_bytes / 1000)
                print(row(f"`{path}`", *(f"{each:.0f}" for each in figures)), flush=True)


if __name__ == "__main__":
    given = [int(number.replace(",", "")) for number in sys.argv[1:3]]
    asyncio.run(main(*(given + [100_000, 100_000][len(given) :])))
