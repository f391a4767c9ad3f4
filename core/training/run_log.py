"""Log of finished training runs, one JSON line each: the data that ``core.training.scaling`` fits its law to."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path

from core.errors import BadInput
from core.training.scaling import ScalingRun


def runs_file(data_dir: Path) -> Path:
    """Return the path of a data folder's run log."""
    return data_dir / "training" / "runs.jsonl"


def append_run(path: Path, run: ScalingRun, version: str) -> None:
    """Append a run and the version that it made to a run log. Blocks. Raises ``OSError``."""
    row = {"params": run.n_params, "tokens": run.n_tokens, "loss": run.loss, "version": version}
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("a", encoding="utf-8") as file:
        file.write(json.dumps({**row, "at": datetime.now(UTC).isoformat()}) + "\n")


def read_runs(path: Path) -> list[ScalingRun]:
    """Return the runs in a run log. Blocks. Raises ``BadInput`` when it is missing or a line is not a run."""
    try:
        lines = path.read_text(encoding="utf-8", errors="replace").splitlines()
        rows = [json.loads(line) for line in lines if line.strip()]
        return [ScalingRun(float(row["params"]), float(row["tokens"]), float(row["loss"])) for row in rows]
    except OSError as error:
        raise BadInput("export.no_file", path=path, problem=error.strerror or error) from error
    except (ValueError, KeyError, TypeError) as error:
        raise BadInput("plan.no_run") from error
