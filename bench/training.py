"""Tokens/s of ``aion train sft`` beside TRL's own script with the same settings, in turns: ``make bench-training``.

Both train rank-16 LoRA weights of the default model on the same 64 pairs, in processes of their own.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path
from statistics import median

from core.models.catalog import DEFAULT_LANGUAGE_MODEL, language_model_source
from tests.lessons import TAUGHT, as_messages

PROJECTIONS = ("q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj")

BATCH = 4


def compare(n_steps: int, n_rounds: int) -> None:
    """Print the examples/s of both, round by round."""
    with tempfile.TemporaryDirectory() as folder:
        data, models = Path(folder) / "data", Path(folder) / "models"
        data.mkdir()
        rows = [as_messages(prompt, reply) for prompt, reply in TAUGHT]
        (data / "sft.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
        as_pairs = [{"prompt": row["messages"][:-1], "completion": row["messages"][-1:]} for row in rows]
        (data / "pairs").mkdir()
        (data / "pairs" / "train.jsonl").write_text("".join(json.dumps(row) + "\n" for row in as_pairs))
        source = language_model_source(DEFAULT_LANGUAGE_MODEL, models, lambda key: None)
        figures: dict[str, list[float]] = {"aion": [], "trl": []}
        for number in range(n_rounds):
            figures["aion"].append(ours(Path(folder), data / "sft.jsonl", n_steps))
            figures["trl"].append(theirs(Path(folder), data / "pairs", source, n_steps))
            print(f"round {number + 1}, examples/s:", {name: round(each[-1], 1) for name, each in figures.items()})
        print(
            {name: round(median(each), 1) for name, each in figures.items()}, "median examples/s; load", os.getloadavg()
        )


def ours(folder: Path, data: Path, n_steps: int) -> float:
    command = ["-m", "bot", "train", "sft", "--data", str(data), "--out", str(folder / "out"), "--batch", str(BATCH)]
    said = _run(folder, *command, "--accumulate", "1", "--max-steps", str(n_steps))
    return BATCH * n_steps / float(re.search(r"train_s +([\d.]+)", said)[1])


def theirs(folder: Path, data: Path, source: str, n_steps: int) -> float:
    settings = {
        "model_name_or_path": source,
        "dtype": "float32",
        "dataset_name": str(data),
        "output_dir": str(folder / "trl"),
        "use_peft": "True",
        "lora_r": "16",
        "lora_alpha": "32",
        "lora_dropout": "0.05",
        "per_device_train_batch_size": str(BATCH),
        "learning_rate": "2e-4",
        "adam_beta2": "0.95",
        "max_steps": str(n_steps),
        "max_length": "2048",
        "logging_steps": "1",
        "use_cpu": "True",
        "bf16": "False",
        "activation_checkpointing": "False",
        "dataloader_pin_memory": "False",
        "save_strategy": "no",
        "eval_strategy": "no",
        "report_to": "none",
    }
    flags = [part for name, value in settings.items() for part in (f"--{name}", value)]
    said = _run(folder, "-m", "trl.scripts.sft", *flags, "--lora_target_modules", *PROJECTIONS)
    return BATCH * n_steps / float(re.findall(r"'train_runtime': '?([\d.]+)", said)[-1])


def _run(folder: Path, *command: str) -> str:
    environment = {**os.environ, "AION_DATA_DIR": str(folder), "GOMP_SPINCOUNT": "1000"}
    done = subprocess.run([sys.executable, *command], env=environment, text=True, capture_output=True, check=False)
    if done.returncode:
        sys.exit(f"{command}: {done.stderr[-3000:]}")
    return done.stdout + done.stderr


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--steps", type=int, default=4)
    parser.add_argument("--rounds", type=int, default=3)
    asked = parser.parse_args()
    compare(asked.steps, asked.rounds)
