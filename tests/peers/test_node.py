"""The main job from outside: a PACS pushes a study to a running node and finds checked results in the same study."""

import subprocess
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import nibabel
import numpy as np
import pytest
from scipy.spatial import cKDTree
from sqlalchemy import select

from storage.states import Proof
from storage.tables import Delivery, Result, ResultObject, Study
from tests import programs
from tests.factories.rounds import SECONDARY_CAPTURE, SEG, STRUCTURED_REPORTS, Clinic, Round
from tests.factories.sources import text_of
from tests.factories.waiting import wait_until
from tests.results import reader_volumes_ml, segment_points, segment_voxels, volume_ml

IDENTITY = (
    "PatientID",
    "PatientName",
    "PatientBirthDate",
    "PatientSex",
    "StudyInstanceUID",
    "StudyID",
    "AccessionNumber",
)


@pytest.fixture(scope="module", params=["phantom", "real"])
def finished(request: pytest.FixtureRequest) -> Round:
    """Each of the two rounds."""
    return request.getfixturevalue(f"{request.param}_round")


def test_every_kind_of_result_arrives(finished: Round) -> None:
    assert finished.of_class(SEG)
    assert len(finished.of_class(*STRUCTURED_REPORTS)) == 3
    assert len(finished.of_class(SECONDARY_CAPTURE)) >= 2


def test_results_belong_to_the_patient_and_study_of_the_source(finished: Round) -> None:
    source = finished.sources[0]
    for dataset in finished.results.values():
        assert {name: dataset.get(name) for name in IDENTITY} == {name: source.get(name) for name in IDENTITY}


def test_each_kind_of_result_is_a_series_of_its_own(finished: Round) -> None:
    sources = {source.SeriesInstanceUID for source in finished.sources}
    classes: dict[str, set[str]] = {}
    for dataset in finished.results.values():
        assert dataset.SeriesInstanceUID not in sources
        classes.setdefault(dataset.SeriesInstanceUID, set()).add(dataset.SOPClassUID)
    assert all(len(found) == 1 for found in classes.values())


def test_every_result_says_that_it_is_research(finished: Round) -> None:
    for dataset in finished.results.values():
        assert dataset.SeriesDescription.startswith("AI ")
        assert dataset.ContentQualification == "RESEARCH"
    for dataset in finished.of_class(*STRUCTURED_REPORTS).values():
        assert dataset.VerificationFlag == "UNVERIFIED"
        assert "NOT FOR DIAGNOSIS" in text_of(dataset)


def test_the_validators_find_no_error(finished: Round, need_program: programs.Need) -> None:
    for path in finished.results:
        assert programs.dciodvfy_errors(need_program, path) == []
    assert programs.dcentvfy_errors(need_program, finished.results) == []


def test_pixelmed_finds_no_error(phantom_round: Round, need_program: programs.Need) -> None:
    """On one of the rounds: it takes ten seconds and more a report."""
    reports = list(phantom_round.of_class(*STRUCTURED_REPORTS))
    with ThreadPoolExecutor(2) as pool:
        assert list(pool.map(lambda path: programs.pixelmed_errors(need_program, path), reports)) == [[], [], []]


def test_dcmqi_reads_every_segmentation_voxel_for_voxel(
    finished: Round, tmp_path: Path, need_program: programs.Need
) -> None:
    program = need_program("segimage2itkimage")
    for index, (path, dataset) in enumerate(finished.of_class(SEG).items()):
        out = tmp_path / str(index)
        out.mkdir()
        command = [program, "--inputDICOM", path, "--outputDirectory", out, "--outputType", "nii"]
        subprocess.run(command, check=True, capture_output=True)
        for segment in dataset.SegmentSequence:
            image = nibabel.load(out / f"{segment.SegmentNumber}.nii.gz")
            voxels = np.argwhere(np.asarray(image.dataobj) > 0)
            theirs = (image.affine @ np.c_[voxels, np.ones(len(voxels))].T).T[:, :3] * [-1, -1, 1]
            ours = segment_points(dataset, segment.SegmentNumber)
            assert len(theirs) == len(ours)
            assert cKDTree(ours).query(theirs)[0].max() < 0.05, "each voxel lies where we put it, in mm"


def test_left_segments_lie_on_the_left_of_the_patient(finished: Round) -> None:
    segments = finished.segments()
    left = segment_voxels(*segments["Left sacroiliac joint band"])[1]
    right = segment_voxels(*segments["Right sacroiliac joint band"])[1]
    assert left[0] > right[0] + 40, "LPS x grows to the patient's left; the joints are some 100 mm apart"


def test_the_edema_of_the_phantom_is_on_its_left(phantom_round: Round) -> None:
    segments = phantom_round.segments()
    left = volume_ml(*segments["Left bone marrow edema at the joint"])
    right = (
        volume_ml(*segments["Right bone marrow edema at the joint"])
        if "Right bone marrow edema at the joint" in segments
        else 0.0
    )
    assert left > 2 * right
    assert left > 1


def test_the_edema_of_1013_is_where_the_readers_put_it(real_round: Round, shared_data: Path) -> None:
    segments = real_round.segments()
    joints = [segment_voxels(*segments[f"{side} sacroiliac joint band"])[1] for side in ("Left", "Right")]
    read = reader_volumes_ml(shared_data, "1013", midline_x=(joints[0][0] + joints[1][0]) / 2)
    assert max(read.values()) > 1
    for side, amount in read.items():
        if amount > 1:
            assert f"{side} bone marrow edema at the joint" in segments
            assert volume_ml(*segments[f"{side} bone marrow edema at the joint"]) > 0.3 * amount


def test_the_archive_commits_itself_to_every_result(clinic: Clinic, phantom_round: Round) -> None:
    query = (
        select(Delivery.proof)
        .join(ResultObject)
        .join(Result, ResultObject.result_id == Result.id)
        .join(Study, Result.study_id == Study.id)
        .where(Study.study_instance_uid == phantom_round.study_uid)
    )

    def proofs() -> set[Proof]:
        with clinic.node.database.read() as session:
            return set(session.scalars(query))

    wait_until(lambda: proofs() == {Proof.COMMITTED}, 60, "storage commitment of every object")


def test_no_patient_data_in_the_log(finished: Round) -> None:
    source = finished.sources[0]
    for secret in (str(source.PatientName), str(source.PatientID), str(source.AccessionNumber)):
        assert secret == "" or secret not in finished.log
