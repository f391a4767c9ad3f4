"""The messages of a reply that lists things: a card where one fits, else its text with the buttons of all."""

from __future__ import annotations

from contextlib import nullcontext

import pytest

from bot.delivery.parts import parts_of
from bot.delivery.post import Capabilities, RenderedItem, RenderedMessage
from core.markdown import Markdown
from core.types import Button, File, Reply, ReplyItem

BUTTON = Button("Approve #1", "approve", "1")
LIST = Reply(Markdown("Two wait:"), "en", items=(ReplyItem(Markdown("**One**"), (BUTTON,)), ReplyItem(Markdown("Two"))))


class PlainPost:
    """A post without cards."""

    capabilities = Capabilities(100, len, 1.0, 1.0)

    def render(self, markdown: Markdown) -> str:
        return markdown.replace("**", "*")

    in_flight = nullcontext


class CardsPost(PlainPost):
    """A post with cards of at most ``most`` items."""

    def __init__(self, most: int) -> None:
        self._most = most

    def fits_card(self, rendered: RenderedMessage) -> bool:
        return len(rendered.items) <= self._most


@pytest.mark.parametrize(("most", "is_card"), [(2, True), (1, False), (None, False)])
def test_a_list_is_a_card_where_one_fits(most, is_card):
    post = PlainPost() if most is None else CardsPost(most)
    [part] = parts_of(LIST, post)
    assert part.is_card is is_card
    assert part.text == ("Two wait:" if is_card else "Two wait:\n\n*One*\n\nTwo")
    assert part.items == (RenderedItem("*One*", (BUTTON,)), RenderedItem("Two"))


def test_what_lists_nothing_is_no_card_and_a_reaction_alone_is_no_message():
    post = CardsPost(9)
    assert [part.is_card for part in parts_of(Reply(Markdown("Hi."), "en"), post)] == [False]
    assert parts_of(Reply(Markdown(""), "en", reaction="👍"), post) == []


def test_a_decided_item_changes_what_the_message_is_known_by():
    changed = Reply(LIST.text, "en", items=LIST.items[1:])
    [before], [after] = parts_of(LIST, CardsPost(9)), parts_of(changed, CardsPost(9))
    assert before.mark != after.mark


def test_what_is_more_than_a_chat_takes_is_cut():
    post = PlainPost()
    post.capabilities = Capabilities(40, len, 1.0, 1.0, max_messages=1)
    reply = Reply(Markdown("```\n" + "code " * 20 + "\n```"), "en", files=(File("a.png", b"png"),))
    [part] = parts_of(reply, post)
    assert part.text.endswith("```\n…") and len(part.text) <= 40 and part.file is None
    assert [part.text for part in parts_of(Reply(Markdown("Short."), "en"), post)] == ["Short."]
