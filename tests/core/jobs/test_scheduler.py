"""The scheduler on a real database: what is due runs once, by one leader, and what was cut short runs again."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import update

from core.errors import BadInput, DatabaseUnreachable, PluginFailed, Unavailable
from core.jobs.scheduler import Job, Pace, Scheduler, next_run
from core.jobs.status import JobBoard
from core.storage.database import Database
from core.storage.job_runs import JobRuns
from core.storage.schema import job_wishes, runs

HOUR = timedelta(hours=1)
AT_ONCE = timedelta(0)


@dataclass
class Bell:
    """A job that counts how often it was begun, and ends when it may."""

    n_begun: int = 0
    may_end: asyncio.Event = field(default_factory=asyncio.Event)

    async def ring(self) -> str:
        self.n_begun += 1
        await self.may_end.wait()
        return "rung"


@pytest.fixture
async def database(tmp_path: Path) -> AsyncIterator[Database]:
    async with await Database.open(tmp_path) as opened:
        yield opened


async def scheduler(database: Database, bell: Bell) -> Scheduler:
    """Return a started one whose ticks are the test's."""
    made = Scheduler(JobRuns(database), [Job("bell", HOUR, bell.ring)], Pace(HOUR, AT_ONCE))
    await made.start()
    return made


async def settled() -> None:
    """Let what should not begin have the time to."""
    await asyncio.sleep(0.05)


async def begun(bell: Bell, n: int = 1) -> None:
    """Wait until a job was begun so often."""
    async with asyncio.timeout(30):
        while bell.n_begun < n:  # noqa: ASYNC110 (a task of the scheduler's begins it)
            await asyncio.sleep(0.01)


async def until_finished(database: Database) -> None:
    async with asyncio.timeout(30):
        while "bell" not in await JobRuns(database).last_finished():  # noqa: ASYNC110 (it is the database that changes)
            await asyncio.sleep(0.01)


async def age(database: Database, by: timedelta) -> None:
    """Make every run as if it had been earlier."""
    async with database.write() as connection:
        for row in await database.rows(runs.select()):
            moved = {"started_at": row.started_at - by, "finished_at": row.finished_at and row.finished_at - by}
            await connection.execute(update(runs).where(runs.c.id == row.id).values(moved))


async def test_jobs_that_come_and_go_run_while_they_are_there(database: Database) -> None:
    bell, theirs = Bell(), Bell()
    theirs.may_end.set()
    there = [Job("coin.toss", HOUR, theirs.ring)]
    job = Job("bell", HOUR, bell.ring)
    made = Scheduler(JobRuns(database), [job], Pace(HOUR, AT_ONCE), more=lambda: there)
    await made.start()
    await made.tick()
    async with asyncio.timeout(5):
        while "coin.toss" not in await JobRuns(database).last_finished():  # noqa: ASYNC110 (the database changes)
            await asyncio.sleep(0.01)
    [_, listed] = sorted(await board(database).status(), key=lambda job: job.name)
    assert (listed.name, listed.every, listed.state, listed.failed) == ("coin.toss", HOUR, "waiting", None)
    assert listed.next_at is not None and listed.next_at > datetime.now(UTC)
    await board(database).pause("coin.toss")
    there.clear()
    await age(database, 2 * HOUR)
    await made.tick()
    await settled()
    assert theirs.n_begun == 1
    assert [job.name for job in await board(database).status()] == ["bell"], "its plugin is gone"
    with pytest.raises(BadInput):
        await board(database).ask("coin.toss")
    await made.stop()


async def test_a_plugins_failure_is_listed_until_its_run_is_old(database: Database) -> None:
    outcomes = [PluginFailed("ran in 2 spaces, failed in 1"), None]

    async def toss() -> str:
        if (problem := outcomes.pop(0)) is not None:
            raise problem
        return "ran in 2 spaces, failed in 0"

    made = Scheduler(JobRuns(database), [], Pace(HOUR, AT_ONCE), more=lambda: [Job("coin.toss", HOUR, toss)])
    for _ in range(2):
        await made.run("coin.toss")
    await JobRuns(database).set_plugin_jobs({"coin.toss": HOUR})
    listed = next(job for job in await board(database).status() if job.name == "coin.toss")
    assert listed.last is not None and listed.last.outcome == "done"
    assert listed.failed is not None and listed.failed.detail == "ran in 2 spaces, failed in 1"


def board(database: Database) -> JobBoard:
    return JobBoard(JobRuns(database), {"bell": HOUR})


_MOMENTS = st.timedeltas(AT_ONCE, timedelta(days=30_000)).map(lambda since: datetime(2000, 1, 1, tzinfo=UTC) + since)


@given(last=st.none() | _MOMENTS, soonest=_MOMENTS)
def test_a_job_is_due_after_its_interval_and_never_too_soon(last: datetime | None, soonest: datetime) -> None:
    due = next_run(last, HOUR, soonest)
    assert due >= soonest
    assert due == soonest or (last is not None and due == last + HOUR)


async def test_what_is_due_runs_once_and_again_after_its_interval(database: Database) -> None:
    bell = Bell()
    bell.may_end.set()
    one = await scheduler(database, bell)
    await one.tick()
    await until_finished(database)
    await one.tick()
    await settled()
    assert bell.n_begun == 1
    await age(database, 2 * HOUR)  # as after a long downtime: many are missed, one is made up for
    await one.tick()
    await begun(bell, 2)
    await one.tick()
    await settled()
    assert bell.n_begun == 2
    [status] = await board(database).status()
    assert status.last is not None
    assert (status.state, status.last.outcome, status.last.detail) == ("waiting", "done", "rung")
    assert status.next_at == status.last.finished_at + HOUR  # type: ignore[operator]
    await one.stop()


async def test_a_job_never_overlaps_with_itself(database: Database) -> None:
    bell = Bell()
    one = await scheduler(database, bell)
    for _ in range(3):
        await one.tick()
        await begun(bell)
    await board(database).ask("bell")
    await one.tick()
    await settled()
    assert bell.n_begun == 1
    [status] = await board(database).status()
    assert status.state == "running"
    await one.stop()


async def test_one_of_two_processes_runs_a_job_and_the_other_takes_it_over(tmp_path: Path, database: Database) -> None:
    other_database = await Database.open_shared(tmp_path)
    first, second = Bell(), Bell()
    one, two = await scheduler(database, first), await scheduler(other_database, second)
    await one.tick()
    await begun(first)
    await two.tick()
    await settled()
    assert (first.n_begun, second.n_begun) == (1, 0)
    async with database.write() as connection:  # the first one hangs so long that its claim runs out
        await connection.execute(update(job_wishes).values(claimed_until=datetime.now(UTC) - HOUR))
    await two.tick()
    await begun(second)
    await one.tick()  # it wakes up, and gives up what it was at
    second.may_end.set()
    await until_finished(database)
    first.may_end.set()
    await settled()
    done = [row.outcome for row in await database.rows(runs.select().order_by(runs.c.id))]
    assert done == ["cut", "done"]
    await one.stop()
    await two.stop()
    await other_database.close()


async def test_a_process_that_stops_hands_its_jobs_over_at_once(tmp_path: Path, database: Database) -> None:
    bell, other = Bell(), Bell()
    one, two = await scheduler(database, bell), await scheduler(database, other)
    await one.tick()
    await begun(bell)
    with pytest.raises(Unavailable):
        await two.run("bell")
    await one.stop()
    other.may_end.set()
    await two.run("bell")
    assert (bell.n_begun, other.n_begun) == (1, 1)
    await two.stop()


async def test_of_many_processes_at_once_each_job_is_run_by_one(database: Database) -> None:
    bells = [Bell() for _ in range(4)]
    for bell in bells:
        bell.may_end.set()
    several = [await scheduler(database, bell) for bell in bells]
    await asyncio.gather(*(each.tick() for each in several))
    await until_finished(database)
    await asyncio.gather(*(each.tick() for each in several))
    await settled()
    assert sum(bell.n_begun for bell in bells) == 1
    for each in several:
        await each.stop()


async def test_what_another_process_did_meanwhile_is_not_done_again(database: Database) -> None:
    record, earlier = JobRuns(database), datetime.now(UTC) - HOUR
    await record.know(["bell"])
    await record.finish(await record.start("bell"), "done", "rung")
    assert not await record.claim("bell", "late", HOUR, earlier)
    await record.request_run("bell")
    assert await record.claim("bell", "late", HOUR, earlier)
    assert not await record.claim("bell", "later", HOUR, earlier)
    assert await record.renew(["bell"], "later", HOUR) == {"bell"}


async def test_a_run_that_was_cut_short_is_due_again(database: Database) -> None:
    await JobRuns(database).start("bell")  # and its process was killed
    bell = Bell()
    bell.may_end.set()
    one = await scheduler(database, bell)
    await one.tick()
    await until_finished(database)
    assert bell.n_begun == 1
    assert [row.outcome for row in await database.rows(runs.select().order_by(runs.c.id))] == ["cut", "done"]
    await one.stop()


async def test_a_clock_that_is_set_back_stops_no_ticks(database: Database) -> None:
    """APScheduler waits by the wall clock; what ran while that was ahead is due again, and what settles has settled."""
    bell, tick = Bell(), timedelta(milliseconds=20)
    bell.may_end.set()
    made = Scheduler(JobRuns(database), [Job("bell", HOUR, bell.ring)], Pace(tick, AT_ONCE))
    await made.start()
    await begun(bell)
    await until_finished(database)
    async with database.write() as connection:
        await connection.execute(update(runs).values(finished_at=datetime.now(UTC) + timedelta(days=1)))
    (ticking,) = made._scheduler.get_jobs()
    ticking.modify(next_run_time=datetime.now(UTC) + timedelta(days=1))
    await begun(bell, 2)
    await made.stop()


async def test_an_outage_of_the_database_stops_no_ticks(
    database: Database, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    job_runs, bell = JobRuns(database), Bell()
    looking = job_runs.last_finished

    async def last_finished() -> Mapping[str, datetime]:
        if "jobs wait" in caplog.text:
            return await looking()
        raise DatabaseUnreachable("storage.unreachable", database="here")

    monkeypatch.setattr(job_runs, "last_finished", last_finished)
    made = Scheduler(job_runs, [Job("bell", HOUR, bell.ring)], Pace(timedelta(milliseconds=20), AT_ONCE))
    await made.start()
    await begun(bell)
    assert "Traceback" not in caplog.text
    await made.stop()


async def test_a_fault_is_recorded_and_does_not_stop_the_next_run(
    database: Database, caplog: pytest.LogCaptureFixture
) -> None:
    async def fail() -> str:
        raise ZeroDivisionError

    made = Scheduler(JobRuns(database), [Job("bell", HOUR, fail)])
    await made.run("bell")
    [status] = await board(database).status()
    assert status.last is not None
    assert status.last.outcome == "failed"
    assert "ZeroDivisionError" in (status.last.detail or "")
    assert status.state == "waiting"
    assert "job bell failed" in caplog.text


async def test_a_job_rests_while_it_is_paused_and_runs_when_asked(database: Database) -> None:
    bell = Bell()
    bell.may_end.set()
    one = await scheduler(database, bell)
    await board(database).pause("bell")
    await one.tick()
    await settled()
    assert bell.n_begun == 0
    assert (await board(database).status())[0].state == "paused"
    await board(database).ask("bell")
    await one.tick()
    await until_finished(database)
    assert bell.n_begun == 1
    await board(database).unpause("bell")
    assert (await board(database).status())[0].state == "waiting"
    await one.stop()


async def test_what_is_no_job_is_said_to_be_none(database: Database) -> None:
    for wish in (board(database).ask, board(database).pause, board(database).unpause):
        with pytest.raises(BadInput) as raised:
            await wish("gong")
        assert raised.value.key == "jobs.unknown"
        assert "bell" in str(raised.value.values)
