"""Automatic LoRA lifecycle: roll back a trial rated worse, promote after N answers, retrain after N ratings.

Training runs in a process of its own with lower priority (``aion train cycle``), so that answers do not wait for it.
"""

from __future__ import annotations

import asyncio
import logging
import os
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from core.child_environment import child_environment
from core.models.lora import Base
from core.models.registry import Trial
from core.offload import offload
from core.storage.training_ratings import RatedAnswers, RatingTally
from core.training.promotion import Promotion
from core.training.version_test import dislike_p_value

log = logging.getLogger(__name__)

CYCLE_COMMAND = (sys.executable, "-m", "bot", "train", "cycle")
LAST_CYCLE = "cycle-started"

SIGNIFICANCE = 0.05
"""p-value of Fisher's exact test under which a trial counts as rated worse."""

MIN_VOTES = 5
"""Ratings that a version on trial needs before it is tested."""


@dataclass(frozen=True, slots=True)
class AutoPromotion:
    """Ends trials and starts training. ``folder``: ``training`` of the data folder; ``after``: ratings, 0 for never."""

    rated: RatedAnswers
    promotion: Promotion
    base: Callable[[], Base]
    folder: Path
    after: int
    command: Sequence[str] = CYCLE_COMMAND

    async def watch_trial(self) -> str:
        """Roll back a trial that is rated worse, or promote one that wrote its answers; return a line for the log."""
        registry = self.promotion.registry
        state = await offload(registry.state)
        trial = state.trial
        if trial is None:
            return "nothing is on trial"
        own = await self.rated.tally(trial.version, trial.since)
        others = await self.rated.tally(state.promoted, trial.since)
        if is_worse(own, others):
            await offload(registry.rollback)
            log.warning("%s is rolled back: %d 👎 of %d thumbs", trial.version, own.n_down, own.n_down + own.n_up)
            return f"{trial.version} is rolled back: {own.n_down} 👎, {own.n_up} 👍"
        if own.n_answers >= trial.n_answers:
            await self.promotion.promote(trial.version, await offload(self.base))
            return f"{trial.version} is promoted after {own.n_answers} answers"
        return _progress(trial, own)

    async def train_when_due(self) -> str:
        """Run ``command`` when ``after`` ratings came in since its last run; return a line for the log.

        Raises ``RuntimeError`` when it fails.
        """
        if not self.after:
            return "AION_TRAIN_AFTER_RATINGS is 0: nothing is trained by itself"
        n_new = await self.rated.count_since(await offload(self._last))
        if n_new < self.after:
            return f"{n_new} of {self.after} new ratings"
        await offload(self._mark)
        process = await asyncio.create_subprocess_exec(
            *self.command,
            env=child_environment(),
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
        )
        try:
            said = (await process.communicate())[0].decode("utf-8", "replace").strip()
        except asyncio.CancelledError:
            process.terminate()
            await process.wait()
            raise
        if process.returncode:
            raise RuntimeError(f"training ended with {process.returncode}: {said[-500:]}")
        return f"trained on {n_new} new ratings: {said.splitlines()[-1] if said else 'done'}"

    def _last(self) -> datetime | None:
        try:
            return datetime.fromtimestamp((self.folder / LAST_CYCLE).stat().st_mtime, UTC)
        except FileNotFoundError:
            return None

    def _mark(self) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        (self.folder / LAST_CYCLE).touch()
        now_ns = time.time_ns()  # the file system's own clock runs some milliseconds behind the one of the ratings
        os.utime(self.folder / LAST_CYCLE, ns=(now_ns, now_ns))


def is_worse(own: RatingTally, others: RatingTally) -> bool:
    """Tell whether ``own`` has significantly more 👎 than ``others``; false under ``MIN_VOTES`` ratings."""
    if own.n_up + own.n_down < MIN_VOTES:
        return False
    return dislike_p_value((own.n_up, own.n_down), (others.n_up, others.n_down)) < SIGNIFICANCE


def _progress(trial: Trial, own: RatingTally) -> str:
    return f"{trial.version}: {own.n_answers} of {trial.n_answers} answers, {own.n_up} 👍, {own.n_down} 👎"
