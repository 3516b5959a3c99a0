"""Applications of somebody else's beside the sacroiliac one, through the whole node, with no change to any other file.

A package outside the repository is installed by pip; the node finds its applications by their entry points. One study
holds what all of them read: two sacroiliac series, a sagittal and an axial one, and a radiograph without a place. Each
application says of something that it is not assessable. A second destination asks for other kinds than the first.
"""

import io
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pydicom
import pytest
from pydicom.dataset import Dataset

from inference.testing import SAGITTAL, write_series
from storage import users
from tests import programs
from tests.chromium import Browser
from tests.factories.panel import PASSWORD
from tests.factories.rounds import study_uid_of

PACKAGE = Path(__file__).resolve().parents[1] / "applications"
DEPLOYED = ("sij_mri", "threshold", "levels", "picture", "broken")
BASES = dict(zip(DEPLOYED, range(900, 1000, 20), strict=True))
NOT_ASSESSABLE = "NOT_ASSESSABLE"
MAILED = ["sr-text", "pdf"]
"""What the second destination asks for: a kind of the default set, and one that is made for it alone."""


class Ward:
    """A study, read by five deployments of one node; what each gave, and what arrived at the PACS."""

    def __init__(
        self, node: programs.Node, pacs: programs.Orthanc, mail: Path, study_uid: str, sources: set[str]
    ) -> None:
        self.node = node
        self.mailed = [pydicom.dcmread(file) for file in mail.iterdir()]
        self.study_uid = study_uid
        self.objects = [
            dataset
            for dataset in (
                pydicom.dcmread(io.BytesIO(pacs.dataset_bytes(one))) for one in pacs.instances_of(study_uid)
            )
            if dataset.SOPInstanceUID not in sources
        ]
        self.results = node.results(study_uid)

    def of(self, application: str) -> list[Dataset]:
        """Objects of one application, by the series numbers that are its own."""
        base = BASES[application]
        return [one for one in self.objects if base <= int(one.SeriesNumber) < base + 20]

    def summary(self, application: str) -> dict[str, Any]:
        """The JSON of one application's result."""
        found: dict[str, Any] = self.results[application]
        return found


@pytest.fixture(scope="module")
def package(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The package of the examples, built from a copy outside the repository and installed by pip."""
    folder = tmp_path_factory.mktemp("examples")
    shutil.copytree(PACKAGE, folder / "source", ignore=shutil.ignore_patterns("__pycache__", "build", "*.egg-info"))
    install = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--no-build-isolation", "--no-index"]
    subprocess.run(
        [*install, "--target", str(folder / "site"), str(folder / "source")], check=True, capture_output=True
    )
    return folder / "site"


@pytest.fixture(scope="module")
def ward(
    package: Path,
    shipped_study: list[Path],
    tmp_path_factory: pytest.TempPathFactory,
    need_program: programs.Need,
) -> Iterator[Ward]:
    """The study through the node, every deployment to its end."""
    folder = tmp_path_factory.mktemp("ward")
    files = _study(shipped_study, folder / "study")
    study_uid = study_uid_of(files)
    path = os.pathsep.join([str(package), os.environ.get("PYTHONPATH", "")])
    mail, port = folder / "mail", programs.free_port()
    with (
        programs.orthanc(folder / "pacs", need_program) as pacs,
        programs.storescp(need_program, mail, port),
        programs.node(
            folder / "node",
            destinations=[("pacs", "ORTHANC", pacs.dicom_port), ("mail", "MAIL", port)],
            kinds={"mail": MAILED},
            deployments=[(name, "sij-1" if name == "sij_mri" else "") for name in DEPLOYED],
            environment={"PYTHONPATH": path},
        ) as node,
    ):
        assert programs.storescu(need_program, files, node.dicom_port).returncode == 0
        node.wait_until_settled(study_uid)
        sources = {str(pydicom.dcmread(file, stop_before_pixels=True).SOPInstanceUID) for file in files}
        yield Ward(node, pacs, mail, study_uid, sources)


def _study(shipped: list[Path], folder: Path) -> list[Path]:
    """The shipped study with three more series of the same patient."""
    first = pydicom.dcmread(shipped[0], stop_before_pixels=True)
    names = ("PatientID", "PatientName", "PatientBirthDate", "PatientSex", "StudyID", "AccessionNumber", "StudyDate")
    same = {name: first.get(name) for name in (*names, "StudyTime")}
    uid = str(first.StudyInstanceUID)
    added = write_series(folder, (5, 60, 60), number=51, orientation=SAGITTAL, study_uid=uid, **same)
    added += write_series(folder, (1, 60, 50), number=53, orientation=None, study_uid=uid, **same)
    return [*shipped, *added]  # no axial series: the recesses cannot be graded


def test_four_results_stand_and_are_delivered_and_the_fifth_failed_alone(ward: Ward) -> None:
    assert set(ward.results) == set(DEPLOYED) - {"broken"}
    for application in ward.results:
        assert ward.of(application), application
    assert ward.of("broken") == []
    assert sum(len(ward.of(application)) for application in DEPLOYED) == len(ward.objects)
    assert ward.node.run_states(ward.study_uid) == {**dict.fromkeys(ward.results, "done"), "broken": "failed"}


def test_the_sacroiliac_result_is_what_it_is_alone(ward: Ward) -> None:
    kinds = sorted({item["kind"] for item in ward.summary("sij_mri")["objects"]})
    assert kinds == ["pdf", "sc-heat", "sc-summary", "seg-edema", "seg-joints", "sr-edema", "sr-joints", "sr-text"]
    assert ward.summary("sij_mri")["scope"] == "full"


def test_each_destination_gets_its_kinds_and_no_others(ward: Ward) -> None:
    made = [item for result in ward.results.values() for item in result["objects"]]
    arrived = {str(one.SOPInstanceUID) for one in ward.objects}
    mailed = [str(one.SOPInstanceUID) for one in ward.mailed]
    assert arrived == {item["sop_instance_uid"] for item in made if item["kind"] != "pdf"}
    assert sorted(mailed) == sorted(item["sop_instance_uid"] for item in made if item["kind"] in MAILED)
    assert len(mailed) == len(MAILED) * len(ward.results)


def test_a_picture_without_a_place_has_no_segmentation(ward: Ward) -> None:
    assert {str(one.Modality) for one in ward.of("picture")} == {"SR", "OT"}
    assert "SEG" in {str(one.Modality) for one in ward.of("threshold")}


@pytest.mark.parametrize(
    ("application", "count"), [("threshold", 1), ("levels", 10), ("picture", 1)], ids=["threshold", "levels", "picture"]
)
def test_what_is_not_assessable_is_said_in_code_words_and_json(ward: Ward, application: str, count: int) -> None:
    reports = [one for one in ward.of(application) if one.Modality == "SR"]
    coded = [item for one in reports for item in _items(one) if _code(item) == NOT_ASSESSABLE]
    texts = [str(item.TextValue) for one in reports for item in _items(one) if "TextValue" in item]
    said = [one for one in ward.summary(application)["said"] if one["not_assessable"]]
    assert len(coded) == len(said) == count
    assert all(one["value"] is None for one in said)
    assert sum("not assessable" in text for text in texts) >= count


def test_no_validator_finds_an_error(ward: Ward, tmp_path: Path, need_program: programs.Need) -> None:
    for number, dataset in enumerate(one for name in ("threshold", "levels", "picture") for one in ward.of(name)):
        path = tmp_path / f"{number}.dcm"
        dataset.save_as(path, enforce_file_format=True)
        assert programs.dciodvfy_errors(need_program, path) == [], dataset.SeriesDescription


def test_the_panel_shows_every_result_and_what_is_not_assessable(ward: Ward, browser: Browser) -> None:
    users.add(ward.node.database, "reader", PASSWORD, role="reader", actor="test")
    base = str(ward.node.panel.base_url).rstrip("/")
    browser.open(base + "/login")
    browser.run(
        "document.querySelector('[name=name]').value = 'reader';"
        f"document.querySelector('[name=password]').value = '{PASSWORD}';"
        "document.querySelector('form').requestSubmit()"
    )
    browser.wait("location.pathname !== '/login'")
    study = f"{base}/studies/{ward.node.study_id(ward.study_uid)}"
    for application, result in ward.node.result_ids(ward.study_uid).items():
        browser.open(f"{study}?result={result}")
        assert application in str(browser.run("document.querySelector('#deployments').innerText"))
        text = str(browser.run("document.querySelector('#result').innerText"))
        said = [one for one in ward.summary(application)["said"] if one["not_assessable"]]
        assert ("not assessable" in text.lower()) is bool(said), application
    browser.leave()


def _items(dataset: Dataset) -> Iterator[Dataset]:
    yield dataset
    for item in dataset.get("ContentSequence", ()):
        yield from _items(item)


def _code(item: Dataset) -> str:
    sequence = item.get("ConceptCodeSequence")
    return str(sequence[0].CodeValue) if sequence else ""
