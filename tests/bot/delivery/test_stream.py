from __future__ import annotations

import asyncio
import heapq
from contextlib import AbstractAsyncContextManager, nullcontext
from dataclasses import dataclass, field
from itertools import pairwise

import pytest

from bot.delivery.errors import DeliveryFailed, MessageGone, NotDelivered, PossiblyDelivered, Undeliverable
from bot.delivery.post import Capabilities, RenderedMessage
from bot.delivery.split import utf16_units
from bot.delivery.stream import StreamedReply
from core.errors import DeliveryPostponed
from core.types import File, Reply
from core.types.delivery import DeliveredPart
from tests.fakes import MemoryJournal


class ManualClock:
    """A clock that stands still until it is advanced; whoever sleeps wakes in order."""

    def __init__(self) -> None:
        self._now_s = 100.0
        self._sleepers: list[tuple[float, int, asyncio.Future[None]]] = []
        self._n = 0

    def now_s(self) -> float:
        return self._now_s

    async def sleep(self, duration_s: float) -> None:
        woken = asyncio.get_running_loop().create_future()
        self._n += 1
        heapq.heappush(self._sleepers, (self._now_s + duration_s, self._n, woken))
        await woken

    async def advance(self, duration_s: float) -> None:
        target_s = self._now_s + duration_s
        await settle()
        while self._sleepers and self._sleepers[0][0] <= target_s:
            self._now_s, _, woken = heapq.heappop(self._sleepers)
            if not woken.done():
                woken.set_result(None)
            await settle()
        self._now_s = target_s


async def settle() -> None:
    for _ in range(20):
        await asyncio.sleep(0)


@dataclass
class FakePost:
    """A chat of 100-character messages that remembers everything done to it, and when."""

    clock: ManualClock
    failures: dict[str, list[DeliveryFailed]] = field(default_factory=dict)
    messages: dict[int, RenderedMessage] = field(default_factory=dict)
    log: list[tuple[float, str, int, str]] = field(default_factory=list)
    n_typing: int = 0
    is_repeatable: bool = False
    way: AbstractAsyncContextManager[object] = field(default_factory=nullcontext)
    capabilities: Capabilities = field(default_factory=lambda: Capabilities(100, utf16_units, 1.0, 8.0))

    def render(self, markdown: str) -> str:
        return markdown

    def _act(self, verb: str, n: int, text: str) -> None:
        self.log.append((self.clock.now_s(), verb, n, text))
        if queue := self.failures.get(verb):
            failure = queue.pop(0)
            if isinstance(failure, MessageGone):
                self.messages.pop(n, None)
            raise failure

    async def typing(self) -> None:
        self.n_typing += 1
        self._act("typing", -1, "")

    def in_flight(self) -> AbstractAsyncContextManager[object]:
        return self.way

    async def send(self, rendered: RenderedMessage, index: int) -> int:
        self._act("send", index, rendered.text)
        assert index not in self.messages, "a message was sent twice"
        self.messages[index] = rendered
        return index

    async def admit(self, rendered: RenderedMessage) -> None:
        self._act("admit", -1, "")

    async def edit(self, handle: int, rendered: RenderedMessage) -> None:
        self._act("edit", handle, rendered.text)
        self.messages[handle] = rendered

    async def delete(self, handle: int) -> None:
        self._act("delete", handle, "")
        del self.messages[handle]

    def serialize(self, handle: int) -> str:
        return str(handle)

    def restore(self, name: str) -> int:
        return int(name)

    def can_resend(self, index: int) -> bool:
        return self.is_repeatable

    def writes(self) -> list[tuple[float, str, int, str]]:
        return [entry for entry in self.log if entry[1] in ("send", "edit")]

    def texts(self) -> list[str]:
        return [rendered.text for _, rendered in sorted(self.messages.items())]


@dataclass
class BannedAfter(FakePost):
    """A chat that takes so many messages, and then bans for an hour."""

    n_allowed: int = 1

    async def admit(self, rendered: RenderedMessage) -> None:
        if len(self.messages) >= self.n_allowed:
            raise NotDelivered("banned", 3600.0)


@dataclass
class RecordingJournal(MemoryJournal):
    """Remembers every note, in order."""

    notes: list[tuple[int, DeliveredPart | None]] = field(default_factory=list)

    async def note(self, position: int, part: DeliveredPart | None) -> None:
        self.notes.append((position, part))
        await super().note(position, part)


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock()


@pytest.fixture
def post(clock: ManualClock) -> FakePost:
    return FakePost(clock)


def reply(text: str, answer_id: int | None = 7, *, private: bool = False) -> Reply:
    return Reply(text, "en", answer_id, private=private)


async def test_typing_shows_at_once_and_is_kept_alive_until_the_final_text(clock, post):
    async with StreamedReply(post, clock) as outlet:
        await settle()
        assert post.n_typing == 1
        await clock.advance(17)
        assert post.n_typing == 3
        await outlet.send(reply("done"))
        await clock.advance(30)
        assert post.n_typing == 3


async def test_the_first_partial_text_is_instant_and_edits_keep_their_distance(clock, post):
    async with StreamedReply(post, clock) as outlet:
        for n in range(40):
            await outlet.partial("word " * (n % 15 + 1))
            await clock.advance(0.1)
    times = [at for at, *_ in post.writes()]
    assert times[0] == 100.0
    assert [entry[1] for entry in post.writes()] == ["send", "edit", "edit", "edit"]
    assert all(later - earlier >= 1.0 for earlier, later in pairwise(times))


async def test_the_final_edit_keeps_its_distance_too_and_carries_the_thumbs(clock, post):
    async with StreamedReply(post, clock) as outlet:
        await outlet.partial("half")
        await clock.advance(0.2)
        sending = asyncio.create_task(outlet.send(reply("half and whole")))
        await clock.advance(0.7)
        assert not sending.done()
        await clock.advance(0.1)
        await sending
    assert post.messages == {0: RenderedMessage("half and whole", answer_id=7)}


async def test_a_final_text_without_partials_is_one_send(clock, post):
    async with StreamedReply(post, clock) as outlet:
        await outlet.send(reply("whole"))
    assert [entry[1:] for entry in post.writes()] == [("send", 0, "whole")]


async def test_identical_text_is_not_written_again(clock, post):
    async with StreamedReply(post, clock) as outlet:
        for _ in range(5):
            await outlet.partial("same")
            await clock.advance(2)
        await outlet.send(reply("same", answer_id=None))
    assert len(post.writes()) == 1


async def test_a_growing_text_rolls_over_and_only_touches_what_changed(clock, post):
    sentences = [f"Sentence number {n} of a longer answer." for n in range(8)]
    async with StreamedReply(post, clock) as outlet:
        for n in range(1, 9):
            await outlet.partial(" ".join(sentences[:n]))
            await clock.advance(1)
        await outlet.send(reply(" ".join(sentences)))
    assert " ".join(post.texts()) == " ".join(sentences)
    assert [rendered.answer_id for _, rendered in sorted(post.messages.items())] == [None, None, None, 7]
    last_touch = {n: position for position, (_, _, n, _) in enumerate(post.writes())}
    assert list(last_touch) == sorted(last_touch, key=lambda n: last_touch[n])


async def test_messages_a_shorter_final_text_does_not_need_are_removed(clock, post):
    async with StreamedReply(post, clock) as outlet:
        await outlet.partial("A sentence that was only a draft. " * 8)
        await clock.advance(2)
        assert len(post.messages) == 4
        await outlet.send(reply("Short."))
    assert post.messages == {0: RenderedMessage("Short.", answer_id=7)}


async def test_progress_gives_way_to_the_answer(clock, post):
    async with StreamedReply(post, clock) as outlet:
        await outlet.progress("Reading a.pdf")
        await clock.advance(1)
        await outlet.progress("Reading b.pdf")
        await clock.advance(1)
        await outlet.send(reply("Stored both.", answer_id=None))
    assert [entry[3] for entry in post.writes()] == ["Reading a.pdf", "Reading b.pdf", "Stored both."]
    assert list(post.messages) == [0]


async def test_a_second_reply_is_a_new_message(clock, post):
    async with StreamedReply(post, clock) as outlet:
        await outlet.send(reply("first"))
        await outlet.progress("working")
        await clock.advance(2)
        sending = asyncio.create_task(outlet.send(reply("second")))
        await clock.advance(2)
        await sending
    assert post.texts() == ["first", "second"]


async def test_partial_text_returns_at_once_however_slow_the_platform(clock, post):
    release = asyncio.Event()
    send = post.send

    async def slow(rendered: RenderedMessage, index: int) -> int:
        await release.wait()
        return await send(rendered, index)

    post.send = slow
    async with StreamedReply(post, clock) as outlet:
        await asyncio.wait_for(outlet.partial("one"), 0.1)
        await settle()
        await asyncio.wait_for(outlet.partial("one two"), 0.1)
        sending = asyncio.create_task(outlet.send(reply("one two three")))
        await settle()
        release.set()
        await clock.advance(2)
        await sending
    assert post.texts() == ["one two three"]


async def test_a_busy_platform_sheds_partial_text_for_as_long_as_it_says(clock, post):
    post.failures["edit"] = [NotDelivered("429", retry_after_s=5)]
    async with StreamedReply(post, clock) as outlet:
        for n in range(10):
            await outlet.partial("word " * (n + 1))
            await clock.advance(1)
    edits = [at for at, verb, *_ in post.log if verb == "edit"]
    assert edits[1] - edits[0] >= 5


async def test_a_final_text_is_tried_again_exactly_when_the_platform_says(clock, post):
    post.failures["send"] = [NotDelivered("429", retry_after_s=3.5), NotDelivered("503"), NotDelivered("dropped")]
    async with StreamedReply(post, clock) as outlet:
        sending = asyncio.create_task(outlet.send(reply("whole")))
        await clock.advance(60)
        await sending
    assert [at for at, verb, *_ in post.log if verb == "send"] == [100.0, 103.5, 104.5, 106.5]
    assert post.texts() == ["whole"]


async def test_a_possibly_delivered_final_part_is_not_sent_twice_the_rest_follows_and_the_person_is_told(clock, post):
    post.failures["send"] = [PossiblyDelivered("dropped")]
    async with StreamedReply(post, clock) as outlet:
        await outlet.send(reply("One sentence of some length here. " * 5))
        await outlet.send(reply("Next."))
    assert [n for _, verb, n, _ in post.log if verb == "send"] == [0, 1, 2, 3, 4]
    assert post.texts()[2].startswith("I was interrupted while sending my answer.")
    assert post.texts()[3] == "Next."


async def test_that_a_part_may_be_missing_is_said_until_it_surely_arrived(clock, post):
    post.failures["send"] = [PossiblyDelivered("dropped")] * 3
    async with StreamedReply(post, clock) as outlet:
        await outlet.send(reply("Nine."))
    assert [text[:17] for *_, text in post.writes()] == ["Nine.", *["I was interrupted"] * 3]
    assert len(post.texts()) == 1


async def test_a_possibly_delivered_partial_text_still_gets_its_final(clock, post):
    post.failures["send"] = [PossiblyDelivered("dropped")]
    async with StreamedReply(post, clock) as outlet:
        await outlet.partial("half")
        await clock.advance(1)
        await outlet.partial("half an")
        await clock.advance(1)
        await outlet.send(reply("half an answer"))
    assert post.texts() == ["half an answer"]
    assert len(post.writes()) == 2


async def test_a_message_deleted_while_streaming_is_sent_anew_at_the_end(clock, post):
    post.failures["edit"] = [MessageGone("10008"), MessageGone("10008")]
    async with StreamedReply(post, clock) as outlet:
        await outlet.partial("half")
        await clock.advance(1)
        await outlet.partial("half an")
        await clock.advance(1)
        await outlet.send(reply("half an answer"))
    assert post.messages == {1: RenderedMessage("half an answer", answer_id=7)}


async def test_parts_after_a_deleted_one_are_sent_anew_in_order(clock, post):
    text = " ".join(f"Sentence number {n} of a longer answer." for n in range(6))
    async with StreamedReply(post, clock) as outlet:
        await outlet.partial(text)
        await clock.advance(2)
        assert len(post.messages) == 3
        post.failures["edit"] = [MessageGone("10008")]
        await outlet.send(reply("New: " + text))
    assert " ".join(post.texts()) == "New: " + text
    assert sorted(post.messages) == [3, 4, 5]


async def test_where_nothing_can_be_delivered_nothing_is_raised(clock, post, caplog):
    post.failures["send"] = [Undeliverable("50001 missing access")]
    async with StreamedReply(post, clock) as outlet:
        await outlet.send(reply("whole"))
    assert "not delivered" in caplog.text


async def test_typing_that_fails_harms_nothing(clock, post):
    post.failures["typing"] = [NotDelivered("503")]
    async with StreamedReply(post, clock) as outlet:
        await clock.advance(9)
        await outlet.send(reply("whole"))
    assert post.n_typing == 2
    assert post.texts() == ["whole"]


async def test_a_private_reply_is_private_in_every_part(clock, post):
    async with StreamedReply(post, clock) as outlet:
        await outlet.send(reply("A secret sentence of some length. " * 5, None, private=True))
    assert len(post.messages) == 3
    assert all(rendered.private for rendered in post.messages.values())


async def test_a_blank_reply_is_not_silence(clock, post):
    async with StreamedReply(post, clock) as outlet:
        await outlet.send(reply("  \n"))
    assert post.texts() == ["…"]


async def test_leaving_stops_everything(clock, post):
    before = asyncio.all_tasks()
    async with StreamedReply(post, clock) as outlet:
        await outlet.partial("half")
    assert asyncio.all_tasks() == before


# --- going on after a restart ------------------------------------------------------------------------------------


LONG = "First part. " * 8 + "\n\n" + "Second part. " * 7 + "\n\n" + "Third part. " * 8


async def shown_by(post: FakePost, clock: ManualClock, journal: MemoryJournal, text: str) -> None:
    """Send a final text to its end, however long the pauses are."""
    sending = asyncio.create_task(StreamedReply(post, clock, journal=journal).send(reply(text)))
    while not sending.done():
        await clock.advance(1.0)
    await sending


@pytest.mark.parametrize("n_before", [0, 1, 2, 3])
async def test_another_outlet_goes_on_where_the_journal_ends(clock, post, n_before):
    whole = FakePost(clock)
    await shown_by(whole, clock, MemoryJournal(), LONG)
    assert len(whole.messages) == 3
    journal = MemoryJournal()
    for index in range(n_before):
        post.messages[index] = whole.messages[index]
        await journal.note(index, DeliveredPart(index, str(index), whole.messages[index].mark))
    await shown_by(post, clock, journal, LONG)
    assert post.texts() == whole.texts()
    assert [verb for _, verb, _, _ in post.writes()] == ["send"] * (3 - n_before)


async def test_partial_text_of_an_earlier_process_becomes_the_final_one(clock, post):
    post.messages[0] = RenderedMessage("First")
    await shown_by(post, clock, MemoryJournal([DeliveredPart(0, "0", None)]), "First and last.")
    assert post.texts() == ["First and last."]


async def test_surplus_partial_text_of_an_earlier_process_is_taken_away(clock, post):
    post.messages |= {0: RenderedMessage("a"), 1: RenderedMessage("b")}
    await shown_by(post, clock, MemoryJournal([DeliveredPart(0, "0", None), DeliveredPart(1, "1", None)]), "Short.")
    assert post.texts() == ["Short."]


async def test_a_part_in_doubt_is_not_sent_again_and_the_person_is_told(clock, post):
    await shown_by(post, clock, MemoryJournal([DeliveredPart(0, None)]), "Possibly there.")
    (text,) = post.texts()
    assert text.startswith("I was interrupted while sending my answer.")


async def test_a_part_in_doubt_is_sent_again_under_its_index_where_that_cannot_double_it(clock, post):
    post.is_repeatable = True
    await shown_by(post, clock, MemoryJournal([DeliveredPart(0, None)]), "Possibly there.")
    assert [(n, text) for _, verb, n, text in post.log if verb == "send"] == [(0, "Possibly there.")]


async def test_a_final_text_is_noted_before_it_is_sent_and_named_after(clock, post):
    journal = RecordingJournal()
    post.failures["send"] = [NotDelivered("busy"), NotDelivered("busy")]
    await shown_by(post, clock, journal, "Hello.")
    mark = RenderedMessage("Hello.", 7).mark
    attempt, named = (0, DeliveredPart(0, None)), (0, DeliveredPart(0, "0", mark))
    assert journal.notes == [attempt, (0, None), attempt, (0, None), attempt, named]


async def test_a_text_that_may_not_be_sent_yet_is_not_in_doubt(clock, post):
    journal = RecordingJournal()
    post.failures["admit"] = [NotDelivered("banned", 3600.0)]
    with pytest.raises(DeliveryPostponed) as postponed:
        await shown_by(post, clock, journal, "Hello.")
    assert postponed.value.retry_after_s == 3600.0
    assert journal.notes == []


async def test_a_long_ban_between_the_parts_postpones_the_rest(clock):
    journal = MemoryJournal()
    banned = BannedAfter(clock, n_allowed=1)
    with pytest.raises(DeliveryPostponed):
        await shown_by(banned, clock, journal, LONG)
    banned.n_allowed = 10
    await shown_by(banned, clock, journal, LONG)
    assert [verb for _, verb, _, _ in banned.writes()] == ["send"] * 3


async def test_without_a_journal_a_long_ban_loses_the_text_and_says_so(clock, post, caplog):
    post.failures["send"] = [NotDelivered("banned", 3600.0)]
    await StreamedReply(post, clock).send(reply("Hello."))
    assert "not delivered" in caplog.text


async def test_pictures_follow_the_text_as_messages_of_their_own(clock, post):
    picture = File("map.png", b"png bytes")
    async with StreamedReply(post, clock) as outlet:
        await outlet.send(Reply("Here it is.", "en", private=True, files=(picture,)))
    shown = [(rendered.text, rendered.file) for rendered in post.messages.values()]
    assert shown == [("Here it is.", None), ("", picture)]
    assert all(rendered.private for rendered in post.messages.values())


async def test_of_many_replies_only_those_on_their_way_are_in_doubt(clock):
    way = asyncio.Semaphore(2)
    arrived = asyncio.Event()

    class SlowPost(FakePost):
        async def send(self, rendered: RenderedMessage, index: int) -> int:
            await arrived.wait()
            return await super().send(rendered, index)

    journals = [MemoryJournal() for _ in range(10)]
    outlets = [StreamedReply(SlowPost(clock, way=way), clock, journal=journal) for journal in journals]
    sending = [asyncio.create_task(outlet.send(reply("done"))) for outlet in outlets]
    await settle()
    assert sum(part.handle is None for journal in journals for part in journal.parts) == 2
    arrived.set()
    await asyncio.gather(*sending)
    assert all(part.handle for journal in journals for part in journal.parts)
