"""A bundle is loaded when it is whole, and not otherwise."""

import json
import pickle
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest

from config.errors import BundleError
from inference.serving.bundle import InputSpec, find_bundle, read_manifest, verify_bundle, verify_folder
from inference.serving.registry import load_region
from tests.factories.volumes import volume
from training.loop.export import ModelExport, export_bundle, in_float32
from training.models.attention_unet import attention_unet

SPEC = InputSpec(spacing_mm=2.0, size_px=32, channels=3)


@pytest.fixture(scope="module")
def network(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("trained") / "region.keras"
    attention_unet(SPEC.size_px, SPEC.channels, widths=(8, 8)).save(path)
    return path


@pytest.fixture
def bundle(tmp_path: Path, network: Path) -> Path:
    folder = tmp_path / "roots" / "tiny-1"
    export_bundle(
        folder,
        [
            ModelExport(role, (network,), SPEC, {"region": ("bone",)}, {"region": 0.4})
            for role in ("region", "region_fluid")
        ],
        version="0.1.0",
        card="# Card\n",
        provenance={"real data": "none"},
        evaluation={},
    )
    return folder


def change_manifest(folder: Path, **values: Any) -> None:
    path = folder / "manifest.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | values))


def test_a_whole_bundle_says_what_it_is(bundle: Path) -> None:
    manifest = verify_bundle("tiny-1", roots=[bundle.parent])

    assert (manifest.identity.name, manifest.identity.version) == ("tiny-1", "0.1.0")
    assert len(manifest.identity.digest) == 64
    assert manifest.models["region"].input == SPEC
    assert manifest.models["region"].thresholds == {"region": 0.4}
    assert manifest.models["region_fluid"].files == manifest.models["region"].files
    assert "RESEARCH" in manifest.statement


@pytest.mark.parametrize("name", ["region.keras", "CARD.md"])
def test_one_changed_bit_is_refused_before_anything_is_loaded(bundle: Path, name: str) -> None:
    content = bytearray((bundle / name).read_bytes())
    content[len(content) // 2] ^= 1
    (bundle / name).write_bytes(content)

    with pytest.raises(BundleError, match=name) as caught:
        load_region("tiny-1", roots=[bundle.parent])
    assert caught.value.code == "BUNDLE_CORRUPT"
    assert pickle.loads(pickle.dumps(caught.value)).code == "BUNDLE_CORRUPT"


def test_a_missing_file_is_refused(bundle: Path) -> None:
    (bundle / "region.keras").unlink()
    with pytest.raises(BundleError, match=r"region\.keras is missing"):
        verify_folder(bundle)


def test_a_file_that_the_manifest_does_not_name_is_refused(bundle: Path) -> None:
    (bundle / "more.keras").write_bytes(b"?")
    with pytest.raises(BundleError, match=r"more\.keras"):
        verify_folder(bundle)


def test_a_file_outside_the_folder_is_refused(bundle: Path, network: Path) -> None:
    manifest = json.loads((bundle / "manifest.json").read_text())
    change_manifest(bundle, files={**manifest["files"], "../other.keras": "0" * 64})
    with pytest.raises(BundleError, match="outside"):
        verify_folder(bundle)

    change_manifest(bundle, files=manifest["files"])
    (bundle / "region.keras").unlink()
    (bundle / "region.keras").symlink_to(network)
    with pytest.raises(BundleError, match="outside"):
        verify_folder(bundle)


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b'{"format": 1}', b"\xff\xfe"])
def test_a_manifest_that_cannot_be_read_is_refused(bundle: Path, content: bytes) -> None:
    (bundle / "manifest.json").write_bytes(content)
    with pytest.raises(BundleError) as caught:
        read_manifest(bundle)
    assert caught.value.code == "BUNDLE_CORRUPT"


def test_a_manifest_of_another_format_is_refused(bundle: Path) -> None:
    change_manifest(bundle, format=99)
    with pytest.raises(BundleError, match="received 99") as caught:
        read_manifest(bundle)
    assert caught.value.code == "BUNDLE_FORMAT"


@pytest.mark.parametrize("name", ["", ".", "..", "../tiny-1", "a/b", "/etc"])
def test_a_bundle_is_chosen_by_name_only(bundle: Path, name: str) -> None:
    with pytest.raises(BundleError) as caught:
        find_bundle(name, roots=[bundle.parent])
    assert caught.value.code == "BUNDLE_NAME"


def test_an_unknown_bundle_is_missing(bundle: Path) -> None:
    with pytest.raises(BundleError) as caught:
        find_bundle("tiny-2", roots=[bundle.parent])
    assert caught.value.code == "BUNDLE_MISSING"


def test_a_network_of_another_shape_than_the_manifest_says_is_refused(bundle: Path) -> None:
    models = json.loads((bundle / "manifest.json").read_text())["models"]
    models["region"]["input"]["channels"] = 5
    change_manifest(bundle, models=models)
    with pytest.raises(BundleError) as caught:
        load_region("tiny-1", roots=[bundle.parent])
    assert caught.value.code == "BUNDLE_KIND"


def test_a_network_with_code_of_its_own_is_refused(tmp_path: Path) -> None:
    inputs = keras.Input((SPEC.size_px, SPEC.size_px, SPEC.channels))
    model = keras.Model(inputs, keras.layers.Lambda(lambda x: x[..., :1])(inputs))
    model.save(tmp_path / "evil.keras")
    folder = tmp_path / "evil-1"
    export = ModelExport("region", (tmp_path / "evil.keras",), SPEC, {"region": ("bone",)})
    export_bundle(folder, [export], version="1", card="", provenance={}, evaluation={})

    with pytest.raises(BundleError) as caught:
        load_region("evil-1", roots=[tmp_path])
    assert caught.value.code == "BUNDLE_KIND"


def test_a_loaded_region_network_answers_on_the_source_grid(bundle: Path) -> None:
    predictor = load_region("tiny-1", roots=[bundle.parent])
    voxels = np.random.default_rng(0).random((4, 50, 40)).astype(np.float32)

    found = predictor.predict(volume(voxels))

    assert predictor.threshold == 0.4
    assert found.shape == voxels.shape and found.dtype == np.float32
    assert found.min() > 0 and found.max() < 1


def test_a_network_trained_in_mixed_precision_gives_the_same_in_float32() -> None:
    keras.mixed_precision.set_global_policy("mixed_bfloat16")
    try:
        trained = attention_unet(32, 3, widths=(8, 8))
    finally:
        keras.mixed_precision.set_global_policy("float32")

    plain = in_float32(trained)

    stacks = np.random.default_rng(1).random((2, 32, 32, 3)).astype(np.float32)
    assert {layer.compute_dtype for layer in plain.layers} == {"float32"}
    assert plain.predict_on_batch(stacks) == pytest.approx(trained.predict_on_batch(stacks), abs=0.03)


def test_the_shipped_bundle_is_whole_small_and_says_what_it_is() -> None:
    manifest = verify_bundle("sij-1")
    folder = find_bundle("sij-1")

    assert {"region", "region_fluid", "stage"} <= set(manifest.models)
    assert sum(path.stat().st_size for path in folder.iterdir()) < 15_000_000
    card = (folder / "CARD.md").read_text(encoding="utf-8")
    for word in ("RESEARCH ONLY", "c-hepburn/Bone_MRI", "95 %", "Limits", "simulated lesions"):
        assert word in card
    assert manifest.evaluation["region"]["t1w"]["patients"] == 10
