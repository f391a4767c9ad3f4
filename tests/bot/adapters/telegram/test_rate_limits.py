"""Telegram's budgets, on a clock that only moves when told."""

from __future__ import annotations

import datetime as dt

import pytest
from telegram.error import RetryAfter

from bot.adapters.telegram.rate_limits import TelegramRateLimits, ban_s
from bot.delivery.errors import NotDelivered

GROUP, PRIVATE = -1001, 100


class HandClock:
    def __init__(self) -> None:
        self.time_s = 1000.0

    def now_s(self) -> float:
        return self.time_s

    async def sleep(self, duration_s: float) -> None:
        self.time_s += duration_s


@pytest.fixture
def clock() -> HandClock:
    return HandClock()


@pytest.mark.parametrize(("chat_id", "n", "at_least_s"), [(GROUP, 40, 60), (PRIVATE, 80, 60)])
async def test_a_chat_gets_its_burst_and_then_its_rate(clock, chat_id, n, at_least_s):
    traffic = TelegramRateLimits(clock)
    for _ in range(20):
        await traffic.admit(chat_id)
    assert clock.time_s < 1001
    for _ in range(n - 20):
        await traffic.admit(chat_id)
    assert at_least_s <= clock.time_s - 1000 <= 1.08 * at_least_s


async def test_all_chats_together_stay_below_thirty_a_second(clock):
    traffic = TelegramRateLimits(clock)
    for chat_id in range(1, 121):
        await traffic.admit(chat_id)
    assert 90 / 30 <= clock.time_s - 1000 < 120 / 25


async def test_cosmetic_traffic_leaves_half_to_final_texts(clock):
    traffic = TelegramRateLimits(clock)
    for _ in range(10):
        traffic.admit_cosmetic(GROUP)
        await clock.sleep(0.12)
    with pytest.raises(NotDelivered):
        traffic.admit_cosmetic(GROUP)
    for _ in range(10):
        await traffic.admit(GROUP)
    assert clock.time_s < 1002
    await clock.sleep(2)
    traffic.admit_cosmetic(PRIVATE)


async def test_a_ban_holds_for_its_chat_and_exactly_as_long_as_told(clock):
    traffic = TelegramRateLimits(clock)
    traffic.ban(GROUP, 30)
    traffic.ban(GROUP, 5)
    await clock.sleep(10)
    with pytest.raises(NotDelivered) as refused:
        await traffic.admit(GROUP)
    assert refused.value.retry_after_s == 20
    with pytest.raises(NotDelivered):
        traffic.admit_cosmetic(GROUP)
    await traffic.admit(PRIVATE)
    await clock.sleep(20)
    await traffic.admit(GROUP)
    assert clock.time_s == 1030


@pytest.mark.parametrize("opted_in", ["true", "false"])
def test_a_flood_ban_is_read_whichever_way_the_library_tells_it(monkeypatch, opted_in):
    monkeypatch.setenv("PTB_TIMEDELTA", opted_in)
    if opted_in == "true":
        assert ban_s(RetryAfter(dt.timedelta(seconds=7))) == 7
    else:
        with pytest.warns(match="PTB_TIMEDELTA"):
            assert ban_s(RetryAfter(7)) == 7
