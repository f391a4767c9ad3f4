"""The sandbox that parses documents: everything that is done to bytes and texts from outside before they are stored.

It imports neither models nor the database: about 55 MB and 0.3 s of processor time. Started by
``core.knowledge.parsing.sandboxed_parser``.
"""

from __future__ import annotations

from collections.abc import Mapping

from core.knowledge.html import published_date
from core.knowledge.parsing.feeds import feed_entries
from core.knowledge.parsing.frames import encode_chunks, encode_document
from core.knowledge.parsing.parse import cut_chunks, parse
from core.knowledge.parsing.sitemaps import read_sitemap
from core.language import detect_language, load_detector
from core.sandbox.frames import Frame
from core.sandbox.serve import Operation, serve
from core.types import Page


def _parse(request: Frame) -> Frame:
    header = request.header
    return encode_document(parse(request.body, header["name"], header["content_type"], header["hint"]))


def _cut(request: Frame) -> Frame:
    header = request.header
    return encode_chunks(cut_chunks(request.body.decode(), header["kind"], header["language"], header["name"]))


def _date(request: Frame) -> Frame:
    date = published_date(request.body.decode("utf-8", "replace"))
    return Frame({"date": date.isoformat() if date is not None else None})


def _feed(request: Frame) -> Frame:
    header = request.header
    entries = feed_entries(Page(header["url"], header["final_url"], header["content_type"], request.body))
    return Frame({"entries": list(entries) if entries is not None else None})


def _sitemap(request: Frame) -> Frame:
    header = request.header
    found = read_sitemap(Page(header["url"], header["final_url"], header["content_type"], request.body))
    return Frame({"sitemap": None if found is None else [list(found.pages.items()), list(found.sitemaps)]})


def _language(request: Frame) -> Frame:
    return Frame({"language": detect_language(request.body.decode(), request.header["hint"])})


OPERATIONS: Mapping[str, Operation] = {
    "parse": _parse,
    "cut": _cut,
    "date": _date,
    "feed": _feed,
    "sitemap": _sitemap,
    "language": _language,
}

if __name__ == "__main__":
    load_detector()  # from a file, which no request may open
    serve(OPERATIONS)
