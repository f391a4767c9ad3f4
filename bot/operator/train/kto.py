"""``aion train kto``: LoRA weights by Kahneman-Tversky optimization on liked and disliked replies."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bot.operator.train.job import TrainingJob
from bot.terminal.output import print_sentence
from core.offload import offload
from core.training.rows import Rows

if TYPE_CHECKING:
    from core.training.student import Student
    from core.training.trainer import TrainingResult, TrainingRun


async def train_kto(job: TrainingJob) -> None:
    """Train on ``prompt``, ``completion`` and ``label`` of each row, write the weights and register them.

    Replies with both labels are left out. Raises as ``TrainingJob.run``.
    """

    def fit(student: Student, rows: Rows, held: Rows | None, run: TrainingRun) -> TrainingResult:
        from core.training.kto import kto, read_thumbs

        thumbs, n_contradictory = read_thumbs(rows.rows)
        if n_contradictory:
            print_sentence("learn.left_out_contradictory", n=n_contradictory)
        return kto(student, thumbs, read_thumbs(held.rows)[0] if held else (), job.recipe, run)

    await offload(job.run, "kto", ("prompt", "completion", "label"), fit)
