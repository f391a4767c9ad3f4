"""Messages: their subject, sender and text, in any encoding; attachments by name."""

from __future__ import annotations

from email.message import EmailMessage

from core.knowledge.extract import extract


def message(**headers: str) -> EmailMessage:
    made = EmailMessage()
    for name, value in headers.items():
        made[name] = value
    return made


def test_a_message_is_its_subject_its_sender_and_its_text() -> None:
    made = message(Subject="Reunião às 19h", From="Ana Lima <ana@example.org>", Date="Mon, 02 Nov 2026 10:00:00 +0000")
    made.set_content("A reunião é no salão.\n", charset="iso-8859-1", cte="quoted-printable")
    made.add_attachment(b"x", maintype="image", subtype="png", filename="planta.png")
    found = extract(bytes(made), "a.eml")
    assert found.title == "Reunião às 19h"
    assert found.text == (
        "# Reunião às 19h\n\nAna Lima · Mon, 02 Nov 2026 10:00:00 +0000\n\nA reunião é no salão.\n\nplanta.png"
    )


def test_a_message_in_html_alone_is_read_as_a_page() -> None:
    made = message(Subject="News")
    made.set_content(
        "<html><body><h1>Hall</h1><p>It is <b>open</b> again.</p></body></html>", subtype="html", cte="base64"
    )
    made.add_attachment(b"x", maintype="image", subtype="png", filename="a.png")
    assert extract(bytes(made), "a.eml").text.startswith("# News\n\n## Hall\n\nIt is open again.")


def test_an_address_is_not_shown_where_a_sender_has_no_name() -> None:
    made = message(Subject="Key", From="rui@example.org")
    made.set_content("Where is it?")
    assert extract(bytes(made), "a.eml").text == "# Key\n\nrui\n\nWhere is it?"


def test_lines_that_begin_with_from_do_not_end_a_message_of_a_mailbox() -> None:
    mailbox = b"From a@b Mon\nSubject: One\n\n>From here on\nall is well.\n\nFrom a@b Mon\nSubject: Two\n\nSecond.\n"
    text = extract(mailbox, "a.mbox").text
    assert text == "# One\n\nFrom here on\nall is well.\n\n# Two\n\nSecond."


def test_broken_headers_and_parts_are_left_out() -> None:
    data = b"Subject: =?utf-8?b?!!!?=\nContent-Type: multipart/mixed; boundary=\nDate: never\n\nWord\n"
    assert "Word" in extract(data, "a.eml").text
