"""The notebooks for free GPUs: whole, three cells, Python, and naming only what AION has."""

from __future__ import annotations

import ast
import json
import re
import tomllib
from pathlib import Path
from typing import Any

import pytest
import typer

from bot.cli import app
from core.settings import Settings
from core.training.checkpoint import Checkpoints

PROJECT = Path(__file__).parents[2] / "pyproject.toml"
NOTEBOOKS = sorted((Path(__file__).parents[2] / "deploy" / "notebooks").glob("*.ipynb"))


def read(path: Path) -> dict[str, Any]:
    notebook: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return notebook


def code(path: Path) -> list[str]:
    return ["".join(cell["source"]) for cell in read(path)["cells"] if cell["cell_type"] == "code"]


def python(cell: str) -> ast.Module:
    """Parse a cell without what only a notebook understands."""
    return ast.parse("\n".join(line for line in cell.splitlines() if line[:1] not in ("!", "%")))


def test_there_is_one_for_each_place() -> None:
    kinds, places = ("train", "worker"), ("colab", "kaggle")
    assert [path.stem for path in NOTEBOOKS] == [f"{kind}_{place}" for kind in kinds for place in places]


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_a_notebook_is_what_nbformat_4_5_asks_for(path: Path) -> None:
    notebook = read(path)
    assert (notebook["nbformat"], notebook["nbformat_minor"]) == (4, 5)
    assert notebook["metadata"]["kernelspec"]["name"] == "python3"
    ids = [cell["id"] for cell in notebook["cells"]]
    assert len(set(ids)) == len(ids)
    assert all(re.fullmatch(r"[a-zA-Z0-9-_]{1,64}", name) for name in ids)
    for cell in notebook["cells"]:
        assert cell["cell_type"] in ("markdown", "code")
        assert isinstance(cell["metadata"], dict)
        assert all(isinstance(line, str) for line in cell["source"])
        if cell["cell_type"] == "code":
            assert (cell["execution_count"], cell["outputs"]) == (None, [])  # nothing of anybody's session


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_a_notebook_installs_what_runs_models(path: Path) -> None:
    extras = tomllib.loads(PROJECT.read_text(encoding="utf-8"))["project"]["optional-dependencies"]
    (extra,) = re.findall(r"pip install --quiet --editable aion\[(\w+)\]", code(path)[0])
    assert extra == "full" or "aion-memory[full]" in extras[extra]


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_three_cells_of_python_start_it(path: Path) -> None:
    cells = code(path)
    assert len(cells) == 3
    for cell in cells:
        python(cell)


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_it_names_only_commands_options_and_settings_that_exist(path: Path) -> None:
    calls = [
        [element.value for element in node.elts if isinstance(element, ast.Constant)]
        for cell in code(path)
        for node in ast.walk(python(cell))
        if isinstance(node, ast.List)
    ]
    (call,) = (words for words in calls if words[:1] == ["aion"])
    command: Any = typer.main.get_command(app)
    rest = call[1:]
    while rest and rest[0] in getattr(command, "commands", {}):
        command, rest = command.commands[rest[0]], rest[1:]
    known = {name for parameter in command.params for name in parameter.opts}
    used = {word for word in rest if word.startswith("--")}
    assert used
    assert used <= known
    text = "".join(code(path))
    named = set(re.findall(r"AION_[A-Z_]+", text))
    asked = {name for parameter in command.params for name in (parameter.envvar or "").split()}
    assert named <= {field.alias for field in Settings.model_fields.values()} | asked
    if path.stem.startswith("worker"):
        assert command.make_context("serve", rest).params  # and with values it takes
        assert named >= {"AION_SERVE_TOKEN", "AION_WORKERS", "AION_WORKER_TOKEN"}
    else:
        assert named >= {"AION_BASE_MODEL", "AION_SFT_JSONL", "AION_LORA_OUT"}


SEALED = {"one/checkpoint-2": "whole", "two/run/checkpoint-30": "newer"}


def test_on_kaggle_what_an_earlier_session_saved_is_taken_over(tmp_path: Path) -> None:
    for name, run in SEALED.items():
        (tmp_path / "input" / name).mkdir(parents=True)
        Checkpoints(tmp_path / "input" / Path(name).parent, run).save(int(name.rpartition("-")[2]), lambda folder: None)
    (kaggle,) = (path for path in NOTEBOOKS if path.stem == "train_kaggle")
    cell = code(kaggle)[1].replace("/kaggle/", f"{tmp_path}/")
    exec(compile(cell, str(kaggle), "exec"), {})
    found = Checkpoints(tmp_path / "working" / "checkpoints", "newer").latest()
    assert found is not None
    assert found.step == 30
