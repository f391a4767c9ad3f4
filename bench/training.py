"""Tokens/s of ``aion train sft`` beside TRL's own script with the same settings, in turns: ``make bench-training``.

Both go once over the same 32 pairs with rank-16 LoRA weights of the default model, in processes of their own. The same
clock counts what both trainers count, tokens that are no padding, from the end of the first update on.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from statistics import median

from core.models.catalog import DEFAULT_LANGUAGE_MODEL, language_model_source
from tests.lessons import TAUGHT, as_messages

PROJECTIONS = ("q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj")

BATCH = 4
N_ROWS = 32


@dataclass(frozen=True, slots=True)
class Pace:
    """Tokens a second, by the wall's clock and by the process's own, and all tokens of the run."""

    by_wall: float
    by_cpu: float
    n_tokens: int


def compare(folder: Path, models: Path, n_rounds: int) -> None:
    """Print the tokens/s of both, round by round."""
    rows = [as_messages(prompt, reply) for prompt, reply in TAUGHT[:N_ROWS]]
    (folder / "sft.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    as_pairs = [{"prompt": row["messages"][:-1], "completion": row["messages"][-1:]} for row in rows]
    (folder / "pairs").mkdir()
    (folder / "pairs" / "train.jsonl").write_text("".join(json.dumps(row) + "\n" for row in as_pairs))
    source = language_model_source(DEFAULT_LANGUAGE_MODEL, models, lambda key: None)
    (folder / "models").symlink_to(models.resolve())
    rounds = []
    print("| round | AION, tokens/s | TRL | AION, tokens/s of processor time | TRL | tokens, both |")
    print("|---|---|---|---|---|---|")
    for number in range(n_rounds):
        if number % 2:  # each goes first as often
            t, a = theirs(folder, source), ours(folder)
        else:
            a, t = ours(folder), theirs(folder, source)
        rounds.append((a, t))
        told = f"{a.by_wall:.0f} | {t.by_wall:.0f} | {a.by_cpu:.0f} | {t.by_cpu:.0f} | {a.n_tokens}, {t.n_tokens}"
        print(f"| {number + 1} | {told} |", flush=True)
    wall, cpu = (median(getattr(a, name) / getattr(t, name) for a, t in rounds) for name in ("by_wall", "by_cpu"))
    print(f"median ratio {wall:.2f} by the wall, {cpu:.2f} by the processor; load {os.getloadavg()}")


def ours(folder: Path) -> Pace:
    command = ["bot", "train", "sft", "--data", str(folder / "sft.jsonl"), "--out", str(folder / "out")]
    return _paced(folder, *command, "--batch", str(BATCH), "--accumulate", "1")


def theirs(folder: Path, source: str) -> Pace:
    settings = {
        "model_name_or_path": source,
        "dtype": "float32",
        "dataset_name": str(folder / "pairs"),
        "output_dir": str(folder / "trl"),
        "use_peft": "True",
        "lora_r": "16",
        "lora_alpha": "32",
        "lora_dropout": "0.05",
        "per_device_train_batch_size": str(BATCH),
        "num_train_epochs": "1",
        "learning_rate": "2e-4",
        "adam_beta2": "0.95",
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
    return _paced(folder, "trl.scripts.sft", *flags, "--lora_target_modules", *PROJECTIONS)


def _paced(folder: Path, *command: str) -> Pace:
    environment = {**os.environ, "AION_DATA_DIR": str(folder), "GOMP_SPINCOUNT": "1000"}
    clocked = [sys.executable, str(Path(__file__).with_name("step_clock.py")), *command]
    done = subprocess.run(clocked, env=environment, text=True, capture_output=True, check=False)
    if done.returncode:
        sys.exit(f"{command}: {done.stderr[-3000:]}")
    steps = [json.loads(line) for line in done.stdout.splitlines() if line.startswith('{"wall_s"')]
    first, last = steps[0], steps[-1]
    n_tokens = last["n_tokens"] - first["n_tokens"]
    by_wall, by_cpu = (n_tokens / (last[name] - first[name]) for name in ("wall_s", "cpu_s"))
    return Pace(by_wall, by_cpu, last["n_tokens"])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--models", type=Path, help="where converted models are kept")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        models = asked.models or Path(folder) / "converted"
        compare(Path(folder), models, asked.rounds)


if __name__ == "__main__":
    main()
