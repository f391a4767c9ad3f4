"""Dates in the order of some country."""

from __future__ import annotations

import pytest

from core.importing.formats.moments import from_iso, from_seconds, from_snowflake, local_moments


@pytest.mark.parametrize(
    ("samples", "order"),
    [
        (["01/02/2024, 10:00", "13/02/2024, 10:00"], "dmy"),
        (["01/02/2024, 10:00", "01/13/2024, 10:00"], "mdy"),
        (["2024-01-02 10:00"], "ymd"),
        (["01/02/2024 10:00", "02/01/2024 10:00"], "mdy"),
        (["01/02/2024 10:00", "01/03/2024 10:00"], "mdy"),
        (["01/02/2024 10:00", "02/02/2024 10:00"], "dmy"),
        ([], "dmy"),
    ],
)
def test_the_order_of_day_and_month_is_found(samples: list[str], order: str) -> None:
    assert local_moments(samples).order == order


def test_impossible_times_are_none() -> None:
    moments = local_moments(["13/02/2024, 10:00"])
    assert moments.read("31/02/2024, 10:00") is None
    assert moments.read("nonsense") is None
    assert from_seconds("-5") is None
    assert from_seconds("1e99") is None
    assert from_iso("2024-13-45") is None
    assert from_snowflake("12") is None


def test_the_time_in_a_discord_id() -> None:
    assert str(from_snowflake("175928847299117063")) == "2016-04-30 11:18:25.796000+00:00"
