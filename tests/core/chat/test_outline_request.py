"""Requests about a document as a whole, told from questions about something in it."""

from __future__ import annotations

import pytest

from core.chat.outline_request import OutlineRequest, outline_request


@pytest.mark.parametrize(
    ("text", "request_"),
    [
        ("what do you know about the boathouse?", OutlineRequest("about", "boathouse")),
        ("tell me about the choir", OutlineRequest("about", "choir")),
        ("o que você sabe sobre a horta?", OutlineRequest("about", "horta")),
        ("Summarise the rules", OutlineRequest("summary", "rules")),
        ("can you summarize the code of conduct", OutlineRequest("summary", "code of conduct")),
        ("resuma o regulamento da piscina", OutlineRequest("summary", "regulamento da piscina")),
        ("faz um resumo do estatuto", OutlineRequest("summary", "estatuto")),
        ("resuma tudo", OutlineRequest("summary", "tudo")),
        ("list the steps of opening up", OutlineRequest("steps", "opening up")),
        ("liste os passos da matrícula", OutlineRequest("steps", "matrícula")),
    ],
)
def test_a_request_and_its_subject_are_read(text: str, request_: OutlineRequest) -> None:
    assert outline_request(text) == request_


@pytest.mark.parametrize(
    "text",
    [
        "what are the steps to join",
        "summarise",
        "o que você sabe",
        "resumo",
        "tell me a joke",
        "a" * 500,
        "what about the",
    ],
)
def test_anything_else_is_none(text: str) -> None:
    assert outline_request(text) is None
