"""When documents say that they were changed: by front matter, a page's head, metadata of files, headers of messages."""

from __future__ import annotations

import zipfile
from datetime import UTC, datetime
from io import BytesIO

import pytest

from core.knowledge.document_date import document_date, read_date


def package(member: str, metadata: str) -> bytes:
    out = BytesIO()
    with zipfile.ZipFile(out, "w") as written:
        written.writestr(member, metadata)
    return out.getvalue()


CORE = '<dcterms:modified xsi:type="dcterms:W3CDTF">2023-04-05T10:00:00Z</dcterms:modified>'


@pytest.mark.parametrize(
    ("kind", "data"),
    [
        ("markdown", b"---\ntitle: Rules\ndate: 2020-01-01\nlastmod: 2023-04-05\n---\n\nText of 2024-01-01.\n"),
        ("markdown", b'+++\ndate = "2023-04-05"\n+++\n\nText.\n'),
        ("text", b"Title: Rules\nDate: 2023-04-05\n\nText.\n"),
        ("html", b'<head><meta property="article:modified_time" content="2023-04-05T10:00:00+00:00"></head>'),
        ("html", b'<script>{"datePublished":"2020-01-01","dateModified": "2023-04-05"}</script>'),
        ("pdf", b"%PDF-1.4 <</CreationDate (D:20200101) /ModDate (D:20230405100000Z)>>"),
        ("mail", b"Subject: x\nDate: Wed, 05 Apr 2023 10:00:00 +0000\n\nText"),
        ("docx", package("docProps/core.xml", CORE)),
        ("opendocument", package("meta.xml", "<dc:date>2023-04-05T10:00:00</dc:date>")),
        ("epub", package("OEBPS/book.opf", '<meta property="dcterms:modified">2023-04-05T10:00:00Z</meta>')),
    ],
)
def test_the_date_of_the_last_change(kind: str, data: bytes) -> None:
    at = document_date(kind, data)
    assert at is not None and at.date() == datetime(2023, 4, 5, tzinfo=UTC).date()


@pytest.mark.parametrize(
    ("kind", "data"),
    [
        ("markdown", b"The meeting of\ndate: 2023-04-05\n"),
        ("markdown", b"---\ndate: soon\n---\n\nText.\n"),
        ("markdown", b"---\ndate: 2199-01-01\n---\n\nText.\n"),
        ("html", b"<p>2023-04-05</p>"),
        ("spreadsheet", b"\xd0\xcf\x11\xe0 no package"),
        ("code", b"# date: 2023-04-05"),
        ("picture", b""),
    ],
)
def test_no_date(kind: str, data: bytes) -> None:
    assert document_date(kind, data) is None


def test_dates_of_servers_and_sitemaps() -> None:
    assert read_date("Wed, 05 Apr 2023 10:00:00 GMT") == datetime(2023, 4, 5, 10, tzinfo=UTC)
    assert read_date("2023-04-05") == datetime(2023, 4, 5, tzinfo=UTC)
    assert read_date("") is None and read_date("1970-01-01") is None and read_date("yesterday") is None
