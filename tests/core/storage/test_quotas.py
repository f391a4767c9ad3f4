"""Counts that several processes add to, and cooldowns that are never shortened."""

from __future__ import annotations

from core.storage.database import Database
from core.storage.quotas import ANY, AccountCooldown, QuotaAccount, Quotas, Slot, UsageCounts

GROQ = QuotaAccount("groq", "k1", "gpt-oss-20b")
DAY = Slot(GROQ, "day", 1_790_000_000)


async def test_what_two_processes_count_is_added_up(database: Database) -> None:
    first, second = Quotas(database), Quotas(database)
    await first.sync({DAY: UsageCounts(1, 900, 4)}, [])
    seen = await second.sync(
        {DAY: UsageCounts(2, 100, 1), Slot(GROQ, "minute", 1_790_000_321): UsageCounts(2, 100, 1)}, []
    )
    assert seen.counts[DAY] == UsageCounts(3, 1000, 5)
    assert seen == await first.load()
    assert seen.latest_s == 1_790_000_321


async def test_tokens_that_were_reserved_and_not_used_are_given_back(database: Database) -> None:
    quotas = Quotas(database)
    await quotas.sync({DAY: UsageCounts(1, 2000)}, [])
    assert (await quotas.sync({DAY: UsageCounts(0, -1700)}, [])).counts[DAY] == UsageCounts(1, 300)


async def test_a_bench_is_lengthened_and_never_shortened(database: Database) -> None:
    quotas = Quotas(database)
    await quotas.sync({}, [AccountCooldown(GROQ, 500.0, "a day is spent")])
    await quotas.sync({}, [AccountCooldown(GROQ, 100.0, "a minute is spent")])
    assert (await quotas.load()).cooldowns[GROQ] == AccountCooldown(GROQ, 500.0, "a day is spent")
    await quotas.sync({}, [AccountCooldown(GROQ, 900.0, "the key is wrong")])
    assert (await quotas.load()).cooldowns[GROQ] == AccountCooldown(GROQ, 900.0, "the key is wrong")


async def test_a_reset_is_of_one_provider(database: Database) -> None:
    quotas = Quotas(database)
    gemini = AccountCooldown(QuotaAccount("gemini", ANY, ANY), 1.0, "gone")
    await quotas.sync({DAY: UsageCounts(1)}, [AccountCooldown(GROQ, 1.0, "gone"), gemini])
    assert await quotas.clear_cooldowns("groq") == 1
    saved = await quotas.load()
    assert dict(saved.cooldowns) == {gemini.account: gemini}
    assert saved.counts  # what was used stays used


async def test_only_what_a_limit_still_looks_at_is_kept(database: Database) -> None:
    quotas, start_s = Quotas(database), DAY.start_s
    old = {Slot(GROQ, "minute", start_s): UsageCounts(1), Slot(GROQ, "day", start_s): UsageCounts(1)}
    await quotas.sync(old, [])
    new = {Slot(GROQ, "minute", start_s + 900): UsageCounts(1), Slot(GROQ, "day", start_s + 86_400): UsageCounts(1)}
    assert set((await quotas.sync(new, [])).counts) == {*new, Slot(GROQ, "day", start_s)}
    assert (await Quotas(database).load()).latest_s == start_s + 900
