"""From what was found at the sacroiliac joints to the language of results.

The keys stand here and in :mod:`reporting.sij_mri`, which words them, and nowhere else.
"""

from collections.abc import Iterator
from dataclasses import replace

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
    NotAssessable,
    Place,
    Profile,
    Segment,
    Site,
    Trace,
)
from inference.series import Selection
from inference.sij_mri.conclusion import Conclusion, conclude_reading, network_differs
from inference.sij_mri.keyslices import choose_key_slices
from inference.sij_mri.limitations import LimitationCode
from inference.sij_mri.measured import JOINT, REGION, edema_mask, measurements
from inference.sij_mri.missing import missing_edema_of, missing_view
from inference.sij_mri.stage import HEAT_FLOOR, HEAT_FULL_SCALE
from inference.sij_mri.types import STAGES, Lesion, Reading, Role, Stage
from inference.types import BoolArray, FloatArray, ModelIdentity, Side

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
    """A reading in the language of results.

    Its scope is full where there is a conclusion, and none where the pictures show no sacroiliac joints: then nothing
    is said of them but why.
    """
    nothing = Analysis(
        application=application,
        application_version=version,
        study_instance_uid=study_instance_uid,
        scope="none",
        selection=selection,
        bundle=bundle,
        limitations=reading.limitations,
        seconds=seconds,
    )
    if not reading.recognized:
        return nothing
    concluded = conclude_reading(reading)
    difference = tuple(_difference(reading, concluded))
    if isinstance(concluded, Limitation):
        reading = replace(reading, prediction=None, explanation=None)  # nothing of a class that is not given
    return replace(
        nothing,
        scope="full" if isinstance(concluded, Conclusion) else "partial",
        images=_images(reading),
        segments=_segments(reading),
        traces=_traces(reading),
        measurements=tuple(measurements(reading)),
        evaluations=(*_rule(reading), *_concluded(concluded)),
        profiles=_profiles(reading),
        heatmaps=_heatmaps(reading),
        key_slices=_key_slices(reading),
        limitations=(*reading.limitations, *difference),
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
        usual = reading.edema.usual
        sites = [(key, Site(JOINT, side)) for key in ("edema", "edema-deep") for side in Side]
        masks += [
            (key, site, Role.FLUID, edema_mask(usual, key, site.side))
            for key, site in (*sites, ("edema-elsewhere", Site(REGION)))
        ]
    return tuple(Segment(key, site, on, mask) for key, site, on, mask in masks if mask is not None and mask.any())


def _traces(reading: Reading) -> tuple[Trace, ...]:
    """The joint surfaces on every series on which they are known."""
    drawn = [(reading.reference_role, joint) for joint in reading.joints]
    if reading.reference_role is not Role.FLUID:
        drawn += [(Role.FLUID, joint) for joint in reading.joints_on_fluid]
    return tuple(
        Trace.across_rows("joint-surface", Site(JOINT, joint.side), role, joint.columns_px) for role, joint in drawn
    )


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
    """Where the network looked for a pattern of axial spondyloarthritis, within the joints and anywhere."""
    explanation = reading.explanation
    if explanation is None:
        return ()
    unexplained = np.array([not source for source in explanation.focus_source])
    maps = []
    for key, values in (("focused", explanation.focused), ("grad-cam", explanation.grad_cam)):
        shown = values.copy()
        shown[unexplained] = np.nan
        maps.append(
            HeatMap(
                key,
                "axspa",
                JOINTS,
                Answer.PRESENT,
                reading.reference_role,
                shown,
                full_scale=HEAT_FULL_SCALE,
                floor=HEAT_FLOOR,
            )
        )
    return tuple(maps)


def _key_slices(reading: Reading) -> tuple[KeySlice, ...]:
    """The slices to look at first."""
    return tuple(KeySlice(reading.reference_role, plane, why) for plane, why in choose_key_slices(reading))


def _rule(reading: Reading) -> Iterator[Evaluation]:
    """The rule for the study and by side; what was not judged has its reason."""
    rule = reading.asas
    places = {side: tuple(_place(one) for one in (rule.lesions if rule else ()) if one.side is side) for side in Side}
    missing = {side: missing_edema_of(reading, side) for side in Side}
    first = missing[Side.LEFT] or missing[Side.RIGHT]
    study = _if_whole(missing_view(reading, None), _answered(rule.study if rule else None, first))
    yield Evaluation("asas", JOINTS, study, "rule", at=(*places[Side.LEFT], *places[Side.RIGHT]))
    for side, because in missing.items():
        answer = _answered(rule.by_side.get(side) if rule else None, because)
        value = _if_whole(missing_view(reading, side), answer)
        yield Evaluation("asas", Site(JOINT, side), value, "rule", at=places[side])


def _answered(value: Answer | None, because: Limitation | None) -> Key | NotAssessable:
    if value is not None:
        return value
    if because is None:
        raise ValueError("what was not judged must have its reason, received a reading that lacks nothing")
    return NotAssessable(because)


def _if_whole(unseen: Limitation | None, answer: Key | NotAssessable) -> Key | NotAssessable:
    """An answer, but "absent" only where nothing went unseen that could show the contrary.

    What is present in a part is present in the whole; what is undecided in a part is not absent in the whole.
    """
    return NotAssessable(unseen) if unseen is not None and answer == Answer.ABSENT else answer


def _concluded(concluded: Conclusion | Limitation) -> Iterator[Evaluation]:
    """Class and stage of the one conclusion, or why there is none."""
    if isinstance(concluded, Limitation):
        yield Evaluation("axspa", JOINTS, NotAssessable(concluded), "joined")
        yield Evaluation("stage", JOINTS, NotAssessable(concluded), "joined")
        return
    yes = concluded.probability
    shares: dict[Key, float] = {Answer.PRESENT: yes, Answer.ABSENT: 1.0 - yes}
    yield Evaluation("axspa", JOINTS, concluded.axspa, "joined", probabilities=shares)
    stages = {stage_key(stage): p for stage, p in zip(STAGES, concluded.stages, strict=True)}
    stage = Answer.UNDECIDED if concluded.stage is None else stage_key(concluded.stage)
    yield Evaluation("stage", JOINTS, stage, "joined", probabilities=stages)


def _difference(reading: Reading, concluded: Conclusion | Limitation) -> Iterator[Limitation]:
    prediction = reading.prediction
    if isinstance(concluded, Conclusion) and prediction is not None and network_differs(reading, concluded):
        parameters = {"probability": float(prediction.as_probability)}
        yield Limitation(LimitationCode.RULE_AND_NETWORK_DIFFER, parameters)


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
