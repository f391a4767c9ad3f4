import json
from dataclasses import replace
from pathlib import Path

import pytest

from core.errors import BadInput, StorageCorrupt
from core.models.lora import WEIGHTS, Base, LoraManifest, read_manifest, write_manifest
from core.models.registry import FILE, LoraRegistry, differences

BASE = Base("a-base", "b" * 64)


def trained(folder: Path, seed: int, base: Base = BASE) -> Path:
    folder.mkdir(parents=True)
    (folder / "adapter_config.json").write_text("{}")
    (folder / WEIGHTS).write_bytes(bytes([seed]) * 100)
    write_manifest(
        folder, LoraManifest(base.id, base.hash, 16, 32.0, ("q_proj",), settings={"seed": seed}, metrics={"loss": 1.0})
    )
    return folder


def with_versions(tmp_path: Path, n: int) -> LoraRegistry:
    registry = LoraRegistry(tmp_path / "loras")
    for seed in range(n):
        registry.add(trained(tmp_path / f"out{seed}", seed))
    return registry


def stages(registry: LoraRegistry) -> dict[str, str]:
    return {version.name: version.stage for version in registry.versions()}


def test_a_version_goes_from_candidate_to_promoted_to_retired_and_back(tmp_path: Path) -> None:
    registry = with_versions(tmp_path, 2)
    assert stages(registry) == {"v1": "candidate", "v2": "candidate"}
    assert registry.promote("v1", BASE)
    assert registry.promote("v2", BASE)
    assert not registry.promote("v2", BASE), "it writes every answer already"
    assert stages(registry) == {"v1": "retired", "v2": "promoted"}
    assert registry.rollback() == "v1"
    assert stages(registry) == {"v1": "promoted", "v2": "retired"}
    assert registry.rollback() is None
    with pytest.raises(BadInput, match="nothing_promoted"):
        registry.rollback()


def test_the_same_weights_are_the_same_version(tmp_path: Path) -> None:
    registry = with_versions(tmp_path, 1)
    assert registry.add(tmp_path / "out0").name == "v1"
    assert len(registry.versions()) == 1


def test_a_trial_ends_by_rollback_and_leaves_what_was_promoted(tmp_path: Path) -> None:
    registry = with_versions(tmp_path, 2)
    registry.promote("v1", BASE)
    before = registry.stamp()
    registry.start_trial("v2", BASE, 0.1, 50)
    assert registry.stamp() != before
    assert stages(registry) == {"v1": "promoted", "v2": "trial"}
    assert registry.rollback() == "v1"
    assert stages(registry) == {"v1": "promoted", "v2": "retired"}


def test_weights_of_another_base_are_not_put_to_use(tmp_path: Path) -> None:
    registry = with_versions(tmp_path, 1)
    for put_to_use in (
        lambda base: registry.promote("v1", base),
        lambda base: registry.start_trial("v1", base, 0.5, 9),
    ):
        with pytest.raises(BadInput, match="lora_foreign"):
            put_to_use(replace(BASE, hash="c" * 64))
    assert registry.state().promoted is None and registry.state().trial is None


def test_what_was_changed_since_it_came_in_is_refused(tmp_path: Path) -> None:
    registry = with_versions(tmp_path, 1)
    weights = registry.get("v1").folder / WEIGHTS
    assert weights.stat().st_mode & 0o222 == 0
    weights.chmod(0o644)
    weights.write_bytes(b"others")
    with pytest.raises(BadInput, match=r"lora\.changed"):
        registry.promote("v1", BASE)


def test_a_copy_that_was_cut_short_is_made_anew(tmp_path: Path) -> None:
    registry = LoraRegistry(tmp_path / "loras")
    (registry.folder / ".v1.partial").mkdir(parents=True)
    (registry.folder / "v1").mkdir()  # moved into place, and killed before the registry was written
    registry.add(trained(tmp_path / "out", 1))
    assert read_manifest(registry.get("v1").folder).settings == {"seed": 1}


def test_merged_models_are_kept_of_what_answers_and_what_did_last(tmp_path: Path) -> None:
    registry = with_versions(tmp_path, 4)

    def merged() -> set[str]:
        return {version.name for version in registry.versions() if (version.folder / "merged").exists()}

    for version in registry.versions():
        (version.folder / "merged").mkdir()
    registry.promote("v1", BASE)
    assert merged() == {"v1"}
    for name in ("v2", "v3"):
        (registry.get(name).folder / "merged").mkdir()
        registry.promote(name, BASE)
    assert merged() == {"v2", "v3"}
    (registry.get("v4").folder / "merged").mkdir()
    registry.start_trial("v4", BASE, 0.5, 9)
    assert merged() == {"v2", "v3", "v4"}
    registry.rollback()
    assert merged() == {"v2", "v3"}


def test_what_is_no_version_is_named(tmp_path: Path) -> None:
    registry = with_versions(tmp_path, 1)
    with pytest.raises(BadInput) as caught:
        registry.get("v7")
    assert caught.value.values == {"version": "v7", "versions": "v1"}
    with pytest.raises(BadInput, match="lora_unreadable"):
        registry.add(tmp_path)
    (registry.folder / FILE).write_text(json.dumps({"promoted": 5}))
    with pytest.raises(StorageCorrupt):
        registry.state()


def test_differences_are_named_one_by_one(tmp_path: Path) -> None:
    registry = with_versions(tmp_path, 2)
    one, other = (version.manifest for version in registry.versions())
    assert differences(one, other) == {"settings.seed": (0, 1)}
