"""A short ``make soak``: whatever many messages leave behind, it is no tasks, threads or descriptors."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.e2e.long_run import long_run

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]

N_MESSAGES = 300
MAX_MORE = 10
"""More may be open by chance: a connection that is kept, a job's task. One in thirty messages that leaks is seen."""


async def test_messages_leave_no_tasks_threads_or_descriptors_behind(tmp_path: Path) -> None:
    first, last = await long_run(tmp_path, [150, N_MESSAGES])
    assert last.tasks - first.tasks < MAX_MORE
    assert last.threads - first.threads < MAX_MORE
    assert last.descriptors - first.descriptors < MAX_MORE
