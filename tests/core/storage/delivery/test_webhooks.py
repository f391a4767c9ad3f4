"""Webhooks: what happens is stored for them with what happened, in their space alone, and forgotten with it."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

import pytest

import core.storage.delivery.webhook_outbox as outbox
from core.errors import BadInput
from core.storage.answers import Answers, NewAnswer
from core.storage.curation.conflicts import Conflicts, NewConflict
from core.storage.curation.proposals import NewProposal, Proposals
from core.storage.curation.watches import NewWatch, Watches
from core.storage.database import Database
from core.storage.delivery.webhooks import MAX_WEBHOOKS, OutgoingWebhook, Webhooks
from core.storage.documents import Documents
from core.storage.people import PersonRecords
from core.types import EVENT_KINDS, CommunityEvent, Confidence, Decision, EventKind, SpaceId
from tests.stored import embedded, new_document

HERE, THERE = SpaceId("discord:1"), SpaceId("discord:2")
NOW = datetime(2026, 1, 2, tzinfo=UTC)


@pytest.fixture
def webhooks(database: Database) -> Webhooks:
    return Webhooks(database)


async def added(webhooks: Webhooks, *events: EventKind, space: SpaceId = HERE) -> OutgoingWebhook:
    return await webhooks.add(space, "https://example.org/hook", events or EVENT_KINDS)


async def told(webhooks: Webhooks, webhook: OutgoingWebhook) -> list[tuple[str, dict[str, object]]]:
    bodies = [json.loads(message.body) for message in await webhooks.waiting(webhook, 100)]
    return [(body["type"], body["data"]) for body in bodies]


def answer(used: str = "local", space: SpaceId = HERE, asker: str = "ana") -> NewAnswer:
    decision = Decision("local", Confidence(0.91239, 0.8, (), {}))
    return NewAnswer(space, asker, "c", "Where is the key?", "en", (), decision, "Under the pot.", used)


async def test_everything_that_happens_is_told_without_people(database: Database, webhooks: Webhooks) -> None:
    hook = await added(webhooks)
    answers, documents = Answers(database), Documents(database)
    number = await answers.record(answer())
    await answers.record(answer("abstained"))
    await answers.record(answer("silent"))
    await answers.record(answer("talk"))
    await answers.rate(HERE, number, "bob", "down")
    for name, text in (("a.md", "It opens at nine."), ("b.md", "It opens at ten.")):
        await documents.store(HERE, new_document(name, text, title=name.upper()), embedded(text))
    first, second = await documents.list(HERE)
    await Conflicts(database).open(HERE, NewConflict(first.id, "nine", second.id, "ten"))
    await documents.forget(HERE, "b.md")
    page = NewProposal(new_document("https://example.org", "A page", title="Page"), "example.org", "news", ())
    await Proposals(database).add(HERE, page)
    watches = Watches(database)
    watch = await watches.add(HERE, NewWatch("web", "https://example.org", "en", timedelta(days=1), "operator"))
    await watches.record_check(watch, "fetch.tls")
    [watch] = await watches.of(HERE)
    await watches.record_check(watch, "fetch.tls")  # the same problem is told once

    found = await told(webhooks, hook)
    assert [kind for kind, _ in found] == [
        "answer.given",
        "answer.declined",
        "answer.rated",
        "document.learned",
        "document.learned",
        "conflict.found",
        "document.forgotten",
        "proposal.waiting",
        "source.failing",
    ]
    assert found[0][1] == {
        "answer_id": number,
        "question": "Where is the key?",
        "answer": "Under the pot.",
        "written_by": "local",
        "confidence": 0.9124,
        "language": "en",
    }
    assert found[3][1] == {"name": "a.md", "title": "A.MD", "kind": "text"}
    assert "ana" not in str(found) and "bob" not in str(found)


async def test_only_what_was_asked_for_in_its_own_space_is_told(database: Database, webhooks: Webhooks) -> None:
    declined, elsewhere = await added(webhooks, "answer.declined"), await added(webhooks, space=THERE)
    answers = Answers(database)
    await answers.record(answer())
    await answers.record(answer("closest"))
    await answers.record(answer(space=SpaceId("discord:1/channel-7")))
    assert [kind for kind, _ in await told(webhooks, declined)] == ["answer.declined"]
    assert await told(webhooks, elsewhere) == []
    await webhooks.post_everywhere(CommunityEvent("lora.promoted", {"version": "v2"}))
    assert await told(webhooks, elsewhere) == [("lora.promoted", {"version": "v2"})]
    assert len(await told(webhooks, declined)) == 1


async def test_what_did_not_happen_is_not_told(database: Database, webhooks: Webhooks) -> None:
    hook = await added(webhooks)
    with pytest.raises(BadInput):
        await Answers(database).rate(HERE, 99, "bob", "up")
    assert await told(webhooks, hook) == []


async def test_a_forgotten_question_is_not_told_any_more(database: Database, webhooks: Webhooks) -> None:
    hook = await added(webhooks)
    answers = Answers(database)
    await answers.record(answer(asker="ana"))
    kept = await answers.record(answer(asker="rui"))
    await PersonRecords(database).forget("ana")
    assert [data["answer_id"] for _, data in await told(webhooks, hook)] == [kept]


async def test_one_that_lags_is_told_no_more_than_the_limit(
    webhooks: Webhooks, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(outbox, "MAX_WAITING", 2)
    hook = await added(webhooks)
    for i in range(4):
        await webhooks.post(HERE, CommunityEvent("document.forgotten", {"title": str(i)}))
    assert [data["title"] for _, data in await told(webhooks, hook)] == ["0", "1"]


async def test_a_webhook_is_worked_on_by_one_process_until_its_time_is_over(webhooks: Webhooks) -> None:
    hook = await added(webhooks)
    assert await webhooks.claim(datetime.now(UTC), timedelta(minutes=5), 10) == ()  # nothing waits
    await webhooks.post(HERE, CommunityEvent("document.forgotten", {"title": "a"}))
    now = datetime.now(UTC)
    assert [each.id for each in await webhooks.claim(now, timedelta(minutes=5), 10)] == [hook.id]
    assert await webhooks.claim(now, timedelta(minutes=5), 10) == ()
    assert len(await webhooks.claim(now + timedelta(minutes=6), timedelta(minutes=5), 10)) == 1


async def test_a_space_removes_its_own_and_has_a_limit(webhooks: Webhooks) -> None:
    hook = await added(webhooks)
    with pytest.raises(BadInput, match=r"webhook\.unknown"):
        await webhooks.remove(THERE, hook.id)
    for _ in range(MAX_WEBHOOKS - 1):
        await added(webhooks)
    with pytest.raises(BadInput, match=r"webhook\.too_many"):
        await added(webhooks)
    await webhooks.remove(HERE, hook.id)
    assert len(await webhooks.of(HERE)) == MAX_WEBHOOKS - 1
    assert hook.secret.startswith("whsec_") and hook.secret not in repr(hook)
