"""``aion train sft``: LoRA weights by supervised fine-tuning on liked replies."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bot.operator.train.job import TrainingJob
from core.offload import offload
from core.training.rows import Rows

if TYPE_CHECKING:
    from core.training.student import Student
    from core.training.trainer import TrainingResult, TrainingRun


async def train_sft(job: TrainingJob) -> None:
    """Train on the ``messages`` of each row, write the weights and register them. Raises as ``TrainingJob.run``."""

    def fit(student: Student, rows: Rows, held: Rows | None, run: TrainingRun) -> TrainingResult:
        from core.training.likelihood import prompted_replies
        from core.training.sft import sft

        return sft(student, prompted_replies(rows.rows), prompted_replies(held.rows) if held else (), job.recipe, run)

    await offload(job.run, "sft", ("messages",), fit)
