"""Where a sent message is, as a journal keeps it."""

import pytest

from bot.adapters.telegram.sent_message import SentMessage


@pytest.mark.parametrize(
    ("sent", "written"), [(SentMessage(-100, 7), "-100:7"), (SentMessage(-100, 7, seen_by=12), "-100:7:12")]
)
def test_what_is_written_is_read_again(sent, written):
    assert str(sent) == written
    assert SentMessage.parse(written) == sent
