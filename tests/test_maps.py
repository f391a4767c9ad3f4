"""The maps are true: what ARCHITECTURE.md and docstrings name exists, and the tree keeps its own rules."""

from __future__ import annotations

import ast
import importlib.util
import re
from collections import Counter
from graphlib import TopologicalSorter
from pathlib import Path

import grimp
import pytest

ROOT = Path(__file__).parent.parent
PACKAGES = ("bot", "core", "plugins")
CODE = [path for package in PACKAGES for path in sorted((ROOT / package).rglob("*.py"))]
FOLDERS = sorted({path.parent for path in CODE})
MIRRORED = [path for package in PACKAGES for path in sorted((ROOT / "tests" / package).rglob("test_*.py"))]

MAX_LINES = 300
MAX_FILES = 25

_DOTTED = re.compile(rf"``((?:{'|'.join(PACKAGES)})(?:\.\w+)+)(?:\(\))?``")
_PATH = re.compile(rf"`((?:{'|'.join((*PACKAGES, 'tests', 'bench', 'deploy', 'data'))})(?:/[\w.-]+)+/?)`")


def named(path: Path) -> str:
    return str(path.relative_to(ROOT))


def docstrings(tree: ast.Module) -> list[str]:
    """Return every string that stands alone: of modules, classes, functions, and below constants and fields."""
    return [
        node.value.value
        for node in ast.walk(tree)
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str)
    ]


def exists(dotted: str) -> bool:
    """Tell whether ``dotted`` is a module, or something a module or a class of it defines."""
    parts = dotted.split(".")
    for n in range(len(parts), 0, -1):
        base = ROOT.joinpath(*parts[:n])
        file = base.with_suffix(".py") if base.with_suffix(".py").is_file() else base / "__init__.py"
        if file.is_file():
            return defines(ast.parse(file.read_text(encoding="utf-8")).body, parts[n:])
    return False


def defines(body: list[ast.stmt], names: list[str]) -> bool:
    if not names:
        return True
    for node in body:
        match node:
            case ast.ClassDef(name=name, body=inner) if name == names[0]:
                return defines(inner, names[1:]) or any(isinstance(base, ast.Name) for base in node.bases)
            case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name) if name == names[0]:
                return len(names) == 1
            case ast.AnnAssign(target=ast.Name(id=name)) | ast.Assign(targets=[ast.Name(id=name)]) if name == names[0]:
                return len(names) == 1
            case ast.ImportFrom(names=aliases) if any((each.asname or each.name) == names[0] for each in aliases):
                return True
    return False


@pytest.mark.parametrize("path", CODE, ids=named)
def test_what_a_docstring_names_exists(path: Path) -> None:
    texts = docstrings(ast.parse(path.read_text(encoding="utf-8")))
    missing = [name for text in texts for name in _DOTTED.findall(text) if not exists(name)]
    assert not missing


@pytest.mark.parametrize("page", ["ARCHITECTURE.md", "README.md", "CONTRIBUTING.md", "bench/README.md"])
def test_what_a_page_names_exists(page: str) -> None:
    text = (ROOT / page).read_text(encoding="utf-8")
    assert not [path for path in _PATH.findall(text) if not (ROOT / path).exists()]


def test_the_map_lists_every_folder_and_every_root_module_of_core() -> None:
    rows = (ROOT / "ARCHITECTURE.md").read_text(encoding="utf-8").splitlines()
    listed = {match[1].rstrip("/") for row in rows for match in [re.match(r"\|? ?`([\w./]+)`", row)] if match}
    folders = {named(folder) for folder in FOLDERS if "migrations" not in folder.parts}
    modules = {named(path) for path in (ROOT / "core").glob("*.py") if path.stem != "__init__"}
    wanted = folders | modules
    assert not wanted - listed, "not on the map"
    assert not {name for name in listed if not (ROOT / name).exists()}, "on the map, not in the tree"


def test_a_public_class_has_one_name() -> None:
    names = Counter(
        node.name
        for path in CODE
        for node in ast.parse(path.read_text(encoding="utf-8")).body
        if isinstance(node, ast.ClassDef) and not node.name.startswith("_")
    )
    assert not [name for name, n in names.items() if n > 1]


def test_no_import_goes_in_a_circle() -> None:
    graph = grimp.build_graph(*PACKAGES, exclude_type_checking_imports=True, cache_dir=None)
    # A package's own file holds what is offered to others, and is loaded with each module in it.
    sorter = TopologicalSorter({module: graph.find_modules_directly_imported_by(module) for module in graph.modules})
    sorter.prepare()


@pytest.mark.parametrize("path", CODE, ids=named)
def test_a_file_holds_one_noun(path: Path) -> None:
    assert len(path.read_text(encoding="utf-8").splitlines()) <= MAX_LINES


@pytest.mark.parametrize("folder", FOLDERS, ids=named)
def test_a_folder_can_be_read_at_one_glance(folder: Path) -> None:
    if folder.name == "versions":
        pytest.skip("migrations only ever grow")
    assert len([path for path in folder.glob("*.py") if path.stem != "__init__"]) <= MAX_FILES


@pytest.mark.parametrize("path", MIRRORED, ids=named)
def test_a_unit_test_mirrors_what_it_tests(path: Path) -> None:
    tested = path.relative_to(ROOT / "tests").with_name(path.name.removeprefix("test_"))
    assert (ROOT / tested).is_file() or (ROOT / tested.with_suffix("")).is_dir()


def test_every_package_can_be_imported() -> None:
    assert all(importlib.util.find_spec(".".join(folder.relative_to(ROOT).parts)) for folder in FOLDERS)
