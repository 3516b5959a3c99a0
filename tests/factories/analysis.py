"""A small made-up study on disk, and the analysis that fits it: oblique, asymmetric, with two different grids."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
from pydicom.dataset import FileDataset
from pydicom.uid import EnhancedMRImageStorage, MRImageStorage

from inference.result import Analysis, Answer, Limitation
from inference.series.types import Candidate, Evidence, Selection
from inference.sij_mri import HEAT_FULL_SCALE, SacroiliacMri, carry_joints
from inference.sij_mri.edema import Surroundings
from inference.sij_mri.limitations import LimitationCode
from inference.sij_mri.said import say
from inference.sij_mri.types import (
    AsasResult,
    Cutoff,
    Edema,
    Explanation,
    Joint,
    Lesion,
    Prediction,
    Reading,
    Role,
    SlicePrediction,
    Stage,
)
from inference.types import ImageHeader, ModelIdentity, Reason, SeriesHeader, Side, StudyHeaders, Volume
from reporting.findings import GateFinding
from reporting.gate import check
from reporting.outputs import Outputs, build
from reporting.sij_mri import SacroiliacPresentation
from reporting.types import ResultObject
from reporting.writer import write
from tests.factories import dicom
from tests.factories.volumes import as_vector, volume

STARTED = datetime(2026, 3, 4, 11, 30, 15, 250000, tzinfo=UTC)
STUDY_UID = "2.25.303030303030303"
MODEL = ModelIdentity(name="sij-test", version="1.0", digest="ab" * 32)
IDENTITY = {
    "PatientName": "Test^Subject",
    "PatientID": "T-0001",
    "PatientBirthDate": "19800102",
    "PatientSex": "F",
    "StudyDate": "20260304",
    "StudyTime": "101500",
    "StudyID": "77",
    "AccessionNumber": "ACC77",
    "ReferringPhysicianName": "",
    "StudyDescription": "MR Sacroiliac joints",
}


def unit(vector: Any) -> tuple[float, float, float]:
    return as_vector(np.asarray(vector) / np.linalg.norm(vector))


ROW = unit((0.995, 0.06, -0.08))
DOWN = unit(np.cross((0.0, -0.86, -0.51), ROW))
SCANNER: dict[str, Any] = {
    "ImageType": ["ORIGINAL", "PRIMARY", "M", "ND"],
    "BodyPartExamined": "PELVIS",
    "PatientPosition": "HFS",
    "Manufacturer": "SIEMENS",
    "ManufacturerModelName": "Avanto",
    "FrameOfReferenceUID": f"{STUDY_UID}.99",
    "PositionReferenceIndicator": "",
    "ScanningSequence": "SE",
    "SequenceVariant": "SK",
    "ScanOptions": "",
    "MRAcquisitionType": "2D",
    "RepetitionTime": "600",
    "EchoTime": "9",
    "EchoTrainLength": "3",
    "SliceThickness": "3.0",
    "BitsStored": 12,
    "HighBit": 11,
}


def make_volume(
    folder: Path,
    *,
    number: int,
    shape: tuple[int, int, int],
    spacing_mm: tuple[float, float],
    gap_mm: float = 3.3,
    flip: bool = False,
    header: dict[str, Any] | None = None,
    seed: int = 0,
) -> Volume:
    """Write a series of single-frame MR images and return the volume they make.

    With `flip` the rows run to the patient's right, as some scanners write.
    """
    rng = np.random.default_rng(seed)
    slices, rows, columns = shape
    row, down = (unit(-np.asarray(ROW)), unit(-np.asarray(DOWN))) if flip else (ROW, DOWN)
    y, x = np.mgrid[0:rows, 0:columns]
    shade = 400 + 300 * np.exp(-(((x - columns / 2) / columns * 3) ** 2) - ((y - rows / 2) / rows * 3) ** 2)
    voxels = (shade[None] + rng.normal(0, 25, shape)).clip(0, 4095).astype(np.float32)
    made = volume(
        voxels, spacing_mm=spacing_mm, gap_mm=gap_mm, row=row, column=down, middle_mm=(2.0, 30.0, -150.0),
        frame=f"{STUDY_UID}.99",
    )  # fmt: skip
    images = []
    for index in range(slices):
        dataset = _instance(made, number, index, voxels[index])
        path = dicom.save(dicom.change(dataset, **(header or {})), folder / f"{number:02d}-{index:03d}.dcm")
        images.append(
            ImageHeader(
                path=path,
                sop_class_uid=MRImageStorage,
                sop_instance_uid=str(dataset.SOPInstanceUID),
                instance_number=slices - index,
                rows=rows,
                columns=columns,
                slice_thickness_mm=3.0,
            )
        )
    return replace(made, series_instance_uid=f"{STUDY_UID}.{number}", images=tuple(images))


def _instance(made: Volume, number: int, index: int, pixels: Any) -> FileDataset:
    description = "t1_tse_obl cor" if number == 2 else "t2_tirm_obl cor"
    dataset = dicom.image(
        index + 1, study=STUDY_UID, series=number, pixels=pixels.astype(np.uint16),
        **IDENTITY, **SCANNER, SeriesDescription=description,
    )  # fmt: skip
    dicom.set_place(dataset, made.positions_mm[index], made.row_direction, made.column_direction, made.pixel_spacing_mm)
    return dataset


def make_analysis(folder: Path, **options: Any) -> Analysis:
    """An analysis of a study written to `folder`; the options are those of :func:`make_reading`."""
    return as_analysis(make_reading(folder, **options))


def as_analysis(reading: Reading, selection: Selection | None = None) -> Analysis:
    """A reading of the sacroiliac application in the language of results; without a selection, one that fits."""
    return say(
        reading,
        application=SacroiliacMri.name,
        version=SacroiliacMri.version,
        study_instance_uid=STUDY_UID,
        selection=selection or _selection(reading.t1, reading.fluid),
        bundle=MODEL,
        seconds={"select": 0.1, "segment": 1.25},
    )


def make_reading(
    folder: Path,
    *,
    slices: int = 9,
    size: int = 68,
    with_t1: bool = True,
    with_fluid: bool = True,
    edema: tuple[bool, bool] = (True, True),
    elsewhere: bool = False,
    header: dict[str, Any] | None = None,
    flip: bool = False,
) -> Reading:
    """A reading of a study written to `folder`: structures lie where the patient's sides really are.

    With `elsewhere` there is edema above the joints as well, which belongs to none.
    """
    t1 = fluid = None
    if with_t1:
        t1 = make_volume(
            folder,
            number=2,
            shape=(slices, size, size + 4),
            spacing_mm=(200 / size, 200 / size),
            header=header,
            flip=flip,
        )
    if with_fluid:
        fluid = make_volume(
            folder,
            number=3,
            shape=(slices - 2, size - 12, size - 12),
            spacing_mm=(210 / size, 210 / size),
            header=header,
            seed=1,
            gap_mm=3.9,
        )
    return reading_of(t1, fluid, edema=edema, elsewhere=elsewhere)


def reading_of(
    t1: Volume | None, fluid: Volume | None, *, edema: tuple[bool, bool] = (True, True), elsewhere: bool = False
) -> Reading:
    """A reading of volumes whose columns run along the patient's left and right; see :func:`make_reading`."""
    reference = t1 if t1 is not None else fluid
    assert reference is not None
    joints = tuple(_joint(reference, side) for side in Side)
    on_fluid = joints if t1 is None else () if fluid is None else carry_joints(joints, t1, fluid)
    lesions = (_lesion(4, 61.0), _lesion(5, 48.0)) if edema[0] else ()
    return Reading(
        t1=t1,
        fluid=fluid,
        region=_ellipsoid(reference, (0.0, 0.0), (62.0, 45.0)),
        joints=joints,
        joints_on_fluid=on_fluid,
        edema=_edema(fluid, on_fluid, edema, elsewhere=elsewhere) if fluid is not None else None,
        asas=_rule(on_fluid, edema, lesions) if fluid is not None else None,
        prediction=_prediction(reference),
        explanation=_explanation(reference),
        limitations=() if fluid is not None else (Limitation(LimitationCode.NO_FLUID),),
    )


def _lesion(plane: int, area_mm2: float) -> Lesion:
    return Lesion(Side.LEFT, plane, area_mm2, ((20, 30), (24, 34)))


def _selection(t1: Volume | None, fluid: Volume | None) -> Selection:
    chosen = {
        role: Candidate(
            series_instance_uid=volume.series_instance_uid,
            series_number=number,
            description=f"{role} obl cor",
            role=role,
            score=91.0,
            eligible=True,
            chosen=True,
            evidence=(Evidence("physics", 20.0, Reason.of("echo-time", ms=9.0)),),
            images=volume.images,
        )
        for role, volume, number in ((Role.T1W, t1, 2), (Role.FLUID, fluid, 3))
        if volume is not None
    }
    return Selection(tuple(chosen.values()), chosen)


def lateral_mm(volume: Volume) -> tuple[Any, Any]:
    """For each pixel: distance to the patient's left of the image center, and down, in millimeters (rows, columns)."""
    _, rows, columns = volume.shape
    y, x = np.mgrid[0:rows, 0:columns]
    along = (x - (columns - 1) / 2) * volume.pixel_spacing_mm[1] * np.sign(volume.row_direction[0])
    return along, (y - (rows - 1) / 2) * volume.pixel_spacing_mm[0]


def _ellipsoid(volume: Volume, center: tuple[float, float], radii: tuple[float, float]) -> Any:
    along, down = lateral_mm(volume)
    slices = volume.shape[0]
    mask = np.zeros(volume.shape, bool)
    for index in range(1, slices - 1):
        shrink = np.sqrt(max(0.0, 1 - ((index - (slices - 1) / 2) / (slices / 2)) ** 2))
        if shrink > 0:
            mask[index] = ((along - center[0]) / (radii[0] * shrink)) ** 2 + (
                (down - center[1]) / (radii[1] * shrink)
            ) ** 2 < 1
    return mask


def _joint(volume: Volume, side: Side) -> Joint:
    along, down = lateral_mm(volume)
    sign = 1 if side == Side.LEFT else -1
    surface = sign * (32.0 + 4.0 * np.cos(down[:, :1] / 30.0))
    inside = (np.abs(along - surface) < 7.5) & (np.abs(down) < 28)
    slices = volume.shape[0]
    band = np.zeros(volume.shape, bool)
    columns = np.full(volume.shape[:2], np.nan, np.float32)
    for index in range(2, slices - 2):
        band[index] = inside
        nearest = np.abs(along - surface).argmin(axis=1).astype(np.float32)
        columns[index] = np.where(np.abs(down[:, 0]) < 28, nearest, np.nan)
    visibility = np.linspace(0.9, 0.2, slices).astype(np.float32)
    return Joint(side=side, columns_px=columns, band=band, visibility=visibility)


def _edema(volume: Volume, joints: tuple[Joint, ...], sides: tuple[bool, bool], *, elsewhere: bool) -> Edema:
    """Edema at both joints, smaller and larger with the cut-off."""
    about = Surroundings.of(joints, volume)
    found = {}
    for cutoff, share in ((Cutoff.STRICT, 0.8), (Cutoff.USUAL, 1.0), (Cutoff.LOOSE, 1.2)):
        left = _ellipsoid(volume, (44.0, 6.0), (share * 9.0, share * 12.0)) & sides[0]
        right = _ellipsoid(volume, (-43.0, -8.0), (share * 6.0, share * 6.0)) & sides[1]
        above = _ellipsoid(volume, (4.0, -60.0), (share * 8.0, share * 5.0)) & elsewhere
        found[cutoff] = about.share_out(left | right | above)
    return Edema(found, 180.0, 22.0, 268.0)


def _rule(joints: tuple[Joint, ...], sides: tuple[bool, bool], lesions: tuple[Lesion, ...]) -> AsasResult:
    """The rule is met where there is edema, of the joints that are known."""
    known = {joint.side for joint in joints}
    met = {side: Answer.PRESENT if one else Answer.ABSENT for side, one in zip(Side, sides, strict=True)}
    by_side = {side: answer for side, answer in met.items() if side in known}
    if Answer.PRESENT in by_side.values():
        return AsasResult(Answer.PRESENT, by_side, tuple(one for one in lesions if one.side in known))
    return AsasResult(Answer.ABSENT if len(known) == len(Side) else None, by_side)


def _prediction(volume: Volume) -> Prediction:
    stages = (0.05, 0.78, 0.12, 0.05)
    slices = tuple(SlicePrediction(index, 0.6 + 0.03 * index % 0.4, stages) for index in range(3, volume.shape[0] - 3))
    return Prediction(True, 0.91, Stage.EARLY, stages, slices)


def slice_prediction(index: int, *stages: float) -> SlicePrediction:
    """What the stage network says of one slice, given the probabilities of the four stages."""
    normal, early, moderate, advanced = stages
    return SlicePrediction(index, 1 - normal, (normal, early, moderate, advanced))


def _explanation(volume: Volume) -> Explanation:
    along, down = lateral_mm(volume)
    heat = np.exp(-(((along - 36) / 14) ** 2) - ((down - 4) / 18) ** 2).astype(np.float32)
    focused = np.zeros(volume.shape, np.float32)
    used = range(3, volume.shape[0] - 3)
    for index in used:
        focused[index] = heat
    source = tuple("joint" if index in used else "" for index in range(volume.shape[0]))
    focused *= HEAT_FULL_SCALE
    return Explanation(grad_cam=focused * 0.8, focused=focused, focus_source=source)


def not_applicable(folder: Path, header: dict[str, Any] | None = None) -> tuple[Analysis, StudyHeaders]:
    """A study without a sacroiliac series, and its headers."""
    volume = make_volume(folder, number=2, shape=(3, 40, 40), spacing_mm=(2.0, 2.0), header=header)
    series = SeriesHeader(STUDY_UID, volume.series_instance_uid, "MR", series_number=2, images=volume.images)
    candidate = Candidate(
        volume.series_instance_uid,
        2,
        "localizer",
        Role.T1W,
        3.0,
        False,
        False,
        refusals=(Reason.of("few-slices", slices=3, needed=8),),
        modality="MR",
    )
    selection = Selection((candidate,), {}, tuple(Role))
    analysis = Analysis(SacroiliacMri.name, SacroiliacMri.version, STUDY_UID, "none", selection, MODEL)
    return analysis, StudyHeaders(STUDY_UID, (series,))


def headers_of(analysis: Analysis) -> StudyHeaders:
    """Headers of the study an analysis was made from."""
    series = tuple(
        SeriesHeader(STUDY_UID, images.series_instance_uid, "MR", images=images.sources) for images in analysis.images
    )
    return StudyHeaders(STUDY_UID, series)


def without_frame_of_reference(analysis: Analysis) -> Analysis:
    """The same analysis of series whose images name no frame of reference."""
    return replace(
        analysis,
        images=tuple(
            replace(images, grid=images.grid and replace(images.grid, frame_of_reference_uid=""))
            for images in analysis.images
        ),
    )


def as_enhanced(folder: Path, volume: Volume) -> Volume:
    """The same volume as one enhanced multi-frame instance, frames in reverse order."""
    dataset = _instance(volume, 7, 0, volume.voxels[::-1])
    dicom.enhance(dataset, list(volume.positions_mm))
    path = dicom.save(dataset, folder / "enhanced.dcm")
    slices = volume.shape[0]
    images = tuple(
        replace(
            image,
            path=path,
            sop_class_uid=EnhancedMRImageStorage,
            sop_instance_uid=str(dataset.SOPInstanceUID),
            frame=slices - index,
            instance_number=1,
        )
        for index, image in enumerate(volume.images)
    )
    return replace(volume, images=images, series_instance_uid=str(dataset.SeriesInstanceUID))


def with_enhanced_t1(folder: Path) -> Analysis:
    """An analysis whose T1-weighted series is one enhanced multi-frame instance."""
    reading = make_reading(folder)
    assert reading.t1 is not None
    return as_analysis(replace(reading, t1=as_enhanced(folder, reading.t1)))


def one_slice(folder: Path) -> Analysis:
    """Edema in one slice of one side: its report has one outline."""
    analysis = make_analysis(folder, edema=(True, False))
    edema = analysis.segment("edema", Side.LEFT)
    assert edema is not None
    plane = int(edema.mask.sum(axis=(1, 2)).argmax())
    mask = np.zeros_like(edema.mask)
    mask[plane] = edema.mask[plane]
    others = [one for one in analysis.segments if not one.key.startswith("edema")]
    return replace(analysis, segments=(replace(edema, mask=mask), *others))


def build_outputs(analysis: Analysis, headers: StudyHeaders | None = None, **options: Any) -> Outputs:
    """Everything that the sacroiliac presentation makes of an analysis; options are those of ``outputs.build``."""
    options = {
        "presentation": SacroiliacPresentation(),
        "revision": 1,
        "software_version": "0.1.0",
        "started": STARTED,
    } | options
    return build(analysis, headers or headers_of(analysis), **options)


def gate_findings(
    objects: Sequence[ResultObject], analysis: Analysis, headers: StudyHeaders | None = None, **options: Any
) -> tuple[GateFinding, ...]:
    """What the gate finds wrong with objects; options are those of ``gate.check``."""
    options = {"presentation": SacroiliacPresentation(), "source": headers or headers_of(analysis)} | options
    return check(objects, analysis, **options)


def write_results(analysis: Analysis, folder: Path, headers: StudyHeaders | None = None) -> dict[str, list[Path]]:
    """Build, check and write all objects; their files by kind."""
    outputs = build_outputs(analysis, headers)
    assert gate_findings(outputs.objects, analysis, headers) == ()
    folder.mkdir(exist_ok=True)
    paths = paths_of(outputs.objects, folder)
    files: dict[str, list[Path]] = {}
    for item in outputs.objects:
        write(item.dataset, paths[item.sop_instance_uid])
        files.setdefault(item.kind, []).append(paths[item.sop_instance_uid])
    return files


def paths_of(outputs: Sequence[ResultObject], folder: Path) -> dict[str, Path]:
    """A readable file name in a folder for each object, by SOP Instance UID."""
    return {
        item.sop_instance_uid: folder / f"{item.series_number}-{item.kind}-{item.instance_number:03d}.dcm"
        for item in outputs
    }
