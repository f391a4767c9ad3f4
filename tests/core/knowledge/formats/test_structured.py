"""JSON, YAML and TOML: what people keep in them, not what programs make of it."""

from __future__ import annotations

import pytest

from core.errors import BadInput
from core.knowledge.extract import extract

LONG = "The key is under the mat. " * 30


def text_of(data: str, name: str) -> str:
    return extract(data.encode(), name).text


def test_words_and_versions_stay_as_they_are_written() -> None:
    assert text_of("open: no\nversion: 1.10\nwhen: 2026-11-02\nempty:\n", "a.yaml") == (
        "- open: no\n- version: 1.10\n- when: 2026-11-02\n- empty"
    )
    assert text_of('{"price": 1.10, "open": false, "n": 1e400}', "a.json") == "- price: 1.10\n- open: false\n- n: 1e400"
    assert text_of("price = 1.10\nday = 2026-11-02\n", "a.toml") == "- price: 1.10\n- day: 2026-11-02"


def test_short_objects_are_rows_and_long_ones_sections() -> None:
    assert text_of('[{"name": "Hall", "doors": ["N", "S"]}, {"name": "Attic"}]', "a.json") == (
        "- name: Hall; doors: N, S\n- name: Attic"
    )
    found = text_of(
        f'[{{"question": "Where?", "answer": "{LONG}"}}, {{"question": "When?", "answer": "Now"}}]', "a.json"
    )
    assert found.startswith("## Where?\n\n- question: Where?\n- answer: The key")
    assert "\n\n## When?\n\n" in found


@pytest.mark.parametrize(
    "data",
    [
        '{"guild": {"id": "1"}, "channel": {}, "messages": []}',
        '{"name": "Club", "type": "private_group", "id": 7, "messages": [{"id": 1}]}',
        '{"about": "x", "chats": {"list": []}}',
    ],
)
def test_the_export_of_a_chat_is_for_import(data: str) -> None:
    with pytest.raises(BadInput, match="chat_export"):
        extract(data.encode(), "result.json")


def test_tags_and_documents_of_yaml() -> None:
    assert text_of("--- !thing\na: !secret b\n---\nc: !!python/object:os.system d\n", "a.yml") == "- a: b\n- c: d"


@pytest.mark.parametrize(
    ("data", "name"), [("{", "a.json"), ("a: [", "a.yaml"), ("a = ", "a.toml"), ('{"a": 1}\n{', "a.jsonl")]
)
def test_what_is_not_well_formed_is_refused(data: str, name: str) -> None:
    with pytest.raises(BadInput, match="damaged"):
        extract(data.encode(), name)
