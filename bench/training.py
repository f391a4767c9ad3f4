"""Tokens/s of ``aion train sft`` beside TRL's own script with the same settings, in turns: ``make bench-training``.

Both go once over the same 32 pairs with rank-16 LoRA weights of the default model, in processes of their own. The same
clock counts what both trainers count, tokens that are no padding, from the end of the first update on.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from statistics import median

from bench.arguments import add_models, link_models, parser_for
from bench.table import heading, row
from core.models.catalog import DEFAULT_LANGUAGE_MODEL, language_model_source
from core.training.student import PROJECTIONS
from tests.lessons import TAUGHT, as_messages

BATCH = 4
N_ROWS = 32


@dataclass(frozen=True, slots=True)
class TokenRate:
    """Tokens a second, by the wall's clock and by the process's own, and all tokens of the run."""

    by_wall: float
    by_cpu: float
    n_tokens: int


def compare(folder: Path, models: Path, n_rounds: int) -> None:
    """Print the tokens/s of both, round by round."""
    chats = [as_messages(prompt, reply) for prompt, reply in TAUGHT[:N_ROWS]]
    (folder / "sft.jsonl").write_text("".join(json.dumps(chat) + "\n" for chat in chats))
    turns = [chat["messages"] for chat in chats]
    as_pairs = [{"prompt": each[:-1], "completion": each[-1:]} for each in turns]
    (folder / "pairs").mkdir()
    (folder / "pairs" / "train.jsonl").write_text("".join(json.dumps(pair) + "\n" for pair in as_pairs))
    source = language_model_source(DEFAULT_LANGUAGE_MODEL, models, lambda key: None)
    link_models(folder, models)
    rounds = []
    print(heading("round", "AION, tokens/s", "TRL", "AION, tokens/s of processor time", "TRL", "tokens, both"))
    for number in range(n_rounds):
        if number % 2:  # each goes first as often
            t, a = theirs(folder, source), ours(folder)
        else:
            a, t = ours(folder), theirs(folder, source)
        rounds.append((a, t))
        rates = (f"{rate:.0f}" for rate in (a.by_wall, t.by_wall, a.by_cpu, t.by_cpu))
        print(row(number + 1, *rates, f"{a.n_tokens}, {t.n_tokens}"), flush=True)
    wall, cpu = (median(getattr(a, name) / getattr(t, name) for a, t in rounds) for name in ("by_wall", "by_cpu"))
    print(f"median ratio {wall:.2f} by the wall, {cpu:.2f} by the processor; load {os.getloadavg()}")


def ours(folder: Path) -> TokenRate:
    command = ["bot", "train", "sft", "--data", str(folder / "sft.jsonl"), "--out", str(folder / "out")]
    return _measured(folder, *command, "--batch", str(BATCH), "--accumulate", "1")


def theirs(folder: Path, source: str) -> TokenRate:
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
    return _measured(folder, "trl.scripts.sft", *flags, "--lora_target_modules", *PROJECTIONS)


def _measured(folder: Path, *command: str) -> TokenRate:
    environment = {**os.environ, "AION_DATA_DIR": str(folder), "GOMP_SPINCOUNT": "1000"}
    clocked = [sys.executable, str(Path(__file__).with_name("step_clock.py")), *command]
    done = subprocess.run(clocked, env=environment, text=True, capture_output=True, check=False)
    if done.returncode:
        sys.exit(f"{command}: {done.stderr[-3000:]}")
    steps = [json.loads(line) for line in done.stdout.splitlines() if line.startswith('{"wall_s"')]
    first, last = steps[0], steps[-1]
    n_tokens = last["n_tokens"] - first["n_tokens"]
    by_wall, by_cpu = (n_tokens / (last[name] - first[name]) for name in ("wall_s", "cpu_s"))
    return TokenRate(by_wall, by_cpu, last["n_tokens"])


def main() -> None:
    parser = parser_for(__doc__)
    parser.add_argument("--rounds", type=int, default=3)
    add_models(parser)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        compare(Path(folder), given.models, given.rounds)


if __name__ == "__main__":
    main()
