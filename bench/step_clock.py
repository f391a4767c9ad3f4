"""Runs a module as ``python -m`` does, and tells the time and the tokens of every update of a transformers trainer.

``python bench/step_clock.py MODULE ARGUMENTS``: each update is a line of JSON on standard output.
"""

from __future__ import annotations

import json
import runpy
import sys
import time
from typing import Any

import transformers.trainer
from transformers import TrainerCallback


class StepClock(TrainerCallback):
    """Prints, after every update, the wall time, this process's own, and the tokens seen that are no padding."""

    def on_train_begin(self, args: Any, state: Any, control: Any, **_: Any) -> None:
        args.include_num_input_tokens_seen = "non_padding"  # which TRL's script has no flag for

    def on_step_end(self, args: Any, state: Any, control: Any, **_: Any) -> None:
        seen = {"wall_s": time.monotonic(), "cpu_s": time.process_time(), "n_tokens": state.num_input_tokens_seen}
        print("\n" + json.dumps(seen), flush=True)


if __name__ == "__main__":
    transformers.trainer.DEFAULT_CALLBACKS.append(StepClock)  # type: ignore[arg-type]  # typed by its first item
    sys.argv = sys.argv[1:]
    runpy.run_module(sys.argv[0], run_name="__main__", alter_sys=True)
