"""From what was found at the sacroiliac joints to the language of results.

The keys stand here and in :mod:`reporting.sij_mri`, which words them, and nowhere else.
"""

from collections.abc import Iterator

import numpy as np

from inference.result import (
    Analysis,
    Answer,
    Evaluation,
    HeatMap,
    Images,
    Key,
    KeySlice,
    Limitation,
    Measurement,
    NotAssessable,
    Place,
    Profile,
    Segment,
    Site,
    Trace,
)
from inference.series import Selection
from inference.sij_mri.keyslices import choose_key_slices
from inference.sij_mri.limitations import LimitationCode
from inference.sij_mri.types import STAGES, Edema, Lesion, Reading, Role, Stage
from inference.types import BoolArray, FloatArray, ModelIdentity, Side

JOINT, REGION, MARROW = "sacroiliac-joint", "sacrum-and-ilia", "sacral-marrow"
JOINTS = Site(JOINT)


def say(
    reading: Reading,
    *,
    application: Key,
    version: str,
    study_instance_uid: str,
    selection: Selection,
    bundle: ModelIdentity,
    seconds: dict[str, float],
) -> Analysis:
    """A reading in the language of results; its scope is full where both series gave joints, edema and a class."""
    whole = reading.prediction is not None and reading.edema is not None and len(reading.joints) == len(Side)
    whole = whole and not reading.missing
    return Analysis(
        application=application,
        application_version=version,
        study_instance_uid=study_instance_uid,
        scope="full" if whole else "partial",
        selection=selection,
        bundle=bundle,
        images=_images(reading),
        segments=_segments(reading),
        traces=_traces(reading),
        measurements=(*_anatomy(reading), *_edema(reading)),
        evaluations=(*_classified(reading), *_rule(reading)),
        profiles=_profiles(reading),
        heatmaps=_heatmaps(reading),
        key_slices=_key_slices(reading),
        limitations=reading.limitations,
        seconds=seconds,
    )


def stage_key(stage: Stage) -> Key:
    """The key of a stage."""
    return stage.value.lower()


def _images(reading: Reading) -> tuple[Images, ...]:
    """The series that were read."""
    named = ((Role.T1W, reading.t1), (Role.FLUID, reading.fluid))
    return tuple(Images.of(role, volume) for role, volume in named if volume is not None)


def _segments(reading: Reading) -> tuple[Segment, ...]:
    """Region and joints on the reference, edema on the fluid-sensitive series; what is empty is no segment."""
    role = reading.reference_role
    masks: list[tuple[Key, Site, Key, BoolArray | None]] = [("region", Site(REGION), role, reading.region)]
    masks += [("joint", Site(JOINT, joint.side), role, joint.band) for joint in reading.joints]
    if reading.edema is not None:
        masks += [("edema", Site(JOINT, side), Role.FLUID, _edema_of(reading.edema, side)) for side in Side]
    return tuple(Segment(key, site, on, mask) for key, site, on, mask in masks if mask is not None and mask.any())


def _traces(reading: Reading) -> tuple[Trace, ...]:
    """The joint surfaces on every series on which they are known."""
    drawn = [(reading.reference_role, joint) for joint in reading.joints]
    if reading.reference_role is not Role.FLUID:
        drawn += [(Role.FLUID, joint) for joint in reading.joints_on_fluid]
    return tuple(Trace("joint-surface", Site(JOINT, joint.side), role, joint.columns_px) for role, joint in drawn)


def _profiles(reading: Reading) -> tuple[Profile, ...]:
    """What the network says of each slice, and how clearly each joint is seen there."""
    role = reading.reference_role
    found = [
        Profile("joint-visibility", Site(JOINT, joint.side), role, _visibility(joint.columns_px, joint.visibility))
        for joint in reading.joints
    ]
    if reading.prediction is None:
        return tuple(found)
    slices = reading.prediction.slices
    count = reading.reference.shape[0]
    where = [one.slice_index for one in slices]
    return (
        *found,
        Profile("axspa", JOINTS, role, _by_plane(count, where, [one.as_probability for one in slices])),
        *(
            Profile(
                stage_key(stage), JOINTS, role, _by_plane(count, where, [one.stage_probabilities[n] for one in slices])
            )
            for n, stage in enumerate(STAGES)
        ),
    )


def _heatmaps(reading: Reading) -> tuple[HeatMap, ...]:
    """Where the network looked, within the joints and anywhere."""
    explanation, prediction = reading.explanation, reading.prediction
    if explanation is None or prediction is None:
        return ()
    unexplained = np.array([not source for source in explanation.focus_source])
    maps = []
    for key, values in (("focused", explanation.focused), ("grad-cam", explanation.grad_cam)):
        shown = values.copy()
        shown[unexplained] = np.nan
        maps.append(HeatMap(key, "stage", JOINTS, stage_key(prediction.stage), reading.reference_role, shown))
    return tuple(maps)


def _key_slices(reading: Reading) -> tuple[KeySlice, ...]:
    """The slices to look at first."""
    return tuple(KeySlice(reading.reference_role, plane, "shows-most") for plane in choose_key_slices(reading))


def _anatomy(reading: Reading) -> Iterator[Measurement]:
    voxel_mm3 = reading.reference.voxel_volume_mm3
    missing = Limitation(LimitationCode.NO_REGION)
    region = reading.region
    size = NotAssessable(missing) if region is None else float(np.count_nonzero(region)) * voxel_mm3
    yield Measurement("region-volume", Site(REGION), size, of="region")
    for side in Side:
        joint = reading.joint(side)
        volume: float | NotAssessable = NotAssessable(_no_joint(reading, side))
        if joint is not None:
            volume = float(np.count_nonzero(joint.band)) * voxel_mm3
        yield Measurement("joint-volume", Site(JOINT, side), volume, of="joint")


def _edema(reading: Reading) -> Iterator[Measurement]:
    edema = reading.edema
    missing = NotAssessable(_no_edema(reading))
    for side in Side:
        size: float | NotAssessable = missing
        if edema is not None:
            size = edema.left_mm3 if side is Side.LEFT else edema.right_mm3
        yield Measurement("edema-volume", Site(JOINT, side), size, of="edema")
    for key, value in (
        ("edema-threshold", missing if edema is None else edema.threshold),
        ("marrow-mean", missing if edema is None else edema.normal_mean),
        ("marrow-sd", missing if edema is None else edema.normal_sd),
    ):
        yield Measurement(key, Site(MARROW), value)


def _classified(reading: Reading) -> Iterator[Evaluation]:
    prediction = reading.prediction
    if prediction is None:
        missing = NotAssessable(first_gap(reading) or Limitation(LimitationCode.NOT_CLASSIFIED))
        yield Evaluation("axspa", JOINTS, missing, "network")
        yield Evaluation("stage", JOINTS, missing, "network")
        return
    yes = float(prediction.as_probability)
    yield Evaluation(
        "axspa",
        JOINTS,
        _answer(prediction.as_present),
        "network",
        probabilities={Answer.PRESENT: yes, Answer.ABSENT: 1.0 - yes},
    )
    stages = {stage_key(stage): float(p) for stage, p in zip(STAGES, prediction.stage_probabilities, strict=True)}
    yield Evaluation("stage", JOINTS, stage_key(prediction.stage), "network", probabilities=stages)


def _rule(reading: Reading) -> Iterator[Evaluation]:
    rule = reading.asas
    places = {side: tuple(_place(one) for one in (rule.lesions if rule else ()) if one.side is side) for side in Side}
    missing = next((side for side in Side if reading.joint(side) is None), None)
    whole: Key | NotAssessable
    if rule is not None and rule.met is not None:
        whole = _if_whole(reading, _answer(rule.met))
    else:
        whole = NotAssessable(_no_edema(reading) if rule is None or missing is None else _no_joint(reading, missing))
    yield Evaluation("asas", JOINTS, whole, "rule", at=(*places[Side.LEFT], *places[Side.RIGHT]))
    for side in Side:
        value: Key | NotAssessable
        if rule is not None and side in rule.by_side:
            value = _if_whole(reading, _answer(rule.by_side[side]))
        else:
            value = NotAssessable(_no_edema(reading) if rule is None else _no_joint(reading, side))
        yield Evaluation("asas", Site(JOINT, side), value, "rule", at=places[side])


def first_gap(reading: Reading) -> Limitation | None:
    """Why slices of what was read may be missing; None where it is whole."""
    return next(iter(reading.missing), None)


def _if_whole(reading: Reading, answer: Answer) -> Answer | NotAssessable:
    """An answer, but "absent" only where no slice is missing that could show the contrary."""
    gap = first_gap(reading)
    return NotAssessable(gap) if gap is not None and answer is Answer.ABSENT else answer


def _no_joint(reading: Reading, side: Side) -> Limitation:
    if reading.t1 is None:
        return Limitation(LimitationCode.NO_T1)
    if reading.region is None:
        return Limitation(LimitationCode.NO_REGION)
    return Limitation(LimitationCode.NO_LEFT_JOINT if side is Side.LEFT else LimitationCode.NO_RIGHT_JOINT)


def _no_edema(reading: Reading) -> Limitation:
    """Why edema could not be judged: the first reason along the way."""
    if reading.fluid is None:
        return Limitation(LimitationCode.NO_FLUID)
    if reading.region is None:
        return Limitation(LimitationCode.NO_REGION)
    known = {limitation.code for limitation in reading.limitations}
    if LimitationCode.FRAME_OF_REFERENCE in known:
        return Limitation(LimitationCode.FRAME_OF_REFERENCE)
    return Limitation(LimitationCode.NO_NORMAL_MARROW)


def _answer(value: object) -> Answer:
    return Answer.PRESENT if value else Answer.ABSENT


def _edema_of(edema: Edema, side: Side) -> BoolArray:
    return edema.left if side is Side.LEFT else edema.right


def _place(lesion: Lesion) -> Place:
    (top, left), (bottom, right) = lesion.box_px
    corners = ((float(top), float(left)), (float(bottom), float(right)))
    return Place(Role.FLUID, lesion.plane, "box", corners, area_mm2=lesion.area_mm2)


def _visibility(columns_px: FloatArray, visibility: FloatArray) -> FloatArray:
    traced = np.isfinite(columns_px).any(axis=1)
    return np.where(traced, visibility, np.nan).astype(np.float32)


def _by_plane(count: int, planes: list[int], values: list[float]) -> FloatArray:
    filled = np.full(count, np.nan, np.float32)
    filled[planes] = values
    return filled
