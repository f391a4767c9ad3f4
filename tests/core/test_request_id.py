"""Every request has an id of its own, which tasks and threads inherit."""

from __future__ import annotations

import asyncio

from core.offload import offload
from core.request_id import current_request, request


async def test_tasks_and_threads_inherit_the_id_and_others_have_their_own() -> None:
    async def one() -> tuple[str, ...]:
        with request() as given:
            await asyncio.sleep(0)
            return given, current_request(), await offload(current_request), await asyncio.create_task(read())

    async def read() -> str:
        return current_request()

    first, second = await asyncio.gather(one(), one())
    assert len({*first}) == len({*second}) == 1
    assert first[0] != second[0]
    assert current_request() == ""


def test_an_id_from_outside_is_taken_where_it_can_be_one() -> None:
    with request("from-the-gateway-7") as given:
        assert given == "from-the-gateway-7"
    for bad in ("", "two words", "line\nbreak", "x" * 65, "é"):
        with request(bad) as given:
            assert given != bad
            assert len(given) == 12
