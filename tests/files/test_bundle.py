"""A bundle is loaded when it is whole and made for who asks for it, and not otherwise."""

import json
import pickle
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest

from config.errors import BundleError
from inference.serving.bundle import find_bundle, verify_bundle, verify_folder
from inference.serving.manifest import ApplicationRange, read_manifest
from inference.serving.registry import LoadedBundle, load_bundle
from inference.serving.segmenter import Segmenter
from tests.factories.bundles import (
    GRADE,
    OUTLINE,
    SmallApplication,
    change_manifest,
    change_model,
    export,
    grade_network,
    outline_network,
)
from training.loop.export import ModelExport, in_float32
from training.models.attention_unet import attention_unet

THREE_CHANNELS = {"shape": [8, 8, 3], "cutter": "small.thumbnail", "parameters": dict(OUTLINE.input.parameters)}


@pytest.fixture(scope="module")
def networks(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("trained")
    for number, bias in enumerate((-1.0, 1.0), 1):
        outline_network(bias).save(folder / f"outline-{number}.keras")
    grade_network().save(folder / "grade.keras")
    return folder


@pytest.fixture
def bundle(tmp_path: Path, networks: Path) -> Path:
    folder = tmp_path / "roots" / "tiny-1"
    outline = ModelExport(OUTLINE, (networks / "outline-1.keras", networks / "outline-2.keras"))
    export(folder, [outline, ModelExport(GRADE, (networks / "grade.keras",))])
    return folder


def load(folder: Path, **asked: Any) -> LoadedBundle:
    return load_bundle(folder.name, SmallApplication(**asked), roots=[folder.parent])


def refused(folder: Path, **asked: Any) -> BundleError:
    with pytest.raises(BundleError) as caught:
        load(folder, **asked)
    return caught.value


def test_a_whole_bundle_says_what_it_is(bundle: Path) -> None:
    manifest = verify_bundle("tiny-1", roots=[bundle.parent])

    assert (manifest.identity.name, manifest.identity.version) == ("tiny-1", "0.1.0")
    assert len(manifest.identity.digest) == 64
    assert manifest.application == ApplicationRange("small", "1.0.0", "2.0.0")
    assert manifest.models["outline"].input == OUTLINE.input
    assert manifest.models["outline"].files == ("outline-1.keras", "outline-2.keras")
    assert manifest.models["grade"].parameters == GRADE.parameters
    assert "RESEARCH" in manifest.statement


@pytest.mark.parametrize("name", ["outline-2.keras", "CARD.md"])
def test_one_changed_bit_is_refused_before_anything_is_loaded(bundle: Path, name: str) -> None:
    content = bytearray((bundle / name).read_bytes())
    content[len(content) // 2] ^= 1
    (bundle / name).write_bytes(content)

    error = refused(bundle)
    assert error.code == "BUNDLE_CORRUPT" and name in error.sentence
    assert pickle.loads(pickle.dumps(error)).code == "BUNDLE_CORRUPT"


def test_a_missing_file_is_refused(bundle: Path) -> None:
    (bundle / "grade.keras").unlink()
    with pytest.raises(BundleError, match=r"grade\.keras is missing"):
        verify_folder(bundle)


def test_a_file_that_the_manifest_does_not_name_is_refused(bundle: Path) -> None:
    (bundle / "more.keras").write_bytes(b"?")
    with pytest.raises(BundleError, match=r"more\.keras"):
        verify_folder(bundle)


def test_a_file_outside_the_folder_is_refused(bundle: Path, networks: Path) -> None:
    manifest = json.loads((bundle / "manifest.json").read_text())
    change_manifest(bundle, files={**manifest["files"], "../other.keras": "0" * 64})
    with pytest.raises(BundleError, match="outside"):
        verify_folder(bundle)

    change_manifest(bundle, files=manifest["files"])
    (bundle / "grade.keras").unlink()
    (bundle / "grade.keras").symlink_to(networks / "grade.keras")
    with pytest.raises(BundleError, match="outside"):
        verify_folder(bundle)


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b'{"format": 2}', b'{"format": 2, "files": []}', b"\xff\xfe"])
def test_a_manifest_that_cannot_be_read_is_refused(bundle: Path, content: bytes) -> None:
    (bundle / "manifest.json").write_bytes(content)
    with pytest.raises(BundleError) as caught:
        read_manifest(bundle)
    assert caught.value.code == "BUNDLE_CORRUPT"


@pytest.mark.parametrize(
    "values", [{"kind": "oracle"}, {"combine": "median"}, {"files": []}, {"files": ["other.keras"]}, {"outputs": []}]
)
def test_a_model_that_makes_no_sense_is_refused(bundle: Path, values: dict[str, Any]) -> None:
    change_model(bundle, "outline", **values)
    with pytest.raises(BundleError) as caught:
        read_manifest(bundle)
    assert caught.value.code == "BUNDLE_CORRUPT"


@pytest.mark.parametrize("number", [1, 99])
def test_a_manifest_of_another_format_is_refused_with_what_to_do(bundle: Path, number: int) -> None:
    change_manifest(bundle, format=number)
    with pytest.raises(BundleError, match=f"axspa-train export.*received {number}") as caught:
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


def test_a_loaded_bundle_has_its_models_by_role_and_each_file_once(bundle: Path, networks: Path) -> None:
    second = ModelExport(OUTLINE, (networks / "outline-1.keras", networks / "outline-2.keras"))
    again = ModelExport(type(OUTLINE)("outline_again", OUTLINE.kind, OUTLINE.input, OUTLINE.outputs), second.sources)
    export(bundle, [second, again])
    found = load(bundle)
    found.warm()

    one, other = (found.models[role] for role in ("outline", "outline_again"))
    assert isinstance(one, Segmenter) and isinstance(other, Segmenter)
    assert one.networks[0] is other.networks[0]
    assert found.weight_bytes == sum(weight.nbytes for net in one.networks for weight in net.get_weights())
    assert found.identity == found.manifest.identity


@pytest.mark.parametrize("asked", [{"name": "other"}, {"version": "0.9.9"}, {"version": "2.0.0"}, {"version": "10.0"}])
def test_a_bundle_for_another_application_or_version_is_refused(bundle: Path, asked: dict[str, str]) -> None:
    assert refused(bundle, **asked).code == "BUNDLE_APPLICATION"


@pytest.mark.parametrize("version", ["1.0.0", "1.9.12", "1.10"])
def test_a_version_in_the_range_is_taken(bundle: Path, version: str) -> None:
    assert set(load(bundle, version=version).models) == {"outline", "grade"}


@pytest.mark.parametrize("needs", [{"mass": "segmenter"}, {"outline": "classifier"}])
def test_a_model_that_is_missing_or_of_another_kind_is_refused(bundle: Path, needs: dict[str, str]) -> None:
    assert refused(bundle, needs=needs).code == "BUNDLE_KIND"
    assert set(load(bundle, needs={"outline": "segmenter", "grade": "classifier"}).models) == {"outline", "grade"}


@pytest.mark.parametrize(
    ("cutter", "parameters"),
    [
        ("small.other", {"size_px": 8, "divisor": 255.0, "channels": ["gray"]}),
        ("small.thumbnail", {"size_px": 8, "divisor": 255.0}),
        ("small.thumbnail", {"size_px": 8, "divisor": 255.0, "channels": ["gray"], "mean": 3.0}),
        ("small.thumbnail", {"size_px": 8.5, "divisor": 255.0, "channels": ["gray"]}),
        ("small.thumbnail", {"size_px": 8, "divisor": True, "channels": ["gray"]}),
        ("small.thumbnail", {"size_px": 8, "divisor": 255.0, "channels": [1]}),
    ],
)
def test_a_cutter_that_the_application_does_not_know_is_refused(
    bundle: Path, cutter: str, parameters: dict[str, Any]
) -> None:
    change_model(bundle, "grade", input={"shape": [8, 8, 1], "cutter": cutter, "parameters": parameters})
    error = refused(bundle)
    assert error.code == "BUNDLE_CUTTER" and "grade" in error.sentence


@pytest.mark.parametrize(
    ("role", "values"),
    [
        ("outline", {"input": THREE_CHANNELS}),
        ("outline", {"outputs": {"outline": ["bone", "marrow"]}}),
        ("outline", {"outputs": {"outline": ["bone"], "sure": ["yes"]}}),
        ("grade", {"outputs": {"grade": ["none", "some", "much"]}}),
        ("grade", {"kind": "table"}),
        ("grade", {"kind": "segmenter", "outputs": {"grade": ["none", "some", "much"]}}),
        ("grade", {"parameters": {"explain": {"layer": "last", "scores": {"grade": "grade_scores"}}}}),
        ("grade", {"parameters": {"explain": {"layer": "features", "scores": {"grade": "scores"}}}}),
        ("grade", {"parameters": {"explain": {"layer": "features", "scores": {"other": "grade_scores"}}}}),
    ],
)  # fmt: skip
def test_a_network_that_does_not_fit_its_manifest_is_refused(bundle: Path, role: str, values: dict[str, Any]) -> None:
    change_model(bundle, role, **values)
    assert refused(bundle).code == "BUNDLE_KIND"


def test_a_network_with_code_of_its_own_is_refused(tmp_path: Path) -> None:
    inputs = keras.Input(OUTLINE.input.shape)
    keras.Model(inputs, keras.layers.Lambda(lambda x: x[..., :1])(inputs)).save(tmp_path / "evil.keras")
    export(tmp_path / "evil-1", [ModelExport(OUTLINE, (tmp_path / "evil.keras",))])
    assert refused(tmp_path / "evil-1").code == "BUNDLE_KIND"


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

    assert {role: str(spec.kind) for role, spec in manifest.models.items()} == {
        "region": "segmenter",
        "region_fluid": "segmenter",
        "stage": "classifier",
        "edema": "voxel-classifier",
    }
    assert sum(path.stat().st_size for path in folder.iterdir()) < 25_000_000
    card = (folder / "CARD.md").read_text(encoding="utf-8")
    for word in ("RESEARCH ONLY", "c-hepburn/Bone_MRI", "95 %", "Limits", "simulated lesions", "Edema classifier"):
        assert word in card
    assert manifest.evaluation["region"]["t1w"]["patients"] >= 4, "of ten; the others wait for their networks"


def test_all_shipped_bundles_stay_small() -> None:
    files = [path for path in find_bundle("sij-1").parent.rglob("*") if path.is_file()]
    assert sum(path.stat().st_size for path in files) < 40_000_000
