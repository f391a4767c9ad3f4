"""The handbook in formats that are text: markup, data, subtitles, mail."""

from __future__ import annotations

import csv
import io
import json
from email.message import EmailMessage
from itertools import chain

from tests.corpus.handbook import Handbook, HandbookSection
from tests.corpus.office import html_of, sheet_rows, zipped


def write_rst(book: Handbook) -> bytes:
    """Return the handbook as reStructuredText, as Sphinx has it."""
    parts = [":orphan:\n", f"{'=' * 40}\n{book.title}\n{'=' * 40}\n", ".. toctree::\n   :maxdepth: 2\n\n   other\n"]
    for section in book.sections:
        first, *others = section.paragraph.split(". ", 1)
        widths = [max(len(row[n]) for row in section.table) for n in range(3)]
        rule = "+".join(["", *("-" * (width + 2) for width in widths), ""])
        rows = [
            "|" + "|".join(f" {cell:{width}} " for cell, width in zip(row, widths, strict=True)) + "|"
            for row in section.table
        ]
        parts.append(
            f"{section.heading}\n{'-' * 60}\n\n{first}.\n\n.. tabs::\n\n   .. tab:: x\n\n      {' '.join(others)}\n"
        )
        parts.append("\n".join(f"* {item}" for item in section.items) + "\n")
        parts.append("\n".join(f"  * {item}" for item in section.nested) + "\n")
        parts.append("\n".join([rule, *chain.from_iterable((row, rule) for row in rows)]) + "\n")
    return "\n".join(parts).encode()


def write_adoc(book: Handbook) -> bytes:
    """Return the handbook as AsciiDoc."""
    parts = [f"= {book.title}\n:toc:\n"]
    for section in book.sections:
        table = "\n".join("|" + " |".join(row) for row in section.table)
        items = [*(f"* {item}" for item in section.items), *(f"** {item}" for item in section.nested)]
        parts.append(
            f"== {section.heading}\n\n{section.paragraph}\n\n" + "\n".join(items) + f"\n\n|===\n{table}\n|===\n"
        )
    return "\n".join(parts).encode()


def write_org(book: Handbook) -> bytes:
    """Return the handbook as Org."""
    parts = [f"#+TITLE: {book.title}\n"]
    for section in book.sections:
        table = "\n".join("| " + " | ".join(row) + " |" for row in section.table)
        items = [*(f"- {item}" for item in section.items), *(f"  + {item}" for item in section.nested)]
        parts.append(f"* {section.heading} :tag:\n{section.paragraph}\n" + "\n".join(items) + f"\n\n{table}\n")
    return "\n".join(parts).encode()


def write_tex(book: Handbook) -> bytes:
    """Return the handbook as LaTeX."""
    parts = [rf"\documentclass{{book}}\title{{{book.title}}}\begin{{document}}\maketitle"]
    for section in book.sections:
        rows = " \\\\ \\hline\n".join(" & ".join(row) for row in section.table)
        nested = "\n".join(rf"\item {item}" for item in section.nested)
        items = "\n".join(rf"\item {item}" for item in section.items)
        parts.append(
            rf"\section{{{section.heading}}} % a comment" + f"\n{section.paragraph}\n\n"
            rf"\begin{{itemize}}{items}\begin{{enumerate}}{nested}\end{{enumerate}}\end{{itemize}}" + "\n"
            rf"\begin{{tabular}}{{|l|l|l|}}\hline {rows} \\\end{{tabular}}"
        )
    return "\n".join([*parts, r"\end{document}"]).encode()


def markdown_of(section: HandbookSection) -> str:
    """Return a section as Markdown."""
    rows = ["| " + " | ".join(row) + " |" for row in section.table]
    items = [*(f"- {item}" for item in section.items), *(f"  - {item}" for item in section.nested)]
    return "\n".join(
        [f"## {section.heading}", "", section.paragraph, "", *items, "", rows[0], "|---|---|---|", *rows[1:], ""]
    )


def write_markdown(book: Handbook) -> bytes:
    """Return the handbook as Markdown."""
    return "\n".join([f"# {book.title}", "", *map(markdown_of, book.sections)]).encode()


def write_notebook(book: Handbook) -> bytes:
    """Return the handbook as a notebook, a cell for each section, with code between them."""
    code = {"cell_type": "code", "source": ["x = 1\n", "x"], "outputs": [{"data": {"text/plain": ["1"]}}]}
    cells = [[{"cell_type": "markdown", "source": markdown_of(section)}, code] for section in book.sections]
    return json.dumps({"nbformat": 4, "metadata": {}, "cells": list(chain.from_iterable(cells))}).encode()


def write_html(book: Handbook) -> bytes:
    """Return the handbook as a web page."""
    return f"<html><head><title>{book.title}</title></head><body>{''.join(html_of(book))}</body></html>".encode()


def write_csv(book: Handbook) -> bytes:
    """Return the handbook's words as a table with semicolons in cp1252, as spreadsheets write it."""
    stream = io.StringIO()
    csv.writer(stream, delimiter=";").writerows(row for section in book.sections for row in sheet_rows(section))
    return stream.getvalue().encode("cp1252")


def write_json(book: Handbook) -> bytes:
    """Return the handbook as JSON."""
    return json.dumps({"title": book.title, "sections": [_object(section) for section in book.sections]}).encode()


def write_yaml(book: Handbook) -> bytes:
    """Return the handbook as YAML, as people write it."""
    parts = []
    for section in book.sections:
        rows = "\n".join(f"    - [{', '.join(row)}]" for row in section.table)
        items = "\n".join(f"    - {item}" for item in (*section.items, *section.nested))
        parts.append(f"{section.heading}:\n  text: >\n    {section.paragraph}\n  items:\n{items}\n  table:\n{rows}\n")
    return "\n".join(parts).encode()


def write_toml(book: Handbook) -> bytes:
    """Return the handbook as TOML."""
    parts = []
    for section in book.sections:
        rows = json.dumps(section.table, ensure_ascii=False)
        items = json.dumps([*section.items, *section.nested], ensure_ascii=False)
        parts.append(f'["{section.heading}"]\ntext = "{section.paragraph}"\nitems = {items}\ntable = {rows}\n')
    return "\n".join(parts).encode()


def _object(section: HandbookSection) -> dict[str, object]:
    return {
        "name": section.heading,
        "text": section.paragraph,
        "items": [*section.items, *section.nested],
        "table": section.table,
    }


def write_srt(book: Handbook) -> bytes:
    """Return the handbook's words as subtitles, five to a cue."""
    words = [word for section in book.sections for word in section.words()]
    cues = [
        f"{n // 5 + 1}\n00:{n // 300:02}:{n // 5 % 60:02},000 --> 00:{n // 300:02}:{n // 5 % 60:02},900\n"
        f"<i>{' '.join(words[n : n + 5])}</i>\n"
        for n in range(0, len(words), 5)
    ]
    return "\r\n".join("\n".join(cues).split("\n")).encode("utf-8-sig")


def write_vtt(book: Handbook) -> bytes:
    """Return the handbook's words as WebVTT, a voice for each section."""
    cues = ["WEBVTT\n"]
    for n, section in enumerate(book.sections):
        words = section.words()
        cues += [
            f"{n:02}:{k // 6:02}.000 --> {n:02}:{k // 6:02}.900 align:start\n"
            f"<v Voice {n}>{' '.join(words[k : k + 6])}</v>\n"
            for k in range(0, len(words), 6)
        ]
    return "\n".join(cues).encode()


def message_of(section: HandbookSection) -> EmailMessage:
    """Return a section as a message, its heading being the subject."""
    message = EmailMessage()
    message["Subject"], message["From"], message["Date"] = section.heading, "Ana <ana@example.org>", "Mon, 02 Nov 2026"
    message.set_content("\n".join(markdown_of(section).split("\n")[2:]))
    return message


def write_eml(book: Handbook) -> bytes:
    """Return the first section as a message, with a part in HTML and an attachment beside it."""
    message = message_of(book.sections[0])
    message.add_alternative(html_of(book)[0], subtype="html")
    message.add_attachment(b"%PDF-1.4", maintype="application", subtype="pdf", filename="plan.pdf")
    return bytes(message)


def write_mbox(book: Handbook) -> bytes:
    """Return the handbook as a mailbox, a message for each section."""
    return b"\n".join(
        b"From ana@example.org Mon Nov  2 10:00:00 2026\n" + bytes(message_of(section)) for section in book.sections
    )


def write_mhtml(book: Handbook) -> bytes:
    """Return the handbook as a page saved by a browser."""
    message = EmailMessage()
    message["Subject"] = book.title
    message.set_content(write_html(book).decode(), subtype="html", cte="quoted-printable")
    message.add_related(b"GIF89a", maintype="image", subtype="gif", cid="<picture>")
    return bytes(message)


def write_zip(book: Handbook) -> bytes:
    """Return the handbook as an archive: a file for each section."""
    return zipped({f"docs/{section.heading}.md": markdown_of(section) for section in book.sections})
