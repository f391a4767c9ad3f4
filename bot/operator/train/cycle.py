"""``aion train cycle``: export, reward model, SFT, comparison and trial in one process of low priority."""

from __future__ import annotations

import os
from contextlib import suppress

from bot.operator.lora import PromoteOptions, promote_compared
from bot.operator.train.export import export_training_data
from bot.operator.train.job import TrainingJob
from bot.operator.train.options import TrainingOptions, lora_registry
from bot.operator.train.reward import fit_reward_model
from bot.operator.train.sft import train_sft
from core.errors import BadInput
from core.settings import read_settings
from core.training.batching import TrainingBatch
from core.training.export import export_file

SHARE, N_ANSWERS = 0.1, 200
"""Share of the answers that a version on trial writes, and the answers after which it is promoted."""


async def run_cycle() -> None:
    """Export, fit a reward model, train by SFT, compare, and start a trial where the version is a gain.

    Lowers the priority of the process. Raises ``BadInput`` where there is no training data, or no gain.
    """
    os.nice(10)
    settings = read_settings()
    folder = settings.data_dir / "training" / "latest"
    await export_training_data(folder, None)
    from core.training.student import LoraShape
    from core.training.trainer import Recipe

    with suppress(BadInput):  # too few thumbs of either kind: the comparison goes without a reward model
        await fit_reward_model(export_file(folder, "reward"), None, False, None)
    registry = lora_registry(settings)
    options = TrainingOptions(
        export_file(folder, "sft"), folder / "lora", LoraShape(), parent=registry.state().promoted
    )
    await train_sft(TrainingJob(options, Recipe(batch=TrainingBatch(2, 4), n_epochs=3.0, max_length=1024)))
    version = registry.add(folder / "lora")
    thumbs = export_file(folder, "kto", is_held=True)
    await promote_compared(PromoteOptions(version.name, thumbs, (), None, SHARE, N_ANSWERS))
