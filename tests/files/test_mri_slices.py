"""The published framework as an application: what its models say of pictures and studies, and what that is worth."""

import csv
import json
from datetime import UTC, datetime

import numpy as np
import pytest
from fluent.syntax import FluentParser, ast
from PIL import Image

from config.codes import Code
from config.errors import BundleError, SettingsError, UnusableInput
from config.settings import AnalysisSettings, DeploymentSettings, Settings
from dicom_node.analyse import pipeline
from dicom_node.cli import main
from dicom_node.commands.doctor import examine
from dicom_node.commands.pictures import pictures
from dicom_node.purposes import check_purposes
from inference.dicom import read_study
from inference.mri_slices import MriSlices, SliceCutter, specification, to_gray
from inference.mri_slices.cutter import back_to
from inference.mri_slices.focus import focused, published_box
from inference.mri_slices.types import read_spec
from inference.serving import load_bundle, verify_bundle
from inference.serving.bundle import find_bundle
from inference.testing import write_series
from reporting.mri_slices import SlicesPresentation
from reporting.mri_slices.page import JET_ALPHA, MASK_ALPHA
from reporting.mri_slices.terms import CATALOGUES, find_terms
from reporting.presentation import word_limitation
from tests.factories.slices import SIZE_PX, write_bundle
from training.data.curate import squared


@pytest.fixture(scope="module")
def root(tmp_path_factory):
    folder = tmp_path_factory.mktemp("bundles")
    write_bundle(folder / "tiny")
    return folder


@pytest.fixture(scope="module")
def bundle(root):
    return load_bundle("tiny", MriSlices(), roots=[root])


@pytest.fixture(scope="module")
def study(tmp_path_factory):
    folder = tmp_path_factory.mktemp("study")
    write_series(folder, (4, 40, 60), number=1)
    write_series(folder, (6, 40, 60), number=2)
    return folder


@pytest.fixture(scope="module")
def outcome(bundle, study):
    source = read_study(sorted(study.iterdir()))
    return pipeline.run(source, bundle, application="mri_slices", revision=1, started=datetime.now(UTC))


def _picture(path, shape=(40, 60), seed=0):
    pixels = np.random.default_rng(seed).integers(0, 255, shape).astype(np.uint8)
    Image.fromarray(pixels).save(path)
    return pixels


def test_a_slice_is_padded_resized_and_divided_by_255():
    given = SliceCutter(8).cut(np.full((1, 10, 20), 255, np.uint8))
    assert given.shape == (1, 8, 8, 1)
    np.testing.assert_array_equal(given[0, :, :, 0], np.repeat([0, 1, 0], (2, 4, 2))[:, None] * np.ones(8))
    assert SliceCutter(8).cut(np.full((1, 20, 20), 255, np.uint8)).min() == 1.0


@pytest.mark.parametrize("shape", [(40, 61), (61, 40), (40, 40)])
def test_a_model_is_given_what_curated_pictures_show(shape):
    gray = np.random.default_rng(0).integers(0, 256, shape).astype(np.uint8)
    for size_px in (16, 128):
        given = SliceCutter(size_px).cut(gray[None])
        np.testing.assert_allclose(given[0, :, :, 0], squared(gray, size_px) / 255, atol=1e-6)


@pytest.mark.parametrize("shape", [(40, 61), (61, 40)])
def test_a_map_comes_back_to_where_it_was_seen(shape):
    gray = np.zeros((1, *shape), np.uint8)
    gray[0, 10:20, 5:30] = 255
    back = back_to(SliceCutter(61).cut(gray)[0, :, :, 0], shape)
    np.testing.assert_allclose(back, gray[0] / 255, atol=1e-6)


def test_neighbors_are_channels_and_repeat_at_the_ends():
    gray = np.stack([np.full((8, 8), value, np.uint8) for value in (0, 51, 255)])
    given = SliceCutter(8, 3).cut(gray)
    np.testing.assert_allclose(given[:, 0, 0], [[0, 0, 0.2], [0, 0.2, 1], [0.2, 1, 1]], atol=1e-6)


def test_a_volume_without_contrast_is_black():
    assert to_gray(np.full((2, 4, 4), 7.0, np.float32)).max() == 0
    assert to_gray(np.linspace(0, 9, 32, dtype=np.float32).reshape(2, 4, 4)).max() == 255


def test_heat_is_focused_on_the_region_and_on_the_published_box_where_there_is_none():
    heat = np.ones((2, 10, 10), np.float32)
    masks = np.zeros((2, 10, 10), bool)
    masks[0, 1, 1] = True
    found, boxes = focused(heat, masks)
    assert boxes == 1
    assert found[0].sum() == 1
    np.testing.assert_array_equal(found[1] > 0, published_box((10, 10)))
    rows, columns = np.nonzero(published_box((10, 10)))
    assert (rows.min(), rows.max(), columns.min(), columns.max()) == (5, 8, 3, 6)


def test_a_study_gives_each_models_answers_side_by_side(outcome):
    analysis = outcome.analysis
    assert outcome.findings == ()
    assert analysis.images[0].shape == (6, 40, 60)  # the series with most slices
    assert {one.basis for one in analysis.evaluations} == {"network"}
    assert [one.key for one in analysis.evaluations] == ["as-simple-cnn", "stage-simple-cnn"]
    assert {one.key for one in analysis.heatmaps} == {"grad-cam", "focused"}
    assert analysis.profile("as-simple-cnn").values.shape == (6,)


def test_an_answer_is_the_mean_of_the_slices(outcome):
    analysis = outcome.analysis
    shares = analysis.profile("as-simple-cnn").values
    assert analysis.evaluation("as-simple-cnn").probabilities["present"] == pytest.approx(shares.mean(), abs=1e-4)


@pytest.mark.parametrize("language", ["en", "de"])
def test_every_output_says_what_the_labels_are(outcome, language):
    presentation = SlicesPresentation(language)
    said = presentation.report(outcome.analysis)
    brightness = find_terms(language).say("brightness")
    assert brightness in said.headline
    assert brightness in said.impression
    assert any(brightness == term.note for term in presentation.terms.evaluations.values())
    assert presentation.terms.heat_note
    lines = (*said.findings, *said.impression, *said.conclusions, *said.limitations)
    assert max(map(len, lines)) <= 90
    assert any("%" in line for line in said.findings)
    page = presentation.page(outcome.analysis, said, software="")
    assert page.shape == (980, 980, 3)


def test_mask_and_heat_are_as_opaque_as_published():
    assert (MASK_ALPHA, JET_ALPHA) == (0.3, 0.4)


def test_the_catalogues_say_the_same_things():
    def keys(language):
        parsed = FluentParser().parse((CATALOGUES / f"{language}.ftl").read_text(encoding="utf-8"))
        assert not [one for one in parsed.body if isinstance(one, ast.Junk)]
        return {one.id.name: len(one.attributes) for one in parsed.body if isinstance(one, ast.Message)}

    assert keys("en") == keys("de")


def test_a_model_that_marks_nothing_says_so_by_its_name(bundle, tmp_path):
    _picture(tmp_path / "a.png")
    application = MriSlices()
    path = tmp_path / "a.png"
    models = {**bundle.models}
    gray = application.load_picture(path)
    (analysis,) = application.analyse_pictures({path: gray}, models, bundle=bundle.identity).values()
    said = [word_limitation(find_terms("en"), one) for one in analysis.limitations]
    marked = {one.key for one in analysis.segments}
    for key, name in (("region-unet", "U-Net"), ("region-unet-best", "U-Net, best checkpoint")):
        assert (f"The {name} model marks nothing." in said) == (key not in marked)


def test_without_a_model_nothing_is_said(study):
    source = read_study(sorted(study.iterdir()))
    with pytest.raises(BundleError, match=r"at least one of the published models.*mri-slices-demo"):
        pipeline.run(source, None, application="mri_slices", revision=1, started=datetime.now(UTC))


def test_a_person_chooses_the_series(study):
    source = read_study(sorted(study.iterdir()))
    first = next(one.series_instance_uid for one in source.series if one.series_number == 1)
    selection = MriSlices().select(source, chosen={"slices": first})
    assert selection.chosen["slices"].series_instance_uid == first


def test_a_manifest_that_says_something_else_is_refused():
    spec = specification("simple-cnn", SliceCutter(SIZE_PX))
    assert read_spec(spec) == SliceCutter(SIZE_PX)
    with pytest.raises(ValueError, match="received 'vgg'"):
        specification("vgg", SliceCutter(SIZE_PX))
    from dataclasses import replace

    for wrong in (
        replace(spec, role="vgg"),
        replace(spec, outputs={"as": ("no", "yes")}),
        replace(spec, input=replace(spec.input, parameters={"size_px": 8, "channels": 2})),
    ):
        with pytest.raises(BundleError) as caught:
            read_spec(wrong)
        assert caught.value.code == Code.BUNDLE_CUTTER


def test_a_folder_of_pictures_is_read_as_a_batch(root, tmp_path):
    source = tmp_path / "in"
    (source / "more").mkdir(parents=True)
    _picture(source / "a.png")
    _picture(source / "more" / "b.jpg", (30, 30), seed=1)
    (source / "broken.png").write_bytes(b"no picture")
    (source / "notes.txt").write_text("x")
    settings = Settings(analysis=AnalysisSettings(bundle_roots=(root,)))
    out = tmp_path / "out"
    assert pictures(source, out, settings=settings, application="mri_slices", bundle="tiny", language="de") == 0
    summary = json.loads((out / "summary.json").read_text(encoding="utf-8"))
    assert summary["pictures"] == 2
    assert [one["file"] for one in summary["not_read"]] == ["broken.png"]
    assert all("Bildhelligkeit" in " ".join(lines) for lines in summary["limitations"].values())
    assert Image.open(out / "more" / "b.jpg.png").size == (980, 980)
    with (out / "answers.csv").open(encoding="utf-8") as stream:
        rows = list(csv.DictReader(stream))
    assert {row["picture"] for row in rows} == {"a.png", "more/b.jpg"}
    assert all("Bildhelligkeit" in row["note"] for row in rows)


def test_pictures_read_together_are_read_each_for_itself(bundle, tmp_path):
    application = MriSlices()
    given = {}
    for number in range(3):
        path = tmp_path / f"{number}.png"
        _picture(path, seed=number)
        given[path] = application.load_picture(path)
    together = application.analyse_pictures(given, bundle.models, bundle=bundle.identity)
    for path, gray in given.items():
        (alone,) = application.analyse_pictures({path: gray}, bundle.models, bundle=bundle.identity).values()
        for one, other in zip(together[path].evaluations, alone.evaluations, strict=True):
            assert one.value == other.value
            assert one.probabilities == pytest.approx(other.probabilities, abs=1e-5)


@pytest.mark.parametrize("shape", [(8, 40), (40, 8)])
def test_a_picture_that_is_too_small_is_refused(tmp_path, shape):
    _picture(tmp_path / "a.png", shape)
    with pytest.raises(UnusableInput, match=r"at least 16 by 16.*Received: \d+ by \d+ pixels"):
        MriSlices().load_picture(tmp_path / "a.png")


def test_the_smallest_picture_that_may_be_is_read(tmp_path):
    _picture(tmp_path / "a.png", (16, 16))
    assert MriSlices().load_picture(tmp_path / "a.png").shape == (16, 16)


def test_more_than_eight_bits_become_eight(tmp_path):
    Image.fromarray(np.linspace(0, 60000, 400).reshape(20, 20).astype(np.uint16)).save(tmp_path / "a.png")
    gray = MriSlices().load_picture(tmp_path / "a.png")
    assert gray.dtype == np.uint8
    assert gray.max() == 255


def test_a_folder_without_pictures_and_an_application_that_reads_none_are_said(tmp_path):
    settings = Settings()
    with pytest.raises(UnusableInput) as caught:
        pictures(tmp_path, tmp_path / "out", settings=settings, application="mri_slices", bundle="tiny")
    assert caught.value.code == Code.NO_PICTURES
    with pytest.raises(BundleError) as refused:
        pictures(tmp_path, tmp_path / "out", settings=settings, application="sij_mri", bundle="sij-1")
    assert refused.value.code == Code.PICTURES_UNKNOWN
    assert not (tmp_path / "out").exists()


def test_it_is_never_the_primary_one():
    with pytest.raises(SettingsError, match=r"mri_slices.*shadow or trial. Received 'primary'"):
        check_purposes([("mri_slices", "primary")])
    check_purposes([("mri_slices", "shadow"), ("mri_slices", "trial"), ("sij_mri", "primary"), ("nobody", "primary")])


@pytest.mark.parametrize("purpose", ["primary", "trial"])
def test_doctor_says_what_must_not_be_primary(tmp_path, purpose):
    wanted = DeploymentSettings(application="mri_slices", bundle="tiny", purpose=purpose)
    found = examine(Settings(data_dir=tmp_path, deployments=(wanted,)))
    said = [one for one in found if one.subject == "deployments"]
    assert any(one.failed for one in said) == (purpose == "primary")


def test_process_takes_a_bundle_by_name(root, study, tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("AXSPA_ANALYSIS__BUNDLE_ROOTS", json.dumps([str(root)]))
    given = ["process", str(study), "--out", str(tmp_path / "out"), "--application", "mri_slices", "--bundle", "tiny"]
    assert main(given) == 0
    summary = json.loads((tmp_path / "out" / "summary.json").read_text(encoding="utf-8"))
    assert summary["status"] == "result"


def test_the_demo_bundle_learned_synthetic_slices_alone_and_its_card_says_so():
    manifest = verify_bundle("mri-slices-demo")
    folder = find_bundle("mri-slices-demo")
    assert set(manifest.models) == {"unet", "unet-best", "simple-cnn", "hybrid-v1", "hybrid-v2"}
    assert "synthetic" in manifest.provenance["data"]
    text = (folder / "CARD.md").read_text(encoding="utf-8")
    assert "The labels are brightness" in text
    assert "synthetic" in text
    assert sum(path.stat().st_size for path in folder.iterdir()) < 8_000_000
