"""What is written down of a reply comes back the same, also from before it had everything it has now."""

import json

from core.storage.envelope import reply_as_json, reply_of
from core.types import Button, File, Reply, Source


def test_a_reply_comes_back_whole():
    reply = Reply(
        "Text",
        "pt",
        answer_id=3,
        sources=(Source(1, "Guide", "Hours", "at nine", 7),),
        private=True,
        buttons=(Button("Yes", "approve", "3"),),
        files=(File("map.png", bytes(range(256))),),
    )
    assert reply_of(json.loads(json.dumps(reply_as_json(reply)))) == reply


def test_a_reply_written_before_there_were_pictures_and_buttons():
    written = {"text": "Text", "language": "en", "answer_id": None, "sources": [], "private": False}
    assert reply_of(written) == Reply("Text", "en")
