"""Every reader takes processor time linear in a document, whatever the document: its text, chunks and languages."""

from __future__ import annotations

import gc
from collections.abc import Callable, Iterator, Mapping

import pytest

from core.errors import BadInput
from core.knowledge.extract import Kind
from core.knowledge.html import published_date
from core.knowledge.parsing.feeds import feed_entries
from core.knowledge.parsing.parse import parse
from core.types import Page
from tests.format_attacks import FORMAT_ATTACKS
from tests.growth import MAX_GROWTH, cpu_s
from tests.reader_attacks import ATTACKS, FEEDS, NAMES, Make

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]

SIZE = 8_000
"""Bytes of the smaller document; the larger has four times as many, over which linear work grows less unevenly."""

QUICK_S = 0.02
"""What is read in this time is not measured further: quadratic work on 32,000 bytes takes longer."""

N_TRIES = 5


@pytest.fixture(autouse=True)
def without_collections() -> Iterator[None]:
    """Switch the garbage collector off, whose full collections would count for whichever document is being read."""
    gc.collect()
    gc.disable()
    yield
    gc.enable()


def growth(read: Callable[[bytes], object], make: Make) -> float:
    """Return how many times longer a document of twice the size takes, from one of four times; 1 where it is quick."""
    small, large = make(SIZE), make(4 * SIZE)
    small_s = large_s = float("inf")
    for _ in range(N_TRIES):  # the least of several: other processes disturb caches
        large_s = min(large_s, cpu_s(read, large))
        if large_s < QUICK_S:
            return 1.0
        small_s = min(small_s, cpu_s(read, small))
        if large_s <= small_s * MAX_GROWTH**2:
            break
    return float((large_s / small_s) ** 0.5)


def superlinear(read: Callable[[bytes], object], attacks: Mapping[str, Make]) -> dict[str, float]:
    read(next(iter(attacks.values()))(100))  # loads models and tables
    ratios = {name: growth(read, make) for name, make in attacks.items()}
    return {name: ratio for name, ratio in ratios.items() if ratio > MAX_GROWTH}


@pytest.mark.parametrize("kind", NAMES)
def test_every_kind_of_document_is_read_in_linear_time(kind: Kind) -> None:
    def read(data: bytes) -> None:
        try:
            parse(data, NAMES[kind], "", "en")
        except BadInput:
            return

    assert superlinear(read, {**ATTACKS, **FORMAT_ATTACKS}[kind]) == {}


def test_feeds_are_read_in_linear_time() -> None:
    def read(data: bytes) -> None:
        feed_entries(Page("http://a.example/", "http://a.example/", "application/xml", data))

    assert superlinear(read, dict(FEEDS)) == {}


def test_dates_are_read_in_linear_time() -> None:
    assert superlinear(lambda data: published_date(data.decode()), ATTACKS["html"]) == {}


def test_quadratic_work_is_found() -> None:
    def read(data: bytes) -> None:
        for n in range(len(data)):
            data.count(b"x", n)

    assert superlinear(read, {"a": lambda n_bytes: b"a" * n_bytes}) != {}
