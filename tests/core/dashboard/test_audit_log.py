"""The audit log: newest first, page by page, one space alone, without names once these are erased."""

from __future__ import annotations

from core.dashboard.audit_log import AuditLog, Change
from core.storage.database import Database
from core.storage.people import PersonRecords
from core.types import SpaceId

HERE, ELSEWHERE = SpaceId("discord:1"), SpaceId("discord:2")


async def test_changes_are_read_newest_first_page_by_page(database: Database) -> None:
    audit = AuditLog(database)
    for n in range(5):
        await audit.add(HERE, Change("p", "Rui", "approve", f"text {n}", "x" * 1_000))
    await audit.add(ELSEWHERE, Change("p", "Rui", "approve", "theirs"))
    first = await audit.page(HERE, None, 3)
    assert [event.change.subject for event in first] == ["text 4", "text 3", "text 2"]
    assert [event.change.subject for event in await audit.page(HERE, first[-1].id, 3)] == ["text 1", "text 0"]
    assert len(first[0].change.detail) == 300


async def test_an_erased_person_has_no_name_there(database: Database) -> None:
    audit = AuditLog(database)
    await audit.add(HERE, Change("p", "Rui", "approve", "text"))
    await audit.add(HERE, Change("q", "Eva", "approve", "text"))
    await PersonRecords(database).forget("p")
    assert [(e.change.person, e.change.name) for e in await audit.page(HERE, None, 9)] == [("q", "Eva"), ("", "")]
